// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Who is compared, and what each of them can do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::host::bench {

enum class Protocol : std::uint8_t {
  http,
  tftp_hpa,
  tftp_dnsmasq,
  boot,  // HTTP as well, a small file: what counts is the time from reset until it runs
};
inline constexpr Protocol kProtocols[] = {Protocol::http, Protocol::tftp_hpa,
                                          Protocol::tftp_dnsmasq, Protocol::boot};
std::string_view protocol_name(Protocol protocol);

// How a contestant comes to run.
enum class Start : std::uint8_t {
  disk,         // an application on a FAT disk, with autoexec.ipxe beside it
  pxe,          // an application that the firmware's PXE loads, with autoexec.ipxe beside it
  firmware,     // the firmware's own HTTP boot and PXE, over its NIC driver or over a ROM's
  rom,          // a ROM that takes over the boot; DHCP answers it with a script
  linux_guest,  // a kernel from QEMU's -kernel
  host,         // no machine: curl on this host
};

// What the host tells a ROM of Kedge by fw_cfg; nobody else reads it.
enum class RomRole : std::uint8_t {
  unspoken,        // nothing: the ROM does what it was built for
  driver,          // the firmware's stack boots over its driver
  takeover,        // Kedge boots
  both,            // Kedge's boot option, which stands first, boots
  both_firmwares,  // Kedge's boot option fails at once, and the firmware's own one boots
};

struct Contestant {
  std::string name;
  std::string description;
  Start start = Start::disk;
  std::filesystem::path application;  // Start::disk and Start::pxe
  std::filesystem::path rom = {};     // Start::firmware (empty: no ROM) and Start::rom
  RomRole role = RomRole::unspoken;

  // Boots from the NIC itself, from its ROM or by the firmware's own stack.
  bool boots_from_nic() const { return start == Start::firmware || start == Start::rom; }
  // The personality both downloads as the other two do: only what comes before differs.
  bool takes_part(Protocol protocol) const {
    if (protocol == Protocol::boot) return boots_from_nic();
    return role != RomRole::both && role != RomRole::both_firmwares;
  }
};

// Names that others are compared with.
inline constexpr std::string_view kKedge = "kedge";
inline constexpr std::string_view kIpxe = "ipxe";
inline constexpr std::string_view kLinuxGuest = "linux";
inline constexpr std::string_view kOvmf = "ovmf";
inline constexpr std::string_view kOvmfOverKedge = "ovmf-kedge-rom";
inline constexpr std::string_view kOvmfOverIpxe = "ovmf-ipxe-rom";
inline constexpr std::string_view kOvmfInBoth = "ovmf-kedge-both";
inline constexpr std::string_view kKedgeRom = "kedge-rom";
inline constexpr std::string_view kKedgeRomBoth = "kedge-rom-both";
inline constexpr std::string_view kIpxeRomOld = "ipxe-rom-old";

struct ContestantFiles {
  std::filesystem::path kedge;          // "x86_64/kedge.efi"
  std::filesystem::path kedge_snponly;  // left out when it does not exist
  std::filesystem::path kedge_rom;      // likewise: "roms/efi-virtio.rom"
};

// All of them, in the order of the table. iPXE is the newest that is there: the package unpacked by
// `tools/deps --peers`, else the installed one. If both are there, the installed one is "ipxe-old".
std::vector<Contestant> known_contestants(const ContestantFiles& files);

}  // namespace kedge::host::bench
