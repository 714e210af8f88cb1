// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The rig itself, proved with somebody else's boot firmware: when these pass and a test of Kedge
// does not, the fault is Kedge's.
#include "tests/e2e/rig/fixture.h"

namespace kedge::host::e2e {
namespace {

constexpr const char* kIpxeSnpOnly = "/usr/lib/ipxe/snponly.efi";

class Peer : public E2eTest {};

// OVMF's own PXE, TFTP from dnsmasq, the DHCP user class, HTTP from nginx, the kernel, two initrds.
TEST_F(Peer, OvmfLoadsIpxeByTftpAndIpxeBootsTheKernelOverHttp) {
  if (!std::filesystem::exists(kIpxeSnpOnly)) GTEST_SKIP() << "the package ipxe is not installed";
  const auto payload = make_payload(Architecture::x86_64, served());
  E2E_ASSERT_OK(payload);
  std::filesystem::copy_file(kIpxeSnpOnly, served() / "snponly.efi");
  write_served("boot.ipxe", payload_script(*payload, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = "snponly.efi",
           .ipxe_boot_file = http_url("boot.ipxe"),
           .tftp_directory = served(),
           .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec, {.boot_index = 0});
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_console("Start PXE over IPv4");
  expect_console("iPXE initialising devices");
  expect_proof(*payload);

  const auto messages = captured_dhcp();
  std::size_t from_ipxe = 0;
  for (const DhcpSeen& message : messages) {
    if (message.type == kDhcpDiscover && message.user_class.find("iPXE") != std::string::npos) {
      ++from_ipxe;
    }
  }
  EXPECT_GE(from_ipxe, 1);
  EXPECT_GT(count_dhcp(messages, kDhcpDiscover), from_ipxe) << "OVMF's own DISCOVER is missing";
  EXPECT_NE(nginx_requests().find("GET /second.img"), std::string::npos);
}

}  // namespace
}  // namespace kedge::host::e2e
