// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/nic_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace kedge::host {
namespace {

struct Row {
  std::string_view libvirt;
  std::string_view qemu;
  std::string_view rom;
};

// What `info qtree` of QEMU 7.2 shows as romfile, for igb what QEMU 10.0 does; the test asks the
// QEMU that is installed.
constexpr Row kRows[] = {
    {"virtio", "virtio-net-pci", "efi-virtio.rom"},
    {"virtio-transitional", "virtio-net-pci-transitional", "efi-virtio.rom"},
    {"virtio-non-transitional", "virtio-net-pci-non-transitional", "efi-virtio.rom"},
    {"e1000", "e1000", "efi-e1000.rom"},
    {"e1000-82544gc", "e1000-82544gc", "efi-e1000.rom"},
    {"e1000-82545em", "e1000-82545em", "efi-e1000.rom"},
    {"e1000e", "e1000e", "efi-e1000e.rom"},
    {"rtl8139", "rtl8139", "efi-rtl8139.rom"},
    {"pcnet", "pcnet", "efi-pcnet.rom"},
    {"ne2k_pci", "ne2k_pci", "efi-ne2k_pci.rom"},
    {"vmxnet3", "vmxnet3", "efi-vmxnet3.rom"},
    {"i82550", "i82550", "pxe-eepro100.rom"},
    {"i82551", "i82551", "pxe-eepro100.rom"},
    {"i82557a", "i82557a", "pxe-eepro100.rom"},
    {"i82557b", "i82557b", "pxe-eepro100.rom"},
    {"i82557c", "i82557c", "pxe-eepro100.rom"},
    {"i82558a", "i82558a", "pxe-eepro100.rom"},
    {"i82558b", "i82558b", "pxe-eepro100.rom"},
    {"i82559a", "i82559a", "pxe-eepro100.rom"},
    {"i82559b", "i82559b", "pxe-eepro100.rom"},
    {"i82559c", "i82559c", "pxe-eepro100.rom"},
    {"i82559er", "i82559er", "pxe-eepro100.rom"},
    {"i82562", "i82562", "pxe-eepro100.rom"},
    {"i82801", "i82801", "pxe-eepro100.rom"},
    {"igb", "igb", ""},
    {"tulip", "tulip", ""},
};

// Machine types up to 1.4 have the older ROMs, which are BIOS only.
constexpr std::string_view kBiosOnlyUntil14[] = {"virtio-net-pci", "e1000", "rtl8139", "pcnet",
                                                 "ne2k_pci"};

struct MachineVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const MachineVersion&) const = default;
};

// "pc-i440fx-2.6", "pc-q35-7.2" and "virt-7.2"; nothing for aliases such as "q35".
std::optional<MachineVersion> version_of(std::string_view machine) {
  const std::size_t dash = machine.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const char* const end = machine.data() + machine.size();
  MachineVersion version;
  const auto major = std::from_chars(machine.data() + dash + 1, end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  return minor.ec == std::errc() ? std::optional(version) : std::nullopt;
}

}  // namespace

NicModel nic_model(std::string_view model, std::string_view address_type,
                   std::string_view machine) {
  const auto row = std::ranges::find(kRows, model, &Row::libvirt);
  if (row == std::end(kRows)) {
    return {.qemu_device = std::string(model),
            .source = "not a PCI NIC of QEMU's that Kedge knows"};
  }
  NicModel found{.qemu_device = std::string(row->qemu),
                 .known = true,
                 .is_pci = true,
                 .rom = std::string(row->rom),
                 .virtio = model.starts_with("virtio"),
                 .source = {}};
  const bool mmio = address_type == "virtio-mmio";
  if (found.virtio && (mmio || address_type == "ccw")) {
    found.qemu_device = mmio ? "virtio-net-device" : "virtio-net-ccw";
    found.is_pci = false;
    found.rom.clear();
    found.source = fmt::format("{} is no PCI device and has no ROM", found.qemu_device);
    return found;
  }
  found.source = fmt::format("QEMU's default for {}", found.qemu_device);
  const auto version = version_of(machine);
  if (version && *version <= MachineVersion{1, 4} &&
      (std::ranges::find(kBiosOnlyUntil14, found.qemu_device) !=
       std::ranges::end(kBiosOnlyUntil14))) {
    found.rom.replace(0, 3, "pxe");
    found.source += fmt::format(" on {}", machine);
  } else if (version && *version <= MachineVersion{2, 6} && found.qemu_device == "vmxnet3") {
    found.rom.clear();
    found.source += fmt::format(" on {}", machine);
  }
  return found;
}

}  // namespace kedge::host
