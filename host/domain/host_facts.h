// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is known of the machine on which a domain runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/firmware_descriptor.h"

namespace kedge::host {

struct HostFacts {
  bool files_are_here = true;                          // false: the domain runs on another machine
  std::string qemu_version;                            // "7.2.22"; empty: not known
  std::string libvirt_version;                         // of a live connection; empty: not known
  std::vector<std::filesystem::path> rom_directories;  // in the order in which QEMU looks
  std::optional<bool> cpu_has_rdrand;
  DescriptorSet descriptors;
  std::filesystem::path nvram_directory;  // where libvirt keeps variables

  // "QEMU 7.2", or "QEMU" when the version is not known.
  std::string qemu_name() const;
  // Looks `name` up as QEMU does: a path as it is, a name in the ROM directories.
  std::optional<std::filesystem::path> find_rom(std::string_view name) const;
};

// At most the first `bytes` bytes of a file that XML names, which may be a pipe that never ends.
Outcome<std::string> read_regular_file(const std::filesystem::path& path, std::size_t bytes);

// This machine: its QEMU for the architecture (the one in PATH, never one that the XML names), its
// descriptors and CPU.
HostFacts local_host(std::string_view architecture);
// A machine that cannot be looked into.
HostFacts remote_host();

}  // namespace kedge::host
