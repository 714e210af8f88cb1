// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// kedge-driver.efi in the UEFI shell, under the firmware's own network stack: connected,
// disconnected, reconnected and unloaded many times, and used.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/file.h"
#include "tests/e2e/rig/shell.h"
#include "tests/e2e/rom_boots.h"

namespace kedge::host::e2e {
namespace {

constexpr unsigned kRounds = 50;
constexpr unsigned kFirstRounds = 5;
// What the shell loses in as many rounds: two to five pieces of pool in each, 8 to 11 pages in all.
// The firmware's own stack loses seven pieces each time that it is put on a NIC and taken away.
constexpr int kPagesOfTheShell = 20;

class DriverInShell : public ShellTest {
 protected:
  // A machine in the shell, with the driver's file beside it, and a NIC that nobody drives yet.
  void start() { start(machine(), {}); }
  void start(MachineSpec spec, NicSpec nic, DriveKind disk = DriveKind::disk) {
    const auto driver = dist("x86_64/kedge-driver.efi");
    if (HasFailure()) return;
    add_shell_disk(spec, {{"kedge.efi", driver}, {"iommu.efi", test_program("iommu.efi")}});
    if (HasFailure()) return;
    spec.drives.back().kind = disk;
    // The address by which the test finds the NIC's handle.
    nic.properties.emplace_back("addr=0x8");
    add_nic(spec, std::move(nic));
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    start_probe();
    nic_ = ask("dh -p PciIo", R"(^\s*([0-9A-F]+): .*Pci\(0x8,0x0\))");
  }
  void load() {
    find(run("load -nc kedge.efi"), "(loaded at .* - Success)");
    driver_ = ask("drivers", R"(^\s*([0-9A-F]+) .*Kedge network driver)");
    find(run("connect " + nic_), "(Result Success)");
  }
  void unload() { find(run("unload -n " + driver_), "(Result Success)"); }
  bool is_loaded() {
    for (const std::string& line : run("drivers")) {
      if (line.find("Kedge") != std::string::npos) return true;
    }
    return false;
  }
  void load_and_unload(unsigned rounds) {
    for (unsigned round = 0; round < rounds && !HasFailure(); ++round) {
      load();
      unload();
    }
  }
  void use_the_network() {
    run("ifconfig -s eth0 dhcp");
    // The command only starts DHCP.
    const Pattern address = Pattern::must_compile(R"(192\.0\.2\.1[0-9][0-9])");
    const Instant deadline = after(kCommandTimeout);
    for (bool has_address = false; !has_address && now() < deadline && !HasFailure();) {
      for (const std::string& line : run("ifconfig -l eth0")) {
        if (address.search(line)) has_address = true;
      }
    }
    find(run("ping -n 3 192.0.2.1"), "(3 packets transmitted, 3 received)");
    run("tftp 192.0.2.1 token.txt");
    find(run("type token.txt"), token_);
  }
  // What the firmware's stack wants, and no more: no frames to others, and of the groups those in
  // its list, with IPv4's of all hosts.
  void expect_groups_in_the_device() {
    const nlohmann::json filter = expect_receive_filter("normal");
    if (HasFailure()) return;
    EXPECT_THAT(filter.at("multicast-table"), testing::Contains("01:00:5e:00:00:01"));
    EXPECT_THAT(filter.at("unicast-table"), testing::IsEmpty());
    EXPECT_EQ(filter.at("multicast-overflow"), false);
  }
  void serve() {
    token_ = random_token();
    write_served("token.txt", token_ + "\r\n");
    dnsmasq({.boot_file = {}, .ipxe_boot_file = {}, .tftp_directory = served(), .lines = {}});
  }

  std::string driver_;
  std::string nic_;
  std::string token_;
};

TEST_F(DriverInShell, LeavesNothingOfConnectionsAndTheNetworkWorks) {
  serve();
  start();
  if (HasFailure()) return;
  load();
  expect_our_driver(true);
  repeat_connections(nic_, kFirstRounds, Above::nothing);
  unsigned steps = 0;
  const Usage alone = growth([&] { steps = repeat_connections(nic_, kRounds, Above::nothing); });
  EXPECT_EQ(steps, 2 * kRounds);
  EXPECT_EQ(alone.of("kedge.efi"), Taken());
  EXPECT_EQ(alone.of("firmware"), Taken());
  EXPECT_EQ(alone.handles, 0);
  EXPECT_EQ(alone.protocols, 0);
  EXPECT_EQ(alone.openings, 0);
  EXPECT_LE(alone.pages, kPagesOfTheShell);
  repeat_connections(nic_, kFirstRounds, Above::stack);
  const Usage with_stack = growth([&] { steps = repeat_connections(nic_, kRounds, Above::stack); });
  EXPECT_EQ(steps, 4 * kRounds);
  EXPECT_EQ(with_stack.of("kedge.efi"), Taken());
  EXPECT_EQ(with_stack.handles, 0);
  EXPECT_EQ(with_stack.protocols, 0);
  EXPECT_EQ(with_stack.openings, 0);
  expect_our_driver(true);
  use_the_network();
  expect_groups_in_the_device();
}

TEST_F(DriverInShell, LeavesNothingWhenItIsUnloaded) {
  start();
  if (HasFailure()) return;
  load_and_unload(kFirstRounds);
  const Usage left = growth([this] { load_and_unload(kRounds); });
  EXPECT_EQ(left.of("kedge.efi"), Taken());
  EXPECT_EQ(left.of("firmware"), Taken());
  EXPECT_EQ(left.handles, 0);
  EXPECT_EQ(left.protocols, 0);
  EXPECT_EQ(left.openings, 0);
  EXPECT_LE(left.pages, kPagesOfTheShell);
  EXPECT_FALSE(is_loaded());
  load();
  expect_our_driver(true);
}

// The machine's IOMMU refuses each access of the NIC to memory that our driver did not map for it
// (tests/uefi/iommu.cpp).
class DriverUnderIommu : public DriverInShell, public testing::WithParamInterface<RomNic> {
 protected:
  struct Mappings {
    int ever = 0;
    int live = 0;
  };
  // None of all accesses was refused.
  Mappings mappings() {
    const std::string line =
        ask("load -nc iommu.efi", "^(iommu: maps [0-9]+ live [0-9]+ faults [0-9]+)$");
    fmt::print("{}\n", line);
    const auto match =
        Pattern::must_compile("maps ([0-9]+) live ([0-9]+) faults ([0-9]+)").search(line);
    if (!match) return {};  // the test has failed
    EXPECT_EQ(match->groups.at(3), "0") << line;
    return {std::stoi(match->groups.at(1)), std::stoi(match->groups.at(2))};
  }
};
// All that read and write memory: NE2000 does not.
std::vector<RomNic> nics_with_dma() {
  std::vector<RomNic> nics(std::begin(kRomNics), std::end(kRomNics));
  std::erase_if(nics, [](const RomNic& nic) { return std::string_view(nic.name) == "Ne2kPci"; });
  return nics;
}
INSTANTIATE_TEST_SUITE_P(Of, DriverUnderIommu, testing::ValuesIn(nics_with_dma()),
                         [](const auto& info) { return info.param.name; });

TEST_P(DriverUnderIommu, ReachesOnlyWhatIsMappedAndUnmapsIt) {
  serve();
  MachineSpec spec = machine();
  if (GetParam().newer_qemu) use_newer_qemu(spec);
  spec.arguments.insert(spec.arguments.end(), {"-device", "intel-iommu,intremap=off"});
  spec.entropy_device = false;  // virtio devices pass by the IOMMU unless they are told not to
  NicSpec nic{.model = GetParam().model};
  if (nic.model == kVirtioNet.model) nic.properties = {"disable-legacy=on", "iommu_platform=on"};
  start(std::move(spec), std::move(nic), DriveKind::usb);
  if (HasFailure()) return;
  find(run("load -nc iommu.efi"), "(iommu: on)");
  const Mappings before = mappings();
  load();
  expect_our_driver(true);
  run("connect -r " + nic_);
  use_the_network();
  if (GetParam().model == kVirtioNet.model) expect_groups_in_the_device();
  const Mappings during = mappings();
  EXPECT_GT(during.live, before.live);
  unload();
  const Mappings after = mappings();
  EXPECT_EQ(after.live, before.live);
}

}  // namespace
}  // namespace kedge::host::e2e
