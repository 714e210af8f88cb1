// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// RomBoots: tests in which a machine boots by an option ROM of dist/, as driver of the firmware's
// own PXE and HTTP boot, or as takeover.
#pragma once

#include <ostream>

#include "tests/e2e/kedge_boots.h"

namespace kedge::host::e2e {

// A NIC model for which we have a driver, and a ROM.
struct RomNic {
  const char* name;         // of the test
  const char* model;        // QEMU's
  const char* rom;          // in dist/roms/ and dist/roms/driver-only/
  const char* driver;       // what Kedge calls its driver
  bool newer_qemu = false;  // the installed one may not emulate it
};

// The one list of them.
inline constexpr RomNic kVirtioNet{"VirtioNet", "virtio-net-pci", "efi-virtio.rom", "virtio-net"};
inline constexpr RomNic kE1000e{"E1000e", "e1000e", "efi-e1000e.rom", "e1000e"};
inline constexpr RomNic kRomNics[] = {
    kVirtioNet,
    {"E1000", "e1000", "efi-e1000.rom", "e1000"},
    kE1000e,
    {"Igb", "igb", "efi-igb.rom", "igb", true},
    {"Vmxnet3", "vmxnet3", "efi-vmxnet3.rom", "vmxnet3"},
    {"Ne2kPci", "ne2k_pci", "efi-ne2k_pci.rom", "ne2k_pci"},
    {"Pcnet", "pcnet", "efi-pcnet.rom", "pcnet"},
    {"Rtl8139", "rtl8139", "efi-rtl8139.rom", "rtl8139"},
    {"I82559er", "i82559er", "efi-eepro100.rom", "i8255x"},
    {"I82551", "i82551", "efi-eepro100.rom", "i8255x"},
    {"Tulip", "tulip", "efi-tulip.rom", "tulip"},
};

inline void PrintTo(const RomNic& nic, std::ostream* out) {
  *out << nic.name;
}

enum class FirmwareWay : std::uint8_t { pxe4, pxe6, http4 };
// The script that the URL names with which the host makes a ROM boot.
inline constexpr std::string_view kGivenScript = "given.ipxe";

// The ROM with everything is a driver, too, as long as nobody asks for more.
enum class RomSet : std::uint8_t { full, driver_only };

class RomBoots : public KedgeBoots {
 protected:
  // The firmware boots by `way` over the ROM's driver, which says nothing. Ways before it in the
  // firmware's order find a server that has nothing for them.
  void firmware_boots(const RomNic& nic, RomSet roms, FirmwareWay way);
  // The firmware loads kedge-driver.efi from a disk because its variables say so, and boots by PXE
  // over it. The NIC has no ROM, and no driver of the firmware's.
  void firmware_boots_over_driver_option();
  // The firmware boots by PXE over its own driver for virtio-net. The NIC has no ROM, or one that
  // would take over but has no BAR to be read through.
  void firmware_boots_without(const std::filesystem::path& rom);
  // The host makes the ROM a takeover and names a URL; DHCP names nothing.
  void takeover_boots(const RomNic& nic);
  // The same by a machine that was told so: "personality" and "url", which is kGivenScript's.
  void takeover_boots(const MachineSpec& machine, const RomNic& nic);
  // The firmware boots `application` by `way` over the ROM's driver, and that boots the payload.
  void chain_loads(const RomNic& nic, std::string_view application, FirmwareWay way,
                   RomSet roms = RomSet::full);
  void chain_loads(const MachineSpec& machine, std::string_view application, FirmwareWay way);
  // The firmware's driver for UNDI, which stays off our handle, boots by PXE over the UNDI of the
  // ROM's driver on another handle (tests/uefi/undi_client.cpp).
  void boots_over_undi(const RomNic& nic, RomSet roms);
  // On a CPU without random generator, and no such device, the newer firmware boots by PXE with our
  // ROM; with its own driver for the NIC it finds nothing to boot from.
  void boots_without_random_generator(std::optional<RomSet> roms);

  // The option ROM of a model. Empty, and the test has failed, if it is not there.
  std::filesystem::path rom(const RomNic& nic, RomSet roms);
  // A machine with the NIC that has this ROM and that nobody else drives, if the firmware can be
  // told so.
  MachineSpec machine_with_rom(const RomNic& nic, const std::filesystem::path& rom);

  Architecture architecture_ = Architecture::x86_64;  // of all machines of a test

 private:
  // Offers the file of the served directory by this way only.
  void serve(std::string_view file, FirmwareWay way);
  void serve_program();
  // Every request for an address by IPv4 has named a network interface of this version, which is
  // what NII says of it.
  void expect_interface_version(std::string_view version);

  std::optional<Pattern> program_proof_;
};

}  // namespace kedge::host::e2e
