// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rom_boots.h"

#include <fmt/format.h>

#include "tests/e2e/rig/variable_store.h"

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

std::filesystem::path RomBoots::rom(const RomNic& nic, RomSet roms) {
  return dist(fmt::format("roms/{}{}{}", architecture_ == Architecture::x86_64 ? "" : "aarch64/",
                          roms == RomSet::full ? "" : "driver-only/", nic.rom));
}

void RomBoots::serve(std::string_view file, FirmwareWay way) {
  const auto on = [file, way](FirmwareWay wanted) {
    return std::string(way == wanted ? file : "nothing-there.efi");
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

void RomBoots::serve_program() {
  const auto program = make_next_boot_option(directory());
  E2E_ASSERT_OK(program);
  program_proof_.emplace(program->proof);
  std::filesystem::copy_file(directory() / kProgram, served() / kProgram);
}

MachineSpec RomBoots::machine_with_rom(const RomNic& nic, const std::filesystem::path& rom) {
  MachineSpec spec = machine(architecture_);
  if (nic.newer_qemu) use_newer_qemu(spec);
  // Firmware that knows the option leaves the NIC alone: nobody but our ROM drives it.
  spec.fw_cfg.push_back("name=opt/org.tianocore/VirtioNetSupport,string=no");
  add_nic(spec, {.model = nic.model, .rom = rom.string(), .boot_index = 0});
  return spec;
}

void RomBoots::firmware_boots(const RomNic& nic, RomSet roms, FirmwareWay way) {
  serve_program();
  if (HasFailure()) return;
  serve(kProgram, way);
  const MachineSpec spec = machine_with_rom(nic, rom(nic, roms));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(start_message(way));
  expect_console(*program_proof_);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Kedge"))) << "a driver prints nothing";
  expect_interface_version("003001");
}

void RomBoots::expect_interface_version(std::string_view version) {
  std::size_t requests = 0;
  for (const DhcpSeen& message : captured_dhcp()) {
    if (message.type != kDhcpDiscover && message.type != kDhcpRequest) continue;
    EXPECT_TRUE(message.vendor_class.ends_with(fmt::format(":UNDI:{}", version)))
        << message.vendor_class;
    ++requests;
  }
  // There are none of a boot over IPv6 that comes first.
  fmt::print("{} requests with interface version {}\n", requests, version);
  EXPECT_TRUE(requests != 0 || !vm().serial().search(Pattern::literal("over IPv4")));
}

void RomBoots::boots_over_undi(const RomNic& nic, RomSet roms) {
  serve_program();
  if (HasFailure()) return;
  serve(kProgram, FirmwareWay::pxe4);
  MachineSpec spec = machine_with_rom(nic, rom(nic, roms));
  if (HasFailure()) return;
  add_boot_disk(spec, test_program("undi-client.efi"), {});
  spec.nics.back().boot_index = 1;
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console("^undi-client: on UNDI");
  expect_console(*program_proof_);
  expect_interface_version("003001");
}

void RomBoots::firmware_boots_over_driver_option() {
  serve_program();
  if (HasFailure()) return;
  serve(kProgram, FirmwareWay::pxe4);
  MachineSpec spec = machine(architecture_);
  add_boot_disk(spec, dist("x86_64/kedge-driver.efi"), {});
  if (HasFailure()) return;
  spec.drives.back().boot_index.reset();  // or it would be booted, and load the driver so
  add_nic(spec, {.model = kE1000e.model, .properties = {"rombar=0"}, .boot_index = 0});
  E2E_ASSERT_OK(add_driver_option(spec.firmware_vars, R"(\EFI\BOOT\BOOTX64.EFI)"));
  boot(spec);
  if (HasFailure()) return;
  expect_console(start_message(FirmwareWay::pxe4));
  expect_console(*program_proof_);
  expect_interface_version("003001");
}

void RomBoots::firmware_boots_without(const std::filesystem::path& rom) {
  serve_program();
  if (HasFailure()) return;
  serve(kProgram, FirmwareWay::pxe4);
  MachineSpec spec = machine(architecture_);
  add_nic(spec, {.properties = {"rombar=0"}, .rom = rom.string(), .boot_index = 0});
  spec.fw_cfg.emplace_back("name=opt/org.kedge/personality,string=takeover");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(start_message(FirmwareWay::pxe4));
  expect_console(*program_proof_);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Kedge")));
}

void RomBoots::takeover_boots(const RomNic& nic) {
  MachineSpec spec = machine_with_rom(nic, rom(nic, RomSet::full));
  spec.fw_cfg.push_back("name=opt/org.kedge/personality,string=takeover");
  spec.fw_cfg.push_back("name=opt/org.kedge/url,string=" + http_url(kGivenScript));
  takeover_boots(spec, nic);
}

void RomBoots::takeover_boots(const MachineSpec& machine, const RomNic& nic) {
  const auto* files = payload(architecture_);
  if (HasFailure()) return;
  write_served(kGivenScript, payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq();
  if (HasFailure()) return;
  boot(machine);
  if (HasFailure()) return;
  // Our stack has no list.
  if (nic.model == kVirtioNet.model) expect_receive_filter("all");
  prove();
  if (HasFailure()) return;
  EXPECT_TRUE(
      vm().serial().search(Pattern::must_compile(fmt::format("net0: [0-9a-f:]+ {} ", nic.driver))));
  EXPECT_FALSE(vm().serial().search(Pattern::must_compile("Start (PXE|HTTP)")))
      << "the firmware's stack must not be on this NIC";
}

void RomBoots::chain_loads(const RomNic& nic, std::string_view application, FirmwareWay way,
                           RomSet roms) {
  chain_loads(machine_with_rom(nic, rom(nic, roms)), application, way);
}

void RomBoots::chain_loads(const MachineSpec& machine, std::string_view application,
                           FirmwareWay way) {
  const auto file = dist(application);
  const auto* files = payload(architecture_);
  if (HasFailure()) return;
  std::filesystem::copy_file(file, served() / "loader.efi");
  write_served("autoexec.ipxe", payload_script(*files, http_url(""), Address::there_already));
  serve("loader.efi", way);
  boot_and_prove(machine);
  EXPECT_TRUE(vm().serial().search(Pattern::must_compile(start_message(way))));
}

void RomBoots::boots_without_random_generator(std::optional<RomSet> roms) {
  serve_program();
  if (HasFailure()) return;
  serve(kProgram, FirmwareWay::pxe4);
  MachineSpec spec = machine_with_rom(kVirtioNet, rom(kVirtioNet, roms.value_or(RomSet::full)));
  if (!roms) {
    spec.nics.back().rom.clear();
    spec.fw_cfg.clear();  // its own driver works
  }
  use_newer_firmware(spec);
  spec.cpu = "qemu64";  // without RDRAND
  spec.entropy_device = false;
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  if (roms) {
    expect_console(*program_proof_);
  } else {
    expect_console("UEFI Interactive Shell");
    EXPECT_FALSE(vm().serial().search(Pattern::must_compile("Start (PXE|HTTP)")));
  }
}

}  // namespace kedge::host::e2e
