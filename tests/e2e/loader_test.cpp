// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Boot loaders of others that Kedge starts, which use the network that they find on the NIC: GRUB
// by Simple Network, shim by PXE Base Code. Debian's own signed files.
#include <fmt/format.h>

#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/packages.h"

namespace kedge::host::e2e {
namespace {

constexpr const char* kShim = "/usr/lib/shim/shimx64.efi.signed";

class KedgeStarts : public KedgeBoots {
 protected:
  /// A file of a package, served under another name.
  void serve(const std::filesystem::path& file, std::string_view name) {
    std::error_code failed;
    std::filesystem::copy_file(file, served() / name, failed);
    ASSERT_FALSE(failed) << file << ": " << failed.message() << "; run tools/deps";
  }
  void serve_grub(const Payload& payload) {
    serve(package_directory("own-amd64", "grub-efi-amd64-signed") /
              "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
          "grubx64.efi");
    // By TFTP, from the server that DHCP's packets name: the signed GRUB has nothing else.
    std::filesystem::create_directories(served() / "grub");
    write_served("grub/grub.cfg",
                 fmt::format("echo grub-configuration-read\n"
                             "linux /vmlinuz {}\ninitrd /initrd.img /second.img\nboot\n",
                             payload.command_line));
  }
  void start(const std::filesystem::path& application, const std::string& script) {
    nginx();
    dnsmasq({.boot_file = "kedge.efi", .tftp_directory = served(), .lines = {}});
    MachineSpec spec = machine();
    add_nic(spec);
    add_boot_disk(spec, application, script);
    boot_and_prove(spec, std::chrono::seconds(240));
  }
};

TEST_F(KedgeStarts, GrubThatUsesSimpleNetwork) {
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
TEST_F(KedgeStarts, GrubThatReturns) {
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
TEST_F(KedgeStarts, ShimThatLoadsGrubThroughPxeBaseCode) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  serve(kShim, "shimx64.efi");
  serve_grub(*files);
  if (HasFailure()) return;
  start(application, "#!ipxe\ndhcp\nchain " + http_url("shimx64.efi") + "\n");
  EXPECT_NE(nginx_requests().find("GET /grubx64.efi"), std::string::npos);
  EXPECT_EQ(count_dhcp(captured_dhcp(), kDhcpDiscover), 1);
}

}  // namespace
}  // namespace kedge::host::e2e
