// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// VLANs, which the firmware's stack makes of our Simple Network (docs/adr/0013): in the UEFI shell
// a VLAN is made by the VLAN Config protocol on the NIC's handle, and used with tagged frames.
#include <fmt/format.h>

#include <ostream>

#include "tests/e2e/rig/shell.h"
#include "tests/e2e/rig/vlan_trunk.h"

namespace kedge::host::e2e {
namespace {

constexpr std::uint16_t kId = 100;

struct VlanNic {
  const char* name;   // of the test
  const char* model;  // QEMU's
  const char* rom;    // in dist/; empty: the firmware's own driver
};

void PrintTo(const VlanNic& nic, std::ostream* out) {
  *out << nic.name;
}

class Vlan : public ShellTest, public testing::WithParamInterface<VlanNic> {
 protected:
  void start() {
    auto trunk = VlanTrunk::start(network(), kId);
    E2E_ASSERT_OK(trunk);
    trunk_ = *std::move(trunk);
    const auto program = make_next_boot_option(directory());
    E2E_ASSERT_OK(program);
    proof_.emplace(program->proof);
    std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
    dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
    MachineSpec spec = machine();
    add_shell_disk(spec, {{"vlan.efi", test_program("vlan.efi")}});
    const std::string rom = *GetParam().rom == '\0' ? "" : dist(GetParam().rom).string();
    spec.arguments.insert(
        spec.arguments.end(),
        {"-netdev", VlanTrunk::netdev("trunk"), "-device",
         fmt::format("{},netdev=trunk,mac=52:54:00:12:34:56,romfile={}", GetParam().model, rom)});
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    run("connect -r", kBootTimeout);
    expect_our_driver(*GetParam().rom != '\0');
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

  std::unique_ptr<VlanTrunk> trunk_;
  std::optional<Pattern> proof_;
};

INSTANTIATE_TEST_SUITE_P(Over, Vlan,
                         testing::Values(VlanNic{"VirtioNetByTheFullRom", "virtio-net-pci",
                                                 "roms/efi-virtio.rom"},
                                         VlanNic{"E1000eByTheDriverOnlyRom", "e1000e",
                                                 "roms/driver-only/efi-e1000e.rom"},
                                         VlanNic{"VirtioNetByTheFirmware", "virtio-net-pci", ""}),
                         [](const auto& info) { return info.param.name; });

TEST_P(Vlan, OfTheFirmwareIsUsedAndBootedFrom) {
  start();
  if (HasFailure()) return;
  EXPECT_EQ(trunk_->tagged(), 0);
  // The stack uses it at once, where the firmware's IPv6 looks for routers.
  find(run(fmt::format("vlan.efi add {}", kId)), fmt::format("(vlan {}: added)", kId));
  // The first VLAN takes the place of the network without tags.
  get_address(find(run("ifconfig -l"), "(eth[0-9]+)"));
  find(run("ping -n 3 192.0.2.1"), "(3 packets transmitted, 3 received)");
  EXPECT_GT(trunk_->tagged(), 0);
  const auto typed = vm().type(fmt::format("vlan.efi boot {}\r", kId));
  E2E_ASSERT_OK(typed);
  expect_console("Start PXE over IPv4");
  expect_console(*proof_);
}

}  // namespace
}  // namespace kedge::host::e2e
