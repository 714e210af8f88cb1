// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The option ROM's driver in the UEFI shell, with the personality `both`: what a person sees of it,
// options that are set there, and that it goes without a trace.
#include <fmt/format.h>

#include <thread>

#include "support/file.h"
#include "tests/e2e/rig/shell.h"

namespace kedge::host::e2e {
namespace {

constexpr unsigned kFirstRounds = 2;
constexpr unsigned kRounds = 50;
// Until the firmware looks at the link, of which it says nothing. Not longer: we tell it for five
// seconds from the NIC's start that the link is being negotiated.
constexpr auto kUntilTheLook = std::chrono::milliseconds(1500);
constexpr std::string_view kVendor = "e45be53d-b28c-49ad-bde9-455c76101169";

class RomInShell : public ShellTest {
 protected:
  void start() {
    const auto driver = dist("x86_64/kedge-rom.efi");
    MachineSpec spec = machine();
    add_shell_disk(spec, {{"kedge.efi", driver}});
    add_nic(spec, {.properties = {"addr=0x10"}}, Attachment::silent);
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    start_probe();
  }
  bool has_boot_option() {
    for (const std::string& line : run("dh -p LoadFile")) {
      if (line.find("MAC:525400123456 Kedge") != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(RomInShell, TheBootOptionComesAndGoesWithTheDriver) {
  start();
  if (HasFailure()) return;
  // As docs/personality.md says it.
  run(fmt::format(R"(setvar personality -guid {} -nv -bs ="both")", kVendor));
  find(run("load kedge.efi"), "(loaded at .* - Success)");
  const std::string driver = find(run("drivers"), R"(^\s*([0-9A-F]+) .*Kedge network driver)");
  const std::string nic = find(run("dh -p PciIo"), R"(^\s*([0-9A-F]+): .*Pci\(0x10,0x0\))");
  EXPECT_TRUE(has_boot_option());
  // It would be takeover without the variable.
  find(run("dh -p PXEBaseCode"), R"((IPv4\(0\.0\.0\.0))");
  repeat_connections(nic, kFirstRounds, Above::stack);
  unsigned steps = 0;
  const Usage left = growth([&] { steps = repeat_connections(nic, kRounds, Above::stack); });
  EXPECT_EQ(steps, 4 * kRounds);
  EXPECT_EQ(left.of("kedge.efi"), Taken());
  EXPECT_EQ(left.handles, 0);
  EXPECT_TRUE(has_boot_option());
  find(run("unload -n " + driver), "(Success|successfully)");
  EXPECT_FALSE(has_boot_option());
}

// A station address that is a group's (IEEE 802.3, 3.2.3): our driver refuses the NIC, and the
// firmware's own, which does not mind, has it.
TEST_F(RomInShell, TheFirmwaresDriverTakesANicThatOursRefuses) {
  const auto rom = dist("roms/driver-only/efi-virtio.rom");
  MachineSpec spec = machine();
  add_shell_disk(spec, {});
  add_nic(spec, {.mac = "03:54:00:12:34:56", .rom = rom.string()}, Attachment::silent);
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  enter_shell();
  find(run("drivers"), "(Kedge network driver)");
  run("connect -r");
  find(run("devices"), "(Virtio Network Device)");
  expect_our_driver(false);
  find(run("ifconfig -l eth0"), "(03:54:00:12:34:56)");
}

// What was promised to be negotiated is waited for (UEFI 2.10, 11.12; the firmware waits up to 20
// s). The link comes while PXE over IPv4, the first of four options, looks for it. Without the
// promise all four give up at once.
TEST_F(RomInShell, PxeOfTheFirmwareWaitsForALinkThatComesSoonAfterTheDriver) {
  const auto program = make_next_boot_option(directory());
  E2E_ASSERT_OK(program);
  std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served()});
  const auto rom = dist("roms/driver-only/efi-e1000e.rom");
  MachineSpec spec = machine();
  add_shell_disk(spec, {});
  add_nic(spec, {.model = "e1000e",
                 .properties = {"addr=0x10"},
                 .rom = rom.string(),
                 .link_up = false,
                 .boot_index = 1});
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  enter_shell();
  const std::string nic = ask("dh -p PciIo", R"(^\s*([0-9A-F]+): .*Pci\(0x10,0x0\))");
  find(run("reconnect " + nic), "(Result Success)");
  // After success the firmware would show its menu (UEFI 2.10, 3.1.2).
  E2E_ASSERT_OK(vm().type("exit 1\r"));
  std::this_thread::sleep_for(kUntilTheLook);
  E2E_ASSERT_OK(vm().set_link(0, true));
  expect_console(program->proof);
  EXPECT_FALSE(vm().serial().search(Pattern::must_compile("failed to load Boot.*MAC")));
}

}  // namespace
}  // namespace kedge::host::e2e
