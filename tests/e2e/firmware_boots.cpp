// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/firmware_boots.h"

#include <fmt/format.h>

#include "rom/rom_build.h"
#include "support/file.h"
#include "tests/e2e/rig/packages.h"

namespace kedge::host::e2e {
namespace {

constexpr std::string_view kProgram = "next.efi";
// RFC 3849: addresses for documentation.
constexpr std::string_view kServerNetwork6 = "2001:db8::1/64";

std::string_view start_message(FirmwareWay way) {
  switch (way) {
    case FirmwareWay::pxe4:
      return "Start PXE over IPv4";
    case FirmwareWay::pxe6:
      return "Start PXE over IPv6";
    case FirmwareWay::http4:
      return "Start HTTP Boot over IPv4";
  }
  return {};
}

}  // namespace

std::filesystem::path FirmwareBoots::rom(const BootNic& nic) {
  const auto driver = dist("x86_64/kedge-driver.efi");
  if (driver.empty()) return {};
  const auto image = read_file(driver);
  if (!image) {
    ADD_FAILURE() << image.error().what;
    return {};
  }
  const auto built =
      build_rom({.vendor = nic.vendor, .devices = {nic.device}, .bios = {}, .drivers = {*image}});
  const auto file = directory() / "kedge.rom";
  const auto wrote = built ? write_file(file, *built) : Outcome<void>(failure(built.error().what));
  if (!wrote) ADD_FAILURE() << wrote.error().what;
  return file;
}

void FirmwareBoots::use_trixie(MachineSpec& machine) {
  const auto files = package_directory("trixie-all", "ovmf") / "usr/share/OVMF";
  machine.firmware_code = files / "OVMF_CODE_4M.fd";
  if (!std::filesystem::exists(machine.firmware_code)) {
    GTEST_SKIP() << machine.firmware_code.string() << " is missing: tools/deps --peers";
  }
  std::error_code error;
  std::filesystem::copy_file(files / "OVMF_VARS_4M.fd", machine.firmware_vars,
                             std::filesystem::copy_options::overwrite_existing, error);
  ASSERT_FALSE(error) << error.message();
  // Nobody but our ROM may drive the NIC.
  machine.fw_cfg.push_back("name=opt/org.tianocore/VirtioNetSupport,string=no");
}

void FirmwareBoots::serve(FirmwareWay way) {
  const auto on = [way](FirmwareWay wanted) {
    return std::string(way == wanted ? kProgram : "nothing-there.efi");
  };
  const auto added = network().ip(
      {"address", "add", std::string(kServerNetwork6), "dev", std::string(kBridge), "nodad"});
  E2E_ASSERT_OK(added);
  nginx();
  dnsmasq({.boot_file = {},
           .ipxe_boot_file = {},
           .tftp_directory = served(),
           .lines = {
               "dhcp-vendorclass=set:http,HTTPClient", "dhcp-option-force=tag:http,60,HTTPClient",
               "dhcp-boot=tag:http," + http_url(on(FirmwareWay::http4)),
               "dhcp-boot=tag:!http," + on(FirmwareWay::pxe4), "enable-ra",
               "dhcp-range=2001:db8::100,2001:db8::1ff,64,1h",
               "dhcp-option=option6:bootfile-url,tftp://[2001:db8::1]/" + on(FirmwareWay::pxe6)}});
}

Outcome<NextBootOption> FirmwareBoots::make_program() {
  KEDGE_HOST_TRY(auto program, make_next_boot_option(directory()));
  std::error_code error;
  std::filesystem::copy_file(directory() / kProgram, served() / kProgram, error);
  if (error) return failure(error.message());
  return program;
}

void FirmwareBoots::boots(const BootNic& nic, FirmwareWay way, Suite suite) {
  const auto program = make_program();
  E2E_ASSERT_OK(program);
  serve(way);
  MachineSpec spec = machine();
  if (suite == Suite::trixie) use_trixie(spec);
  if (nic.newer_qemu) use_newer_qemu(spec);
  const auto option_rom = rom(nic);
  if (HasFailure() || IsSkipped()) return;
  add_nic(spec, {.model = nic.model, .rom = option_rom.string(), .boot_index = 0});
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(start_message(way));
  expect_console(program->proof);
}

void FirmwareBoots::boots_without_random_generator(bool with_our_rom) {
  const auto program = make_program();
  E2E_ASSERT_OK(program);
  serve(FirmwareWay::pxe4);
  MachineSpec spec = machine();
  use_trixie(spec);
  const auto option_rom = with_our_rom ? rom(kVirtioNet).string() : std::string();
  if (HasFailure() || IsSkipped()) return;
  if (!with_our_rom) spec.fw_cfg.clear();  // its own driver works
  spec.cpu = "qemu64";                     // without RDRAND
  spec.entropy_device = false;
  add_nic(spec, {.model = kVirtioNet.model, .rom = option_rom, .boot_index = 0});
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  if (with_our_rom) {
    expect_console(program->proof);
  } else {
    expect_console("UEFI Interactive Shell");
    EXPECT_FALSE(vm().serial().search(Pattern::must_compile("Start (PXE|HTTP)")));
  }
}

}  // namespace kedge::host::e2e
