// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The option ROM on a virtio NIC: its personalities, the channels that choose them, and what is
// left when a boot of ours has failed. The ROM's built-in personality is takeover.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/variable_store.h"

namespace kedge::host::e2e {
namespace {

constexpr const char* kMac0 = "52:54:00:12:34:56";
constexpr const char* kMac1 = "52:54:00:12:34:57";
constexpr const char* kBootOption = R"("UEFI MAC:525400123456 Kedge")";
// Kedge asks a person for as long; nobody is there.
constexpr const char* kDoNotAsk = "failure-timeout";

class RomPersonality : public KedgeBoots {
 protected:
  std::string rom(const Chip& chip = kVirtioNetChip) {
    return KedgeBoots::rom(chip, "x86_64/kedge-rom.efi");
  }
  MachineSpec machine_with_rom(const Chip& chip = kVirtioNetChip) {
    MachineSpec spec = machine();
    add_nic(spec, {.model = chip.model, .rom = rom(chip), .boot_index = 0});
    set(spec, kDoNotAsk, "0");
    return spec;
  }
  static void set(MachineSpec& spec, std::string_view key, std::string_view value) {
    spec.fw_cfg.push_back(fmt::format("name=opt/org.kedge/{},string={}", key, value));
  }
  static void set_oem_string(MachineSpec& spec, std::string_view text) {
    spec.arguments.insert(spec.arguments.end(),
                          {"-smbios", fmt::format("type=11,value=kedge:{}", text)});
  }
  void set_variable(const MachineSpec& spec, std::string_view key, std::string_view value) {
    const auto added = add_kedge_variable(spec.firmware_vars, key, value);
    E2E_ASSERT_OK(added);
  }
  // For the firmware's own PXE: a program that shows a token.
  Pattern serve_program() {
    auto program = make_next_boot_option(directory());
    if (!program) {
      ADD_FAILURE() << program.error().what;
      return Pattern::literal("nothing");
    }
    std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
    return program->proof;
  }
  std::size_t discovers(std::string_view user_class) {
    std::size_t count = 0;
    for (const DhcpSeen& message : captured_dhcp()) {
      if (message.type == kDhcpDiscover && message.user_class == user_class) ++count;
    }
    return count;
  }
};

// Scenario 1 of the design, over a NIC that nobody else drives. fw_cfg is the strongest channel.
TEST_F(RomPersonality, AsDriverItIsSilentAndTheFirmwaresOwnPxeBoots) {
  const Pattern program = serve_program();
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  MachineSpec spec = machine_with_rom(kE1000eChip);
  set_oem_string(spec, "personality=takeover");
  set(spec, "personality", "driver");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(program);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Kedge")))
      << "a driver prints nothing and has no boot option";
  EXPECT_EQ(discovers("iPXE"), 0U);
}

// Scenario 4. An unknown personality is named, and the next channel decides.
TEST_F(RomPersonality, AsTakeoverKedgeBootsWhatDhcpNames) {
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  MachineSpec spec = machine_with_rom();
  set(spec, "personality", "Takeover");
  set_oem_string(spec, "personality=takeover");
  set_oem_string(spec, "52:54:00:99:99:99:personality=driver");
  boot_and_prove(spec);
  EXPECT_TRUE(vm().serial().search(Pattern::must_compile("fw_cfg file personality: there is no")));
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Start PXE")))
      << "the firmware's stack must not be on this NIC";
}

// The URL is one NIC's own, by an OEM string; DHCP names nothing.
TEST_F(RomPersonality, BootsTheUrlThatTheHostHasSet) {
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("given.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq();
  MachineSpec spec = machine_with_rom();
  set_oem_string(spec, fmt::format("url={}", http_url("wrong.ipxe")));
  set_oem_string(spec, fmt::format("{}:url={}", kMac0, http_url("given.ipxe")));
  boot_and_prove(spec);
}

TEST_F(RomPersonality, RunsTheScriptOfAnEfiVariable) {
  const std::string token = random_token();
  MachineSpec spec = machine();
  add_nic(spec, {.rom = rom(), .boot_index = 0}, Attachment::silent);
  if (HasFailure()) return;
  set_variable(spec, fmt::format("{}:script", kMac0),
               fmt::format("echo variable-{} ${{greeting}} && poweroff", token));
  set_variable(spec, "greeting", "from the variable");
  set_oem_string(spec, "greeting=from the host");
  boot(spec);
  if (HasFailure()) return;
  expect_console(Pattern::literal(fmt::format("variable-{} from the host", token)));
}

// The ROM of the image is a takeover unless told otherwise, those that are shipped are drivers.
class RomPersonalityByVariable : public RomPersonality {
 protected:
  MachineSpec machine_with_shipped_rom(std::string_view personality) {
    MachineSpec spec = machine();
    add_nic(spec, {.rom = dist("roms/efi-virtio.rom").string(), .boot_index = 0});
    set(spec, kDoNotAsk, "0");
    set_variable(spec, "personality", personality);
    return spec;
  }
};

TEST_F(RomPersonalityByVariable, AsDriverTheFirmwaresOwnPxeBoots) {
  const Pattern program = serve_program();
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  const MachineSpec spec = machine_with_rom();
  set_variable(spec, fmt::format("{}:personality", kMac0), "driver");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(program);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Kedge")));
}

TEST_F(RomPersonalityByVariable, AsTakeoverKedgeBoots) {
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("given.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq();
  const MachineSpec spec = machine_with_shipped_rom("takeover");
  set_variable(spec, "url", http_url("given.ipxe"));
  boot_and_prove(spec);
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Start PXE")));
}

TEST_F(RomPersonalityByVariable, AsBothOneBootOptionFollowsTheOther) {
  const std::string token = random_token();
  const Pattern program = serve_program();
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  const MachineSpec spec = machine_with_shipped_rom("both");
  set_variable(spec, "script", fmt::format("echo kedge-{} && exit 1", token));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(Pattern::literal("kedge-" + token));
  expect_console(program);
}

// Kedge takes the NIC from the firmware's stack and gives it back: the firmware's own boot option,
// on the same NIC, works afterwards. Both are in the menu under names that a person can tell apart.
TEST_F(RomPersonality, AsBothTheFirmwaresBootOptionWorksAfterOursHasFailed) {
  const std::string token = random_token();
  const Pattern program = serve_program();
  write_served("fails.ipxe", fmt::format("#!ipxe\necho kedge-{}\nexit 1\n", token));
  dnsmasq({.boot_file = "program.efi",
           .ipxe_boot_file = "fails.ipxe",
           .tftp_directory = served(),
           .lines = {}});
  MachineSpec spec = machine_with_rom();
  set(spec, "personality", "driver");
  set(spec, fmt::format("{}/personality", kMac0), "both");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(Pattern::literal("kedge-" + token));
  expect_console(fmt::format("failed to load .*{}", kBootOption));
  expect_console(program);
  EXPECT_EQ(discovers("iPXE"), 1U) << "the boot manager's calls must not boot twice";
}

// Two copies of the ROM, one NIC each. The takeover comes first, ends, and the firmware boots over
// the other NIC.
TEST_F(RomPersonality, TwoNicsHaveTwoPersonalities) {
  const std::string token = random_token();
  const Pattern program = serve_program();
  write_served("ends.ipxe",
               fmt::format("#!ipxe\necho only-{} ${{net0/mac}} ${{net1/mac}}.\nexit 1\n", token));
  dnsmasq({.boot_file = "program.efi",
           .ipxe_boot_file = "ends.ipxe",
           .tftp_directory = served(),
           .lines = {}});
  MachineSpec spec = machine();
  const std::string file = rom();
  add_nic(spec, {.rom = file, .boot_index = 1});
  add_nic(spec, {.rom = file, .boot_index = 0});
  set(spec, kDoNotAsk, "0");
  set_oem_string(spec, "personality=driver");
  set_oem_string(spec, fmt::format("{}:personality=takeover", kMac1));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(Pattern::literal(fmt::format("only-{} {} .", token, kMac1)));
  expect_console(R"(failed to load .*"UEFI MAC:525400123457 Kedge")");
  expect_console(program);
  for (const DhcpSeen& message : captured_dhcp()) {
    if (message.type != kDhcpDiscover && message.type != kDhcpRequest) continue;
    EXPECT_EQ(message.user_class == "iPXE", message.client == kMac1) << message.client;
  }
}

// No disk, and nobody answers on the NIC of the ROM: the machine goes on to its other NIC.
TEST_F(RomPersonality, WithoutADiskTheNextBootOptionIsTheOtherNic) {
  const Pattern program = serve_program();
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec, {.rom = rom(), .boot_index = 0}, Attachment::silent);
  add_nic(spec, {.boot_index = 1});
  set(spec, kDoNotAsk, "0");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console("Boot failed: ");
  expect_console(fmt::format("failed to load .*{}", kBootOption));
  expect_console(program);
}

// Nobody answers DHCP: the machine goes on to its disk.
TEST_F(RomPersonality, WhereATakeoverFailsTheNextBootOptionBoots) {
  MachineSpec spec = machine();
  add_nic(spec, {.rom = rom(), .boot_index = 0}, Attachment::silent);
  add_next_boot_option(spec);
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(R"(^Kedge \S+)");
  expect_next_boot_option();
  EXPECT_TRUE(vm().serial().search(Pattern::literal("Boot failed: ")));
}

}  // namespace
}  // namespace kedge::host::e2e
