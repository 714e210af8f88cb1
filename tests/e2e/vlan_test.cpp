// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// VLANs (docs/adr/0013): those that the firmware's stack makes of our Simple Network, and those in
// which boots of our own are. A switch for tagged frames is between the machine and the servers.
#include <fmt/format.h>

#include <ostream>

#include "tests/e2e/rig/shell.h"
#include "tests/e2e/rig/vlan_trunk.h"

namespace kedge::host::e2e {
namespace {

constexpr std::uint16_t kId = 100;
constexpr std::string_view kVendor = "e45be53d-b28c-49ad-bde9-455c76101169";

struct VlanNic {
  const char* name;   // of the test
  const char* model;  // QEMU's
  const char* rom;    // in dist/; empty: the firmware's own driver
};

void PrintTo(const VlanNic& nic, std::ostream* out) {
  *out << nic.name;
}

class VlanTest : public ShellTest {
 protected:
  // A switch, servers behind it, and a program that DHCP names.
  void serve(DnsmasqOptions options = {.boot_file = "program.efi", .lines = {}}) {
    auto trunk = VlanTrunk::start(network(), kId);
    E2E_ASSERT_OK(trunk);
    trunk_ = *std::move(trunk);
    const auto program = make_next_boot_option(directory());
    E2E_ASSERT_OK(program);
    proof_.emplace(program->proof);
    std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
    options.tftp_directory = served();
    dnsmasq(options);
    nginx();
  }
  // A machine at the switch. `rom` in dist/; empty: none.
  MachineSpec machine_at_switch(std::string_view model, std::string_view rom) {
    MachineSpec spec = machine();
    const std::string file = rom.empty() ? "" : dist(rom).string();
    VlanTrunk::add_nic(spec, fmt::format("{},mac=52:54:00:12:34:56,addr=0x10,bootindex=5", model),
                       file);
    return spec;
  }
  static void set(MachineSpec& spec, std::string_view key, std::string_view value) {
    spec.fw_cfg.push_back(fmt::format("name=opt/org.kedge/{},string={}", key, value));
  }
  void boot_to_shell(MachineSpec spec) {
    if (HasFailure()) return;
    add_shell_disk(spec, {{"vlan.efi", test_program("vlan.efi")}});
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    run("connect -r", kBootTimeout);
  }
  void add_vlan() {
    find(run(fmt::format("vlan.efi add {}", kId)), fmt::format("(vlan {}: added)", kId));
  }
  // Until the firmware has an address for an interface: DHCP goes on behind the command.
  void get_address(std::string_view interface) {
    run(fmt::format("ifconfig -s {} dhcp", interface));
    const Pattern address = Pattern::must_compile(R"(192\.0\.2\.1[0-9][0-9])");
    for (const Instant deadline = after(kCommandTimeout); now() < deadline && !HasFailure();) {
      for (const std::string& line : run(fmt::format("ifconfig -l {}", interface))) {
        if (address.search(line)) return;
      }
    }
    ADD_FAILURE() << "no address for " << interface;
  }
  void expect_the_firmware_in_the_vlan() {
    // The first VLAN takes the place of the network without tags.
    get_address(find(run("ifconfig -l"), "(eth[0-9]+)"));
    find(run("ping -n 3 192.0.2.1"), "(3 packets transmitted, 3 received)");
    EXPECT_GT(trunk_->tagged(), 0);
  }
  // Leaves the shell for the next boot option, or types another command that boots.
  void type(std::string_view command) {
    const auto typed = vm().type(fmt::format("{}\r", command));
    E2E_ASSERT_OK(typed);
  }

  std::unique_ptr<VlanTrunk> trunk_;
  std::optional<Pattern> proof_;
};

class Vlan : public VlanTest, public testing::WithParamInterface<VlanNic> {};

INSTANTIATE_TEST_SUITE_P(Over, Vlan,
                         testing::Values(VlanNic{"VirtioNetByTheFullRom", "virtio-net-pci",
                                                 "roms/efi-virtio.rom"},
                                         VlanNic{"E1000eByTheDriverOnlyRom", "e1000e",
                                                 "roms/driver-only/efi-e1000e.rom"},
                                         VlanNic{"VirtioNetByTheFirmware", "virtio-net-pci", ""}),
                         [](const auto& info) { return info.param.name; });

// In the UEFI shell a VLAN is made by the VLAN Config protocol on the NIC's handle.
TEST_P(Vlan, OfTheFirmwareIsUsedAndBootedFrom) {
  serve();
  boot_to_shell(machine_at_switch(GetParam().model, GetParam().rom));
  if (HasFailure()) return;
  expect_our_driver(*GetParam().rom != '\0');
  EXPECT_EQ(trunk_->tagged(), 0);
  add_vlan();
  expect_the_firmware_in_the_vlan();
  type(fmt::format("vlan.efi boot {}", kId));
  expect_console("Start PXE over IPv4");
  expect_console(*proof_);
}

class VlanOfOurs : public VlanTest {
 protected:
  MachineSpec machine_with(std::string_view personality, std::string_view model = "virtio-net-pci",
                           std::string_view rom = "roms/efi-virtio.rom") {
    MachineSpec spec = machine_at_switch(model, rom);
    set(spec, "failure-timeout", "0");
    if (!personality.empty()) set(spec, "personality", personality);
    return spec;
  }
};

// In the first VLAN there is nobody.
TEST_F(VlanOfOurs, ATakeoverTriesTheVlansThatTheHostHasNamed) {
  serve();
  MachineSpec spec = machine_with("takeover");
  set(spec, "vlan", fmt::format("7,,{}:3", kId));  // QEMU wants commas doubled
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console("virtio-net 0000:00:10.0, VLAN 7");
  expect_console(fmt::format("The NIC's next VLAN is {}:3", kId));
  const int in_other_vlans = trunk_->others();
  EXPECT_GT(in_other_vlans, 0);
  expect_console(*proof_);
  EXPECT_EQ(trunk_->others(), in_other_vlans);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Start PXE")));
}

// Over HTTP, by a NIC whose chip sums.
TEST_F(VlanOfOurs, ATakeoverIsInTheVlanOfItsVlanConfig) {
  serve({.boot_file = http_url("program.efi"), .lines = {}});
  boot_to_shell(machine_with("takeover", "e1000e", "roms/efi-e1000e.rom"));
  if (HasFailure()) return;
  add_vlan();
  type("exit 1");  // the next boot option
  expect_console(fmt::format("e1000e 0000:00:10.0, VLAN {}", kId));
  expect_console(*proof_);
  EXPECT_NE(nginx_requests().find("GET /program.efi"), std::string::npos);
  EXPECT_GT(trunk_->tagged(), 0);
}

TEST_F(VlanOfOurs, ABootBesideTheFirmwaresIsInTheVlanOfTheFirmware) {
  serve();
  boot_to_shell(machine_with("both"));
  if (HasFailure()) return;
  add_vlan();
  type("exit 1");
  expect_console(fmt::format("virtio-net 0000:00:10.0, VLAN {}", kId));
  expect_console(*proof_);
}

TEST_F(VlanOfOurs, TheFirmwareIsInTheVlanThatATakeoverHasRemembered) {
  serve();
  MachineSpec spec = machine_with("");
  boot_to_shell(spec);
  if (HasFailure()) return;
  const auto become = [&](std::string_view personality) {
    run(fmt::format(R"(setvar personality -guid {} -nv -bs ="{}")", kVendor, personality));
    const std::string nic = ask("dh -p PciIo", R"(^\s*([0-9A-F]+): .*Pci\(0x10,0x0\))");
    find(run("reconnect " + nic), "(Result Success)");
  };
  become("takeover");
  add_vlan();
  become("driver");
  run("connect -r", kBootTimeout);
  expect_the_firmware_in_the_vlan();
}

// The firmware's PXE gets the application in the VLAN, and that the program, over the same NIC by a
// driver of its own.
TEST_F(VlanOfOurs, AnApplicationStaysInTheVlanThatItCameOver) {
  std::filesystem::copy_file(dist("x86_64/kedge.efi"), served() / "kedge.efi");
  serve({.boot_file = "kedge.efi", .ipxe_boot_file = http_url("program.efi"), .lines = {}});
  boot_to_shell(machine_at_switch("virtio-net-pci", ""));
  if (HasFailure()) return;
  add_vlan();
  type(fmt::format("vlan.efi boot {}", kId));
  expect_console(fmt::format("virtio-net 0000:00:10.0, VLAN {}", kId));
  expect_console(*proof_);
  EXPECT_NE(nginx_requests().find("GET /program.efi"), std::string::npos);
}

}  // namespace
}  // namespace kedge::host::e2e
