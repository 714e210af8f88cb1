// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// conformance.efi, which asks what the UEFI conformance tests ask, in the shell, with the
// firmware's stack on the NIC: of the drivers of others, where it finds what those tests find, and
// of our ROMs, where nothing fails. CMakeLists.txt says which of them `make test` asks.
#include <fmt/format.h>

#include <charconv>
#include <ostream>

#include "tests/e2e/rig/packages.h"
#include "tests/e2e/rig/shell.h"
#include "tests/e2e/rom_boots.h"

namespace kedge::host::e2e {
namespace {

constexpr unsigned kAttempts = 3;  // the serial port may lose a piece of a line
// Simple Network's interface is on three handles: the NIC's, and those of PXE over IPv4 and IPv6.
constexpr unsigned kHandles = 3;
constexpr unsigned kSnpQuestions = 46;
constexpr unsigned kWireQuestions = 7;

class ConformanceTest : public ShellTest {
 protected:
  struct Count {
    unsigned asked = 0;
    unsigned failed = 0;
    unsigned left_out = 0;
    std::string complaints;  // the lines of those
  };

  // A machine in the shell, with the NIC and everything that the firmware puts on it.
  void start(NicSpec nic, bool newer_qemu = false, std::vector<std::string> fw_cfg = {}) {
    MachineSpec spec = machine();
    if (newer_qemu) use_newer_qemu(spec);
    spec.fw_cfg = std::move(fw_cfg);
    const auto program = test_program("conformance.efi");
    if (HasFailure()) return;
    add_shell_disk(spec, {{"conform.efi", program}});
    if (HasFailure()) return;
    add_nic(spec, std::move(nic));
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    run("connect -r", kBootTimeout);
  }

  Count ask(std::string_view suite) {
    const Pattern total = Pattern::must_compile(
        fmt::format("conformance: {} ([0-9]+) asked, ([0-9]+) failed, ([0-9]+) left out$", suite));
    for (unsigned attempt = 0; attempt < kAttempts && !HasFailure(); ++attempt) {
      Count count;
      bool is_complete = false;
      for (const std::string& line : run(fmt::format("conform.efi {}", suite), kBootTimeout)) {
        if (line.contains(" FAIL ") || line.contains("left out: ")) count.complaints += line + "\n";
        const auto match = total.search(line);
        if (!match) continue;
        is_complete = true;
        count.asked = number(match->groups[match->groups.size() - 3]);
        count.failed = number(match->groups[match->groups.size() - 2]);
        count.left_out = number(match->groups.back());
      }
      if (is_complete) return count;
    }
    ADD_FAILURE() << "conformance.efi does not come to an end with " << suite;
    return {};
  }
  // None fails, and there are as many as there should be. How many those are of other suites
  // depends on what the firmware puts on the NIC.
  void expect_no_failure(std::string_view suite, unsigned asked_min) {
    const Count count = ask(suite);
    EXPECT_GE(count.asked, asked_min) << suite;
    EXPECT_EQ(count.failed, 0) << count.complaints;
    EXPECT_EQ(count.left_out, 0) << count.complaints;
    fmt::print("{}: {} asked, {} failed\n", suite, count.asked, count.failed);
  }

 private:
  static unsigned number(const std::string& digits) {
    unsigned value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
};

// The official tests' own counts for these two drivers: 88 of 138, and 6 of 120.
class ConformanceOfPeers : public ConformanceTest {};

TEST_F(ConformanceOfPeers, InIpxesRomManyFail) {
  start({.rom = "default"});
  const Count count = ask("snp");
  EXPECT_EQ(count.asked, kHandles * kSnpQuestions);
  EXPECT_EQ(count.failed, 88) << count.complaints;
}

TEST_F(ConformanceOfPeers, InTheNewerRomOfIpxeTheSameFail) {
  const auto rom = package_directory("trixie-all", "ipxe-qemu") / "usr/share/qemu/efi-virtio.rom";
  ASSERT_TRUE(std::filesystem::exists(rom)) << rom << "; run tools/deps";
  start({.rom = rom.string()});
  const Count count = ask("snp");
  EXPECT_EQ(count.asked, kHandles * kSnpQuestions);
  EXPECT_EQ(count.failed, 88) << count.complaints;
}

// It has no multicast filters, of which four questions are, and no statistics, by which Reset is
// judged.
TEST_F(ConformanceOfPeers, InTheFirmwaresOwnDriverSomeFail) {
  start({});
  const Count count = ask("snp");
  EXPECT_EQ(count.asked, kHandles * (kSnpQuestions - 4 - 2));
  EXPECT_EQ(count.failed, kHandles * 2) << count.complaints;
  EXPECT_EQ(count.left_out, kHandles) << count.complaints;
}

struct Rom {
  const char* name;
  RomSet set;
  const char* personality;  // nothing is told where there is no choice
};

void PrintTo(const Rom& rom, std::ostream* out) {
  *out << rom.name;
}

constexpr Rom kRoms[] = {
    {"DriverOnly", RomSet::driver_only, ""},
    {"Driver", RomSet::full, "driver"},
    {"Both", RomSet::full, "both"},
};

class ConformanceOfRoms : public ConformanceTest,
                          public testing::WithParamInterface<std::tuple<RomNic, Rom>> {};

INSTANTIATE_TEST_SUITE_P(Of, ConformanceOfRoms,
                         testing::Combine(testing::ValuesIn(kRomNics), testing::ValuesIn(kRoms)),
                         [](const auto& info) {
                           return fmt::format("{}As{}", std::get<0>(info.param).name,
                                              std::get<1>(info.param).name);
                         });

TEST_P(ConformanceOfRoms, NothingFails) {
  const auto& [nic, rom] = GetParam();
  const auto file =
      dist(fmt::format("roms/{}{}", rom.set == RomSet::full ? "" : "driver-only/", nic.rom));
  if (HasFailure()) return;
  // Firmware that knows the option leaves a virtio NIC to the ROM.
  std::vector<std::string> fw_cfg = {"name=opt/org.tianocore/VirtioNetSupport,string=no"};
  if (*rom.personality != '\0') {
    fw_cfg.push_back(fmt::format("name=opt/org.kedge/personality,string={}", rom.personality));
  }
  start({.model = nic.model, .rom = file.string()}, nic.newer_qemu, fw_cfg);
  expect_no_failure("snp", kHandles * kSnpQuestions);
  expect_no_failure("wire", kHandles * kWireQuestions);
  expect_no_failure("name", 14);
  expect_no_failure("adapter", 17);
  expect_no_failure("vlan", 20);
  expect_no_failure("config", 22);
}

// Nothing of the firmware's is on this NIC: its VLAN Config is ours.
TEST_F(ConformanceTest, OfATakeoversVlanConfigNothingFails) {
  const auto file = dist(fmt::format("roms/{}", kVirtioNet.rom));
  if (HasFailure()) return;
  start({.model = kVirtioNet.model, .rom = file.string()}, false,
        {"name=opt/org.tianocore/VirtioNetSupport,string=no",
         "name=opt/org.kedge/personality,string=takeover"});
  expect_no_failure("vlan", 20);
}

}  // namespace
}  // namespace kedge::host::e2e
