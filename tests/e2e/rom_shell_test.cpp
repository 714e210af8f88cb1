// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The option ROM's driver in the UEFI shell, with the personality `both`: what a person sees of it,
// options that are set there, and that it goes without a trace.
#include <fmt/format.h>

#include "support/file.h"
#include "tests/e2e/rig/shell.h"

namespace kedge::host::e2e {
namespace {

constexpr unsigned kFirstRounds = 2;
constexpr unsigned kRounds = 10;
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

}  // namespace
}  // namespace kedge::host::e2e
