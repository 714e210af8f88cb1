// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Boot loaders of others that Kedge starts, which use the network that they find on the NIC: GRUB
// by Simple Network, shim by PXE Base Code. Debian's own signed files.
#include "support/file.h"
#include "tests/e2e/loader_boots.h"
#include "tests/e2e/rig/vlan_trunk.h"

namespace kedge::host::e2e {
namespace {

class KedgeStarts : public LoaderBoots, public testing::WithParamInterface<const char*> {
 protected:
  // dnsmasq's TFTP takes no files.
  enum class Tftp : std::uint8_t { dnsmasq, tftpd };
  MachineSpec machine_with(const std::filesystem::path& application, const std::string& script,
                           Tftp server = Tftp::dnsmasq,
                           std::vector<std::string> lines_of_dnsmasq = {}) {
    nginx();
    if (server == Tftp::tftpd) tftpd();
    dnsmasq({.boot_file = "kedge.efi",
             .tftp_directory = server == Tftp::dnsmasq ? served() : std::filesystem::path(),
             .lines = std::move(lines_of_dnsmasq)});
    MachineSpec spec = machine();
    add_nic(spec, {.model = GetParam()});
    add_boot_disk(spec, application, script);
    return spec;
  }
  void start(const std::filesystem::path& application, const std::string& script) {
    boot_and_prove(machine_with(application, script), std::chrono::seconds(240));
  }
};

INSTANTIATE_TEST_SUITE_P(
    Over, KedgeStarts, testing::Values("virtio-net-pci", "e1000e", "rtl8139"),
    [](const auto& info) {
      return std::string(info.param).substr(0, std::string_view(info.param).find('-'));
    });

TEST_P(KedgeStarts, GrubThatUsesSimpleNetwork) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  serve_grub(*files);
  if (HasFailure()) return;
  start(application, "#!ipxe\ndhcp\nchain " + tftp_url("grubx64.efi") + "\n");
  EXPECT_EQ(count_dhcp(captured_dhcp(), kDhcpDiscover), 1)
      << "GRUB takes its address from PXE Base Code's packets";
}

// What GRUB has opened is gone with it; the script goes on, with the NIC and its address.
TEST_P(KedgeStarts, GrubThatReturns) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  serve_grub(*files);
  write_served("grub/grub.cfg", "echo grub-configuration-read\nexit\n");
  if (HasFailure()) return;
  std::string rest = payload_script(*files, http_url(""), Address::there_already);
  rest.erase(0, rest.find('\n'));
  start(application, "#!ipxe\ndhcp\nchain " + tftp_url("grubx64.efi") + " ||\nimgfree" + rest);
  EXPECT_TRUE(vm().serial().search(Pattern::literal("grub-configuration-read")))
      << "GRUB did not run";
  EXPECT_EQ(count_dhcp(captured_dhcp(), kDhcpDiscover), 1);
}

// Over HTTP: shim takes the URI for a file name, and Mtftp fetches it.
TEST_P(KedgeStarts, ShimThatLoadsGrubThroughPxeBaseCode) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  serve_shim();
  serve_grub(*files);
  if (HasFailure()) return;
  start(application, "#!ipxe\ndhcp\nchain " + http_url("shimx64.efi") + "\n");
  EXPECT_NE(nginx_requests().find("GET /grubx64.efi"), std::string::npos);
  EXPECT_EQ(count_dhcp(captured_dhcp(), kDhcpDiscover), 1);
}

// As the boot loader of Windows does. tests/uefi/network_client.cpp says what it wants to see.
TEST_P(KedgeStarts, AProgramThatUsesPxeBaseCodeAndSimpleNetworkAtOnce) {
  const std::string token = random_token();
  std::string content;
  while (content.size() < 1500) content += random_token();
  write_served("client.bin", content);
  serve(test_program("network-client.efi"), "network-client.efi");
  const auto application = dist("x86_64/kedge.efi");
  if (HasFailure()) return;
  // Back in the script, the NIC works as before.
  const MachineSpec spec = machine_with(
      application,
      fmt::format("#!ipxe\ndhcp\nchain {} {} || goto end\n"
                  "imgfetch {} && echo back-{}\n:end\npoweroff\n",
                  http_url("network-client.efi"), token, http_url("client.bin"), token),
      Tftp::tftpd, {"pxe-service=X86-64_EFI,discovered,discovered.efi"});
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console(Pattern::literal(fmt::format("network-client {} ok", token)));
  expect_console(Pattern::literal("back-" + token));
  const auto written = read_file(served() / "written.bin");
  E2E_ASSERT_OK(written);
  EXPECT_EQ(*written, content);
}

class KedgesRomStarts : public LoaderBoots {
 protected:
  /// The option ROM of dist/ takes over, and what it starts has its network too: nothing of the
  /// firmware's is on this NIC.
  void boot_as_takeover(MachineSpec spec) {
    spec.fw_cfg.emplace_back("name=opt/org.kedge/personality,string=takeover");
    spec.fw_cfg.emplace_back("name=opt/org.kedge/failure-timeout,string=0");
    boot_and_prove(spec, std::chrono::seconds(240));
    EXPECT_NE(nginx_requests().find("GET /grubx64.efi"), std::string::npos)
        << "shim did not take GRUB from where it came from itself";
    EXPECT_EQ(count_dhcp(captured_dhcp(), kDhcpDiscover), 1);
    EXPECT_FALSE(vm().serial().search(Pattern::literal("Start PXE")));
  }
};

TEST_F(KedgesRomStarts, ShimThatLoadsGrubThroughPxeBaseCode) {
  const auto rom = dist("roms/efi-virtio.rom");
  const auto* files = payload();
  if (HasFailure()) return;
  serve_shim_by_http(*files);
  MachineSpec spec = machine();
  add_nic(spec, {.model = kVirtioNetChip.model, .rom = rom, .boot_index = 0});
  boot_as_takeover(std::move(spec));
}

// shim by PXE Base Code and GRUB by Simple Network are in the VLAN of the boot, and know nothing of
// it.
TEST_F(KedgesRomStarts, ShimAndGrubInAVlan) {
  constexpr std::uint16_t kId = 100;
  const auto rom = dist("roms/efi-virtio.rom");
  const auto* files = payload();
  if (HasFailure()) return;
  const auto trunk = VlanTrunk::start(network(), kId);
  E2E_ASSERT_OK(trunk);
  serve_shim_by_http(*files);
  MachineSpec spec = machine();
  VlanTrunk::add_nic(spec, fmt::format("{},bootindex=0", kVirtioNetChip.model), rom.string());
  spec.fw_cfg.push_back(fmt::format("name=opt/org.kedge/vlan,string={}", kId));
  boot_as_takeover(std::move(spec));
  EXPECT_GT((*trunk)->tagged(), 0);
  EXPECT_EQ((*trunk)->others(), 0);
}

}  // namespace
}  // namespace kedge::host::e2e
