// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Firmware descriptors (docs/interop/firmware.json of QEMU): from which libvirt chooses a firmware
// for <os firmware='efi'>, and which say what a firmware file can do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/domain_model.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kDescriptorBytesMax = 256U << 10;
inline constexpr std::size_t kDescriptorsMax = 256;
inline constexpr int kJsonDepthMax = 32;

struct FirmwareTarget {
  std::string architecture;
  std::vector<std::string> machines;  // patterns such as "pc-q35-*"
};

struct FirmwareDescriptor {
  std::string file;  // its path
  std::string description;
  std::vector<std::string> interfaces;  // "uefi", "bios"
  std::string device;                   // "flash", "memory", "kernel"
  std::string executable;
  std::string executable_format;
  std::string nvram_template;
  std::vector<FirmwareTarget> targets;
  std::vector<std::string> features;

  bool has(std::string_view feature) const;
  bool is_uefi() const;
  bool is_bios() const;
  // `machine` is QEMU's name, which may be an alias such as "q35".
  bool fits(std::string_view architecture, std::string_view machine) const;
};

// The failure names the byte.
Outcome<FirmwareDescriptor> parse_descriptor(std::string_view json, std::string file);

struct DescriptorSet {
  std::vector<FirmwareDescriptor> descriptors;  // in the order in which they are tried
  std::vector<std::string> problems;            // files that cannot be read
};

// `directories` by rising priority: a file hides one of the same name in a directory before it, and
// an empty file hides it without replacement. Then all are sorted by name.
DescriptorSet read_descriptors(const std::vector<std::filesystem::path>& directories);

// The first that suits the domain as libvirt sees it (qemu_firmware.c, qemuFirmwareMatchDomain).
const FirmwareDescriptor* choose_firmware(const DescriptorSet& set, const Domain& domain);
// The one that describes the file.
const FirmwareDescriptor* describe_loader(const DescriptorSet& set, std::string_view path);

}  // namespace kedge::host
