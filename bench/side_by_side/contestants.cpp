// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/contestants.h"

#include "tests/e2e/rig/packages.h"

namespace kedge::host::bench {
namespace {

constexpr std::string_view kInstalledIpxe = "/usr/lib/ipxe";
// ipxe-qemu's place for ROMs has changed between Debian 12 and 13.
constexpr std::string_view kOldIpxeRom = "/usr/lib/ipxe/qemu/efi-virtio.rom";
constexpr std::string_view kNewIpxeRom = "usr/share/qemu/efi-virtio.rom";

bool is_file(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored);
}

// Who boots from the NIC's ROM, or over the driver in it.
void add_roms(std::vector<Contestant>& all, const std::filesystem::path& kedge_rom) {
  const auto add = [&all](std::string_view name, std::string_view description, Start start,
                          const std::filesystem::path& rom, RomRole role) {
    if (!is_file(rom)) return;
    all.push_back({.name = std::string(name),
                   .description = std::string(description),
                   .start = start,
                   .rom = rom,
                   .role = role});
  };
  // Debian's iPXE of 2019 takes over the boot; the newer one is a NIC driver only.
  const auto newest = e2e::package_directory("trixie-all", "ipxe-qemu") / kNewIpxeRom;
  add(kOvmfOverKedge, "OVMF's own HTTP boot and PXE, over Kedge's ROM with the personality driver",
      Start::firmware, kedge_rom, RomRole::driver);
  add(kOvmfOverIpxe, "OVMF's own HTTP boot and PXE, over the driver in iPXE's ROM", Start::firmware,
      newest, RomRole::unspoken);
  add(kOvmfInBoth, "the same, personality both: after Kedge's boot option has failed",
      Start::firmware, kedge_rom, RomRole::both_firmwares);
  add(kKedgeRom, "Kedge's ROM with the personality takeover", Start::rom, kedge_rom,
      RomRole::takeover);
  add(kKedgeRomBoth, "Kedge's ROM with the personality both, by Kedge's boot option", Start::rom,
      kedge_rom, RomRole::both);
  add(kIpxeRomOld, "the ROM of this machine's Debian, which takes over", Start::rom, kOldIpxeRom,
      RomRole::unspoken);
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::http:
      return "http";
    case Protocol::tftp_hpa:
      return "tftp-hpa";
    case Protocol::tftp_dnsmasq:
      return "tftp-dnsmasq";
    case Protocol::boot:
      return "boot";
  }
  return {};
}

std::vector<Contestant> known_contestants(const ContestantFiles& files) {
  std::vector<Contestant> all;
  const auto add = [&all](std::string_view name, std::string_view description, Start start,
                          const std::filesystem::path& application) {
    all.push_back({.name = std::string(name),
                   .description = std::string(description),
                   .start = start,
                   .application = application});
  };
  const auto newest = e2e::package_directory("trixie-all", "ipxe") / kInstalledIpxe.substr(1);
  const auto installed = std::filesystem::path(kInstalledIpxe);
  const bool both = is_file(newest / "ipxe.efi");
  add(kKedge, "Kedge, its own virtio-net driver, from a disk", Start::disk, files.kedge);
  if (is_file(files.kedge_snponly)) {
    add("kedge-snponly", "Kedge over the firmware's NIC driver, loaded by its PXE", Start::pxe,
        files.kedge_snponly);
  }
  add(kIpxe, "iPXE, its own virtio-net driver, from a disk", Start::disk,
      (both ? newest : installed) / "ipxe.efi");
  if (both && is_file(installed / "ipxe.efi")) {
    add("ipxe-old", "the same of this machine's Debian", Start::disk, installed / "ipxe.efi");
  }
  add("ipxe-snponly", "iPXE over the firmware's NIC driver, loaded by its PXE", Start::pxe,
      (both ? newest : installed) / "snponly.efi");
  add(kOvmf, "OVMF's own HTTP boot and PXE, over its own NIC driver", Start::firmware, {});
  add_roms(all, files.kedge_rom);
  add(kLinuxGuest, "Linux guest, busybox wget and tftp to /dev/null", Start::linux_guest, {});
  add("host", "this host to itself, curl through the bridge: the upper limit", Start::host, {});
  return all;
}

}  // namespace kedge::host::bench
