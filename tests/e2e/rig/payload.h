// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the tests boot: Debian's kernel with an initrd made here, whose userland prints tokens that
// nobody could have printed without having been booted with exactly these files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"
#include "support/pattern.h"
#include "vm/machine.h"

namespace kedge::host::e2e {

// 16 hexadecimal digits from the kernel's random generator.
std::string random_token();

// A cpio archive in the format that Linux unpacks ("newc":
// Documentation/driver-api/early-userspace/ buffer-format.rst).
class InitrdWriter {
 public:
  void add_directory(std::string_view name);
  void add_file(std::string_view name, std::string_view content, bool executable = false);
  void add_device(std::string_view name, unsigned major, unsigned minor);
  // The finished archive.
  std::string finish();

 private:
  struct Entry {
    std::string_view name;
    unsigned mode = 0;
    unsigned major = 0;
    unsigned minor = 0;
  };
  void add(const Entry& entry, std::string_view content);
  void pad();

  std::string archive_;
  unsigned next_inode_ = 1;
};

struct PayloadOptions {
  // Size of an extra file, in an initrd of its own, that the userland has to find intact.
  std::uint64_t big_file_bytes = 0;
};

struct Payload {
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::filesystem::path second_initrd;
  // Command line with the token of the command line, console included.
  std::string command_line;
  // Matches the one line that the userland prints when everything arrived.
  Pattern proof;
};

// Writes the payload's files ("vmlinuz", "initrd.img", "second.img") into `directory`.
Outcome<Payload> make_payload(Architecture architecture, const std::filesystem::path& directory,
                              const PayloadOptions& options = {});

// Debian's kernel, unpacked by tools/deps.
Outcome<std::filesystem::path> find_kernel(Architecture architecture);

// An EFI application that prints a token and powers off: the firmware's "next boot option".
struct NextBootOption {
  std::filesystem::path image;  // FAT
  Pattern proof;
};
Outcome<NextBootOption> make_next_boot_option(const std::filesystem::path& directory);

}  // namespace kedge::host::e2e
