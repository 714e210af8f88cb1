// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The Linux guest: Debian's kernel with an initrd of busybox and the NIC's modules, which downloads
// one file to /dev/null and says that it has done so.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "support/outcome.h"

namespace kedge::host::bench {

struct LinuxGuest {
  std::filesystem::path kernel;
  std::filesystem::path initrd;
};

// `command` is a line of shell that downloads with busybox; when it has succeeded the guest prints
// `text` and switches off. The initrd is written into `directory`.
Outcome<LinuxGuest> make_linux_guest(const std::filesystem::path& directory,
                                     std::string_view command, std::string_view text);

}  // namespace kedge::host::bench
