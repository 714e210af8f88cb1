// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What goes wrong in the field. Each time Kedge says so in words with a stable code, gives
// everything back, and the firmware's next boot option runs.
#include <fmt/format.h>

#include <ostream>

#include "support/file.h"
#include "tests/e2e/rig/canned_server.h"
#include "tests/e2e/rig/fixture.h"

namespace kedge::host::e2e {
namespace {

constexpr const char* kCode = R"(\(K-[0-9a-f]{8}\))";

class KedgeFails : public E2eTest {
 protected:
  // A machine with Kedge and the script first, and another program as the next boot option.
  void start(const std::string& script, NicSpec nic = {},
             Attachment attachment = Attachment::bridge) {
    const auto application = dist("x86_64/kedge.efi");
    if (HasFailure()) return;
    MachineSpec spec = machine();
    add_nic(spec, std::move(nic), attachment);
    add_boot_disk(spec, application, script);
    add_next_boot_option(spec);
    if (HasFailure()) return;
    boot(spec);
  }

  void expect_failure_and_return(std::string_view words) {
    if (HasFailure()) return;
    if (!expect_console(words)) return;
    if (!expect_console(kCode)) return;
    expect_next_boot_option();
    expect_banner();
  }

  void sparse_file(std::string_view name, std::uint64_t bytes) {
    const auto created = create_empty_file(served() / name, bytes);
    E2E_ASSERT_OK(created);
  }

  // Waits until the download of `name` is under way; nginx logs requests only at their end.
  void wait_for_download() {
    for (const Instant deadline = after(kBootTimeout); !nginx_has_connection();) {
      ASSERT_LT(now(), deadline) << "nobody asks for the file";
      ASSERT_EQ(vm().state(), VmState::running);
      vm().pump(after(std::chrono::milliseconds(100)));
    }
    let_pass(std::chrono::seconds(2));
  }

  void let_pass(Duration time) {
    for (const Instant end = after(time); now() < end;) vm().pump(end);
  }

  static std::string fetch(std::string_view url) {
    return fmt::format("#!ipxe\ndhcp\nkernel {}\nboot\n", url);
  }
};

TEST_F(KedgeFails, WithoutALink) {
  start("#!ipxe\ndhcp\n", {.link_up = false});
  expect_failure_and_return("no link");
}

TEST_F(KedgeFails, WithoutADhcpServer) {
  start("#!ipxe\ndhcp\n");
  expect_failure_and_return("no DHCP server answered");
}

TEST_F(KedgeFails, WhenTheDhcpServerTakesItsOfferBack) {
  const auto server = RefusingDhcpServer::start(network());
  E2E_ASSERT_OK(server);
  start("#!ipxe\ndhcp\n");
  expect_failure_and_return("NAK");
  EXPECT_GT((*server)->naks_sent(), 0);
}

TEST_F(KedgeFails, WhenTheNameIsUnknown) {
  dnsmasq();
  start(fetch("http://nobody.test/vmlinuz"));
  expect_failure_and_return("nobody\\.test");
}

TEST_F(KedgeFails, WhenTheConnectionIsRefused) {
  dnsmasq();
  start(fetch("http://192.0.2.1:81/vmlinuz"));
  expect_failure_and_return("connection refused");
}

TEST_F(KedgeFails, WhenTheFileIsNotThere) {
  nginx();
  dnsmasq();
  start(fetch(http_url("missing")));
  expect_failure_and_return("the server has no such file");
}

TEST_F(KedgeFails, InARedirectLoop) {
  nginx({"location /loop { return 302 /loop; }"});
  dnsmasq();
  start(fetch(http_url("loop")));
  expect_failure_and_return("redirect");
}

TEST_F(KedgeFails, WhenTheServerAnnouncesMoreThanItSends) {
  const auto server = CannedHttpServer::start(
      network(), 8080, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfar too short");
  E2E_ASSERT_OK(server);
  dnsmasq();
  start(fetch("http://192.0.2.1:8080/vmlinuz"));
  expect_failure_and_return("shorter than the server announced|connection ended");
}

TEST_F(KedgeFails, WhenTheServerSendsGarbage) {
  const auto server =
      CannedHttpServer::start(network(), 8080, std::string("\x00\xff\x01 HTTP?\r\n\r\n", 14));
  E2E_ASSERT_OK(server);
  dnsmasq();
  start(fetch("http://192.0.2.1:8080/vmlinuz"));
  expect_failure_and_return(kCode);
}

TEST_F(KedgeFails, OnATftpError) {
  dnsmasq({.tftp_directory = served(), .lines = {}});
  start(fetch(tftp_url("missing")));
  expect_failure_and_return("file not found|no such file|not exist");
}

TEST_F(KedgeFails, WhenTheTftpServerIsSilent) {
  const auto held = hold_udp_port(network(), 69);
  E2E_ASSERT_OK(held);
  dnsmasq();
  start(fetch(tftp_url("vmlinuz")));
  expect_failure_and_return("no answer|timed out|does not answer");
}

TEST_F(KedgeFails, OnAKernelForAnotherMachine) {
  const auto kernel = find_kernel(Architecture::aarch64);
  E2E_ASSERT_OK(kernel);
  std::filesystem::copy_file(*kernel, served() / "vmlinuz");
  nginx();
  dnsmasq();
  start(fetch(http_url("vmlinuz")));
  expect_failure_and_return("for another kind of machine");
}

TEST_F(KedgeFails, OnGarbageInsteadOfAScript) {
  std::string garbage;
  for (int i = 0; i < 4096; ++i) garbage += static_cast<char>(i * i % 251);
  write_served("garbage", garbage);
  nginx();
  dnsmasq();
  start(fmt::format("#!ipxe\ndhcp\nchain {}\n", http_url("garbage")));
  expect_failure_and_return("not an EFI application");
}

TEST_F(KedgeFails, OnAFileLargerThanTheMemory) {
  constexpr std::uint64_t kHuge = 64ULL << 30;
  sparse_file("huge", kHuge);
  nginx();
  dnsmasq();
  start(fetch(http_url("huge")));
  expect_failure_and_return("memory|too large");
}

// The firmware's timeout for a boot option is five minutes: the limits of retries must end before.
TEST_F(KedgeFails, WhenTheServerDoesNotComeBack) {
  sparse_file("slow", 64 << 20);
  nginx({"limit_rate 1m;"});
  dnsmasq();
  start(fetch(http_url("slow")));
  if (HasFailure() || !expect_console("slow")) return;
  wait_for_download();
  stop_nginx();
  expect_failure_and_return(kCode);
}

TEST_F(KedgeFails, NotWhenTheServerComesBack) {
  const auto payload = make_payload(Architecture::x86_64, served());
  E2E_ASSERT_OK(payload);
  const auto application = dist("x86_64/kedge.efi");
  if (HasFailure()) return;
  nginx({"limit_rate 1m;"});
  dnsmasq();
  MachineSpec spec = machine();
  add_nic(spec);
  add_boot_disk(spec, application, payload_script(*payload, http_url("")));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  wait_for_download();
  stop_nginx();
  let_pass(std::chrono::seconds(2));
  nginx();
  expect_proof(*payload);
  EXPECT_NE(nginx_requests().find("\" 206 "), std::string::npos)
      << "the transfer was not resumed but begun again:\n"
      << nginx_requests();
}

struct StageCase {
  const char* name;
  const char* script;   // reaches the stage
  const char* reached;  // on the console
  const char* keys;
};

void PrintTo(const StageCase& value, std::ostream* out) {
  *out << value.name;
}

class KedgeIsInterrupted : public KedgeFails, public testing::WithParamInterface<StageCase> {};

TEST_P(KedgeIsInterrupted, AndReturns) {
  sparse_file("slow", 64 << 20);
  nginx({"limit_rate 1m;"});
  if (std::string_view(GetParam().name) != "InDhcp") dnsmasq();
  const auto silent_tftp = hold_udp_port(network(), 69);
  E2E_ASSERT_OK(silent_tftp);
  start(GetParam().script);
  if (HasFailure() || !expect_console(GetParam().reached)) return;
  let_pass(std::chrono::seconds(1));
  const auto typed = vm().type(GetParam().keys);
  E2E_ASSERT_OK(typed);
  expect_failure_and_return("interrupted");
}

INSTANTIATE_TEST_SUITE_P(
    By, KedgeIsInterrupted,
    testing::Values(
        StageCase{"InDhcp", "#!ipxe\ndhcp\n", "DHCP", "\x03"},
        StageCase{"InADownload", "#!ipxe\ndhcp\nkernel http://192.0.2.1/slow\n", "slow", "\x03"},
        StageCase{"InATftpDownload", "#!ipxe\ndhcp\necho asking\nkernel tftp://192.0.2.1/slow\n",
                  "asking", "\x03"},
        StageCase{"InAPause", "#!ipxe\necho pausing\nsleep 600\n", "pausing", "\x03"}),
    [](const auto& info) { return info.param.name; });

// The question waits longer than the test: only the key can end it.
class KedgeAsks : public KedgeFails {
 protected:
  void fail_and_wait_for_the_question() {
    start("#!ipxe\nset failure-timeout 3000\nnonsense\n");
    if (!HasFailure()) (void)expect_console("any other key");
  }
  void press(std::string_view keys) {
    if (HasFailure()) return;
    const auto typed = vm().type(keys);
    E2E_ASSERT_OK(typed);
  }
};

class KedgeAsksForAKey : public KedgeAsks, public testing::WithParamInterface<const char*> {};

TEST_P(KedgeAsksForAKey, AndReturns) {
  fail_and_wait_for_the_question();
  press(GetParam());
  if (!HasFailure()) expect_next_boot_option();
}

INSTANTIATE_TEST_SUITE_P(By, KedgeAsksForAKey, testing::Values("x", "\x03"),
                         [](const auto& info) { return info.index == 0 ? "AnyKey" : "CtrlC"; });

TEST_F(KedgeAsks, AgainAfterASecondTryAndOffersAShell) {
  fail_and_wait_for_the_question();
  press("r");
  if (!HasFailure() && !expect_console("any other key")) return;
  press("s");
  if (!HasFailure() && !expect_console("kedge> ")) return;
  press("exit 1\r");
  if (!HasFailure()) expect_next_boot_option();
}

}  // namespace
}  // namespace kedge::host::e2e
