// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Who decides of a NIC's personality (docs/personality.md): a machine with many NICs, each with a
// copy of the ROM and with options of its own from every combination of channels. What each has
// become is seen in the UEFI shell.
#include <fmt/format.h>

#include <algorithm>

#include "tests/e2e/rig/rom.h"
#include "tests/e2e/rig/shell.h"
#include "tests/e2e/rig/variable_store.h"

namespace kedge::host::e2e {
namespace {

constexpr std::string_view kDriver = "driver";
constexpr std::string_view kTakeover = "takeover";
constexpr std::string_view kBoth = "both";

// What the channels say of one NIC, and what it has to become.
struct NicOptions {
  std::string_view built_in;  // kDriver or kTakeover
  std::string_view variable;  // empty: nothing
  std::string_view oem_string;
  std::string_view fw_cfg;
  std::string_view expected;
};

// Besides, an EFI variable for all NICs says `both`.
constexpr NicOptions kNics[] = {
    {kDriver, "", "", "", kBoth},
    // Each channel says each.
    {kTakeover, kDriver, "", "", kDriver},
    {kDriver, kTakeover, "", "", kTakeover},
    {kTakeover, "", kDriver, "", kDriver},
    {kDriver, "", kTakeover, "", kTakeover},
    {kTakeover, "", "", kDriver, kDriver},
    {kDriver, "", "", kTakeover, kTakeover},
    {kDriver, kBoth, "", "", kBoth},
    // Two channels, each way round.
    {kDriver, kTakeover, kDriver, "", kDriver},
    {kTakeover, kDriver, kTakeover, "", kTakeover},
    {kDriver, kTakeover, "", kDriver, kDriver},
    {kTakeover, kDriver, "", kTakeover, kTakeover},
    {kDriver, "", kTakeover, kDriver, kDriver},
    {kTakeover, "", kDriver, kTakeover, kTakeover},
    // All three.
    {kTakeover, kTakeover, kDriver, kBoth, kBoth},
    {kTakeover, kBoth, kTakeover, kDriver, kDriver},
    // What makes no sense leaves it to the next weaker channel.
    {kTakeover, kDriver, "Takeover", "no", kDriver},
};

class RomChannels : public ShellTest {
 protected:
  static std::string mac(std::size_t nic) { return nic_mac({}, nic); }

  std::string takeover_rom() {
    const auto image = dist("x86_64/kedge-rom.efi");
    const auto file = directory() / "takeover.rom";
    if (HasFailure()) return {};
    const auto made = make_rom(image, kVirtioNetChip, file);
    EXPECT_TRUE(made) << made.error().what;
    return file.string();
  }
  void set_variable(const MachineSpec& spec, std::string_view key, std::string_view value) {
    const auto added = add_kedge_variable(spec.firmware_vars, key, value);
    E2E_ASSERT_OK(added);
  }
  void start() {
    MachineSpec spec = machine();
    add_shell_disk(spec, {});
    const std::string driver = dist("roms/efi-virtio.rom").string();
    const std::string takeover = takeover_rom();
    set_variable(spec, "personality", kBoth);
    for (const NicOptions& nic : kNics) {
      const std::string key = mac(spec.nics.size()) + ":personality";
      add_nic(spec, {.rom = nic.built_in == kDriver ? driver : takeover}, Attachment::silent);
      if (!nic.variable.empty()) set_variable(spec, key, nic.variable);
      if (!nic.oem_string.empty()) {
        spec.arguments.insert(
            spec.arguments.end(),
            {"-smbios", fmt::format("type=11,value=kedge:{}={}", key, nic.oem_string)});
      }
      if (!nic.fw_cfg.empty()) {
        spec.fw_cfg.push_back(fmt::format("name=opt/org.kedge/{},string={}", key, nic.fw_cfg));
      }
    }
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
    run("connect -r", kBootTimeout);
  }
  // What the NICs have become, one word each.
  std::vector<std::string> personalities() {
    const auto options = run("dh -p LoadFile");
    const auto drivers = run("dh -p SimpleNetwork");
    std::vector<std::string> result;
    for (std::size_t nic = 0; nic < std::size(kNics); ++nic) {
      std::string address = mac(nic);
      std::erase(address, ':');
      const auto one_has = [](const auto& lines, const std::string& text) {
        return std::ranges::any_of(lines, [&](const auto& line) { return line.contains(text); });
      };
      const bool boots = one_has(options, fmt::format("MAC:{} Kedge", address));
      // The shell cuts the beginning of long paths off, and writes addresses in capital letters.
      std::ranges::transform(address, address.begin(),
                             [](char c) { return static_cast<char>(std::toupper(c)); });
      constexpr std::size_t kShown = 9;
      const bool drives =
          one_has(drivers, address.substr(address.size() - kShown) + ",0x1)/IPv4(0.0.0.0)");
      result.emplace_back(boots && drives ? kBoth
                          : boots         ? kTakeover
                          : drives        ? kDriver
                                          : "nothing");
    }
    return result;
  }
};

TEST_F(RomChannels, AreObeyedInTheirOrderForEachNic) {
  start();
  std::vector<std::string> expected;
  for (const NicOptions& nic : kNics) expected.emplace_back(nic.expected);
  // Once more where the serial port has lost something.
  if (!HasFailure() && personalities() != expected) EXPECT_EQ(personalities(), expected);
}

}  // namespace
}  // namespace kedge::host::e2e
