// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Firmware that protects memory: it has EFI_MEMORY_ATTRIBUTE_PROTOCOL, by which loaders withdraw
// pages from execution, and its stack is never executed. OVMF's strict build of the newer package,
// with the stack protected by fw_cfg. Without keys it verifies nothing.
#include <fmt/format.h>

#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/ovmf.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {
namespace {

class StrictNx : public KedgeBoots {
 protected:
  MachineSpec strict_machine() {
    MachineSpec spec = machine();
    use_newer_firmware(spec);
    const auto chosen = use_ovmf(spec, OvmfBuild::strict_nx, EnrolledKeys::none);
    EXPECT_TRUE(chosen) << chosen.error().what << "; " << chosen.error().advice;
    spec.fw_cfg.emplace_back("name=opt/ovmf/PcdSetNxForStack,string=Y");
    return spec;
  }
  // With the driver image as the ROM of its NIC.
  MachineSpec strict_machine_with_rom(std::string_view driver) {
    MachineSpec spec = strict_machine();
    add_nic(spec, {.model = kE1000eChip.model, .rom = rom(kE1000eChip, driver), .boot_index = 0});
    return spec;
  }
};

TEST_F(StrictNx, TheApplicationBoots) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  MachineSpec spec = strict_machine();
  add_nic(spec);
  add_boot_disk(spec, application, payload_script(*files, http_url("")));
  boot_and_prove(spec);
}

// The firmware's own stack over our driver fetches the application, which takes the NIC.
TEST_F(StrictNx, OverOurDriverTheFirmwareChainLoadsTheApplication) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  std::filesystem::copy_file(application, served() / "loader.efi");
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = "loader.efi",
           .ipxe_boot_file = http_url("boot.ipxe"),
           .tftp_directory = served(),
           .lines = {}});
  const MachineSpec spec = strict_machine_with_rom("x86_64/kedge-driver.efi");
  boot_and_prove(spec);
  EXPECT_TRUE(vm().serial().search(Pattern::literal("Start PXE over IPv4")));
}

TEST_F(StrictNx, AsTakeoverTheRomBoots) {
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  const MachineSpec spec = strict_machine_with_rom("x86_64/kedge-rom.efi");
  boot_and_prove(spec);
}

// A firmware with a strict policy was not to be had: tests/uefi/strict_loader.cpp makes one.
TEST_F(StrictNx, TheApplicationBootsWhereDataNeverRunAndCodeIsNeverWritten) {
  const auto application = dist("x86_64/kedge.efi");
  const auto loader = test_program("strict-loader.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("autoexec.ipxe", payload_script(*files, http_url("")));
  nginx();
  dnsmasq();
  MachineSpec spec = strict_machine();
  add_nic(spec);
  const auto image = directory() / "boot.img";
  const auto made = make_fat_image(image, {{"EFI/BOOT/BOOTX64.EFI", loader},
                                           {"program.efi", application},
                                           {"autoexec.ipxe", served() / "autoexec.ipxe"}});
  E2E_ASSERT_OK(made);
  spec.drives.push_back({.kind = DriveKind::disk, .file = image, .boot_index = 0});
  boot_and_prove(spec);
  EXPECT_TRUE(vm().serial().search(Pattern::literal("strict-loader: on")));
}

}  // namespace
}  // namespace kedge::host::e2e
