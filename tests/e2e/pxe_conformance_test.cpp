// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the UEFI conformance tests ask of PXE Base Code, asked of ours by an image that Kedge starts
// (tests/uefi/conformance/pxe*.cpp): real servers, and somebody who sends datagrams to it.
#include <fmt/format.h>

#include "support/file.h"
#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/canned_server.h"
#include "tests/e2e/rig/packages.h"
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
             .lines = {fmt::format("dhcp-host=52:54:00:12:34:56,{}", kGuest),
                       // There is a boot server, and none for the type that is asked for.
                       "pxe-service=X86-64_EFI,discovered,discovered.efi"}});
    auto sender = DatagramSender::start(network(), std::string(kGuest), {69, 80});
    E2E_ASSERT_OK(sender);
    sender_ = *std::move(sender);
  }
  std::string script(std::string_view arguments) {
    return fmt::format("chain {} {}\n", http_url("conformance.efi"), arguments);
  }
  void start(std::string_view arguments) {
    const auto application = dist("x86_64/kedge.efi");
    if (HasFailure()) return;
    serve("kedge.efi");
    if (HasFailure()) return;
    MachineSpec spec = machine();
    add_nic(spec, {.model = "virtio-net-pci"});
    add_boot_disk(spec, application, "#!ipxe\ndhcp\n" + script(arguments));
    if (!HasFailure()) boot(spec);
  }
  void start_by_rom(std::string_view arguments) {
    const auto rom = dist("roms/efi-virtio.rom");
    if (HasFailure()) return;
    write_served("given.ipxe", "#!ipxe\n" + script(arguments));
    serve("given.ipxe");
    if (HasFailure()) return;
    MachineSpec spec = machine();
    add_nic(spec, {.model = "virtio-net-pci", .rom = rom.string(), .boot_index = 0});
    spec.fw_cfg.push_back("name=opt/org.kedge/personality,string=takeover");
    spec.fw_cfg.push_back("name=opt/org.kedge/url,string=" + http_url("given.ipxe"));
    boot(spec);
  }
  void expect_no_failure(int questions_min) {
    const auto all = expect_console(R"(conformance: end (\d+) asked, (\d+) failed, (\d+) left out)",
                                    kQuestionsTimeout);
    if (!all) return;
    EXPECT_EQ(all->match.groups.at(2), "0") << "failed";
    EXPECT_EQ(all->match.groups.at(3), "0") << "left out";
    EXPECT_GE(std::stoi(all->match.groups.at(1)), questions_min) << "all questions were asked";
    EXPECT_FALSE(vm().serial().search(Pattern::literal(" FAIL ")));
  }

 private:
  std::unique_ptr<DatagramSender> sender_;
};

TEST_F(PxeConformance, OfAnImageThatTheApplicationStarts) {
  start("pxe");
  if (!HasFailure()) expect_no_failure(60);
}

TEST_F(PxeConformance, OfAnImageThatTheOptionRomStarts) {
  start_by_rom("pxe");
  if (!HasFailure()) expect_no_failure(60);
}

// atftpd speaks the MTFTP of the PXE specification.
TEST_F(PxeConformance, ReadsAFileInASessionOfARealServer) {
  const auto configuration = directory() / "mtftp.conf";
  E2E_ASSERT_OK(write_file(configuration, "client.bin 239.255.69.1 1760\n"));
  // Without a route to the group its blocks stay with the server, which says nothing of that.
  E2E_ASSERT_OK(network().ip({"route", "add", "239.0.0.0/8", "dev", std::string(kBridge)}));
  const auto log_file = directory() / "atftpd.log";
  E2E_ASSERT_OK(write_file(log_file, ""));  // atftpd makes none
  const auto program = package_directory("own-amd64", "atftpd") / "usr/sbin/atftpd";
  start("mtftp file=client.bin");
  if (HasFailure()) return;
  ProcessSpec spec;
  spec.arguments = {program.string(),
                    "--daemon",
                    "--no-fork",
                    "--port",
                    "6969",
                    "--mtftp-port",
                    "1759",
                    "--mtftp",
                    configuration.string(),
                    "--user",
                    "root.root",
                    "--logfile",
                    log_file.string(),
                    "--verbose=7",
                    served().string()};
  spec.network_namespace = network().descriptor();
  const auto server = Process::start(spec);
  E2E_ASSERT_OK(server);
  expect_no_failure(3);
  const auto log = read_file(log_file);
  E2E_ASSERT_OK(log);
  EXPECT_NE(log->find("End of transfer"), std::string::npos) << "the session was not the server's";
}

}  // namespace
}  // namespace kedge::host::e2e
