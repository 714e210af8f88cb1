// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// FirmwareBoots: tests in which the firmware's own PXE and HTTP boot work over the driver in our
// option ROM. What they load is a program that prints a token.
#pragma once

#include <ostream>

#include "tests/e2e/rig/fixture.h"

namespace kedge::host::e2e {

// A NIC model for which we have a driver.
struct BootNic {
  const char* name;  // of the test
  const char* model;
  std::uint16_t vendor;
  std::uint16_t device;
  bool newer_qemu = false;  // the installed one may not emulate it
};

// The one list of them.
inline constexpr BootNic kVirtioNet{"VirtioNet", "virtio-net-pci", 0x1af4, 0x1000};
inline constexpr BootNic kE1000{"E1000", "e1000", 0x8086, 0x100e};
inline constexpr BootNic kE1000e{"E1000e", "e1000e", 0x8086, 0x10d3};
inline constexpr BootNic kIgb{"Igb", "igb", 0x8086, 0x10c9, true};
inline constexpr BootNic kBootNics[] = {
    kVirtioNet,
    kE1000,
    kE1000e,
    kIgb,
    {"Vmxnet3", "vmxnet3", 0x15ad, 0x07b0},
    {"Ne2kPci", "ne2k_pci", 0x10ec, 0x8029},
    {"Pcnet", "pcnet", 0x1022, 0x2000},
    {"Rtl8139", "rtl8139", 0x10ec, 0x8139},
    {"I82559er", "i82559er", 0x8086, 0x1209},
    {"Tulip", "tulip", 0x1011, 0x0019},
};

inline void PrintTo(const BootNic& nic, std::ostream* out) {
  *out << nic.name;
}

enum class FirmwareWay : std::uint8_t { pxe4, pxe6, http4 };
enum class Suite : std::uint8_t { own, trixie };

class FirmwareBoots : public E2eTest {
 protected:
  // The firmware of `suite` boots by `way` from a NIC with our ROM. Ways before it in the
  // firmware's order find a server that has nothing for them.
  void boots(const BootNic& nic, FirmwareWay way, Suite suite = Suite::own);
  // The newer firmware on a CPU without random generator, and no such device: with our ROM it boots
  // by PXE; with its own driver for the NIC it finds nothing to boot from.
  void boots_without_random_generator(bool with_our_rom);

 private:
  void serve(FirmwareWay way);
  Outcome<NextBootOption> make_program();
  // An option ROM with kedge-driver.efi for the model.
  std::filesystem::path rom(const BootNic& nic);
  // Debian's firmware of trixie, from tools/deps --peers. Skips the test without it.
  void use_trixie(MachineSpec& machine);
};

}  // namespace kedge::host::e2e
