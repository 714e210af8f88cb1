// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the UEFI conformance tests ask of PXE Base Code, asked of ours by an image that Kedge starts
// (tests/uefi/conformance/pxe*.cpp): real servers, and somebody who sends datagrams to it.
#include <fmt/format.h>

#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/canned_server.h"
#include "tests/e2e/rig/shell.h"

namespace kedge::host::e2e {
namespace {

constexpr std::string_view kGuest = "192.0.2.150";
// DHCP, Arp and files that nobody has, each with its whole timeout.
constexpr Duration kQuestionsTimeout = std::chrono::seconds(400);

class PxeConformance : public KedgeBoots {
 protected:
  /// Servers, the sender, and the program beside its file.
  void serve(std::string boot_file) {
    std::string content;
    while (content.size() < 1500) content += random_token();
    write_served("client.bin", content);
    std::error_code failed;
    std::filesystem::copy_file(test_program("conformance.efi"), served() / "conformance.efi",
                               failed);
    ASSERT_FALSE(failed) << failed.message();
    nginx();
    dnsmasq({.boot_file = std::move(boot_file),
             .tftp_directory = served(),
             .lines = {fmt::format("dhcp-host=52:54:00:12:34:56,{}", kGuest)}});
    auto sender = DatagramSender::start(network(), std::string(kGuest), {69, 80});
    E2E_ASSERT_OK(sender);
    sender_ = *std::move(sender);
  }
  void expect_no_failure() {
    const auto all = expect_console(R"(conformance: end (\d+) asked, (\d+) failed, (\d+) left out)",
                                    kQuestionsTimeout);
    if (!all) return;
    EXPECT_EQ(all->match.groups.at(2), "0") << "failed";
    EXPECT_EQ(all->match.groups.at(3), "0") << "left out";
    EXPECT_GE(std::stoi(all->match.groups.at(1)), 60) << "all questions were asked";
    EXPECT_FALSE(vm().serial().search(Pattern::literal(" FAIL ")));
  }

 private:
  std::unique_ptr<DatagramSender> sender_;
};

TEST_F(PxeConformance, OfAnImageThatTheApplicationStarts) {
  const auto application = dist("x86_64/kedge.efi");
  if (HasFailure()) return;
  serve("kedge.efi");
  if (HasFailure()) return;
  MachineSpec spec = machine();
  add_nic(spec, {.model = "virtio-net-pci"});
  add_boot_disk(spec, application,
                fmt::format("#!ipxe\ndhcp\nchain {} pxe\n", http_url("conformance.efi")));
  if (HasFailure()) return;
  boot(spec);
  if (!HasFailure()) expect_no_failure();
}

}  // namespace
}  // namespace kedge::host::e2e
