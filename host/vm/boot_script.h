// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Writes the boot script for `kedge vm --kernel ... --initrd ... --append ...`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kedge::host {

struct BootScriptSpec {
  std::string kernel_url;
  std::vector<std::string> initrd_urls;
  std::string command_line;
};

// iPXE's script language. The command line gets an initrd= argument per initrd: kernels that find
// their initrd through the EFI LoadFile2 protocol ignore it, older ones (before 5.8) need it.
std::string make_boot_script(const BootScriptSpec& spec);

// A file name that needs no quoting in a URL, a script or a kernel command line.
std::string plain_file_name(std::string_view name);

// True when the text is a boot script: its first line is "#!ipxe" (or "#!gpxe", which iPXE
// accepts).
bool looks_like_boot_script(std::string_view text);

}  // namespace kedge::host
