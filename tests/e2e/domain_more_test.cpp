// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// More boots of libvirt domains, as `kedge domain explain` says: what takes long, or differs little
// from the others.
#include <gmock/gmock.h>

#include "tests/e2e/libvirt_domain.h"

namespace kedge::host::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

using LibvirtDomainMore = LibvirtDomain;

// Scenario 2 with the lesser attribute: UEFI does not look into fw_cfg for ROMs.
TEST_F(LibvirtDomainMore, WithTheBarOffTheFirmwareBoots) {
  const auto program = make_next_boot_option(directory());
  E2E_ASSERT_OK(program);
  if (HasFailure()) return;
  std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  define({.interface = "<rom bar='off'/>"});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  EXPECT_EQ(said["driver"], "firmware");
  start();
  expect_serial(program->proof);
  expect_as_explained(said);
}

// Scenario 3 from 1: over the ROM's driver the firmware loads the application, which takes over.
TEST_F(LibvirtDomainMore, OverTheRomsDriverTheFirmwareLoadsTheApplication) {
  const auto rom = dist("roms/efi-e1000e.rom");
  const auto payload = serve_application(Architecture::x86_64);
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  dnsmasq({.boot_file = "kedge.efi", .tftp_directory = served(), .lines = {}});
  define({.model = "e1000e"});
  set({"--rom", rom.string()});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  EXPECT_EQ(said["driver"], "rom");
  start();
  expect_serial(payload->proof);
  expect_as_explained(said);
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
}

// AArch64's firmware drives the NIC itself, and loads the application for its machine.
TEST_F(LibvirtDomainMore, OfAarch64BootsByTheFirmwaresDriver) {
  const auto payload = serve_application(Architecture::aarch64);
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  dnsmasq({.boot_file = "kedge.efi", .tftp_directory = served(), .lines = {}});
  define({.architecture = Architecture::aarch64, .machine = "virt"});
  set({"--rom", "off"});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  start();
  expect_serial(payload->proof);
  expect_as_explained(said, "00011");
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
}

}  // namespace
}  // namespace kedge::host::e2e
