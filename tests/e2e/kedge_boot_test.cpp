// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Every way in which Kedge boots a machine, each proved by tokens that the booted userland prints.
#include <fmt/format.h>

#include <ostream>

#include "tests/e2e/kedge_boots.h"

namespace kedge::host::e2e {
namespace {

constexpr const char* kE1000IpxeRom = "/usr/lib/ipxe/qemu/efi-e1000.rom";

// The image on the medium carries no script, so DHCP names it.
TEST_F(KedgeBoots, FromTheIso) {
  const auto iso = dist("kedge.iso");
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec);
  spec.drives.push_back({.kind = DriveKind::cdrom, .file = iso, .boot_index = 0});
  boot_and_prove(spec);
}

TEST_F(KedgeBoots, FromTheUsbImage) {
  const auto image = dist("kedge.img");
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec);
  spec.drives.push_back(
      {.kind = DriveKind::usb, .file = image, .discard_writes = true, .boot_index = 0});
  boot_and_prove(spec);
}

struct ChainCase {
  const char* name;
  const char* application;
};

void PrintTo(const ChainCase& value, std::ostream* out) {
  *out << value.name;
}

class KedgeIsChainLoaded : public KedgeBoots, public testing::WithParamInterface<ChainCase> {};

// By OVMF's own PXE from dnsmasq, the NIC without a ROM. The lease that the firmware got is used
// on.
TEST_P(KedgeIsChainLoaded, ByTheFirmwaresPxe) {
  const auto application = dist(GetParam().application);
  const auto* files = payload();
  if (HasFailure()) return;
  std::filesystem::copy_file(application, served() / "loader.efi");
  write_served("autoexec.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = "loader.efi", .tftp_directory = served(), .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec, {.boot_index = 0});
  boot_and_prove(spec);

  const auto messages = captured_dhcp();
  EXPECT_EQ(count_dhcp(messages, kDhcpDiscover), 1)
      << "the firmware sends one DISCOVER; another one means that its lease was not used";
  for (const DhcpSeen& message : messages) {
    if (message.type == kDhcpDiscover) {
      EXPECT_EQ(message.user_class, "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(From, KedgeIsChainLoaded,
                         testing::Values(ChainCase{"Kedge", "x86_64/kedge.efi"},
                                         ChainCase{"KedgeSnpOnly", "x86_64/kedge-snponly.efi"}),
                         [](const auto& info) { return info.param.name; });

// A server that knows iPXE's clients answers them with a script, and everybody else with the
// loader.
TEST_F(KedgeBoots, WhereTheServerAnswersTheUserClassWithAScript) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  std::filesystem::copy_file(application, served() / "kedge.efi");
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = "kedge.efi",
           .ipxe_boot_file = http_url("boot.ipxe"),
           .tftp_directory = served(),
           .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec, {.boot_index = 0});
  boot_and_prove(spec);
}

enum class FileServer : std::uint8_t { nginx, dnsmasq, tftpd };

struct TransportCase {
  const char* name;
  FileServer server;
  const char* nic;
};

void PrintTo(const TransportCase& value, std::ostream* out) {
  *out << value.name;
}

class KedgeFetches : public KedgeBoots, public testing::WithParamInterface<TransportCase> {};

TEST_P(KedgeFetches, KernelAndInitrds) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  const auto nic = parse_nic(GetParam().nic);
  E2E_ASSERT_OK(nic);
  if (HasFailure()) return;
  DnsmasqOptions options;
  std::string base = tftp_url("");
  switch (GetParam().server) {
    case FileServer::nginx:
      base = http_url("");
      nginx();
      break;
    case FileServer::dnsmasq:
      options.tftp_directory = served();
      break;
    case FileServer::tftpd:
      tftpd();
      break;
  }
  dnsmasq(options);
  MachineSpec spec = machine();
  add_nic(spec, *nic);
  add_boot_disk(spec, application, payload_script(*files, base));
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_receive_filter("all");
  prove();
}

INSTANTIATE_TEST_SUITE_P(
    By, KedgeFetches,
    testing::Values(
        TransportCase{"HttpFromNginx", FileServer::nginx, "virtio"},
        TransportCase{"HttpWithTheModernDevice", FileServer::nginx, "virtio-modern"},
        TransportCase{"HttpWithThePackedRing", FileServer::nginx, "virtio-modern,packed=on"},
        TransportCase{"HttpWithTheLegacyDevice", FileServer::nginx, "virtio,disable-modern=on"},
        TransportCase{"TftpFromDnsmasq", FileServer::dnsmasq, "virtio"},
        TransportCase{"TftpFromTftpdHpa", FileServer::tftpd, "virtio"}),
    [](const auto& info) { return info.param.name; });

// iPXE in the NIC's ROM loads the image that uses nothing but the NIC it came from: iPXE's SNP.
TEST_F(KedgeBoots, ThroughTheSimpleNetworkOfAnotherDriver) {
  if (!std::filesystem::exists(kE1000IpxeRom)) {
    GTEST_SKIP() << "the package ipxe-qemu is not installed";
  }
  const auto application = dist("x86_64/kedge-snponly.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  std::filesystem::copy_file(application, served() / "loader.efi");
  write_served("autoexec.ipxe", payload_script(*files, http_url("")));
  nginx();
  dnsmasq({.boot_file = "loader.efi", .tftp_directory = served(), .lines = {}});
  MachineSpec spec = machine();
  add_nic(spec, {.model = "e1000", .rom = kE1000IpxeRom, .boot_index = 0});
  boot_and_prove(spec);
  if (HasFailure()) return;
  EXPECT_TRUE(vm().serial().search(Pattern::must_compile("net0: [0-9a-f:]+ SNP ")));
}

TEST_F(KedgeBoots, FromTheSecondNicWhenNobodyAnswersOnTheFirst) {
  const auto application = dist("x86_64/kedge.efi");
  const auto* files = payload();
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  MachineSpec spec = machine();
  add_nic(spec, {}, Attachment::silent);
  add_nic(spec);
  add_boot_disk(spec, application, payload_script(*files, http_url("")));
  boot_and_prove(spec);
}

// A file with known contents everywhere: what is lost, doubled or moved changes its sum.
TEST_F(KedgeBoots, WithAFileOfOneGibibyte) {
  const auto application = dist("x86_64/kedge.efi");
  constexpr std::uint64_t kGibibyte = 1 << 30;
  const auto* files = payload(Architecture::x86_64, {.big_file_bytes = kGibibyte});
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  MachineSpec spec = machine();
  // The archive, the kernel's copy of its contents, and twice that, for the kernel's first file
  // system takes at most half of the memory that is free when it starts.
  constexpr int kMemoryMib = 6144;
  spec.memory_mib = kMemoryMib;
  add_nic(spec);
  add_boot_disk(spec, application, payload_script(*files, http_url("")));
  boot_and_prove(spec, std::chrono::seconds(400));
}

TEST_F(KedgeBoots, AnAarch64Machine) {
  const auto application = dist("aarch64/kedge.efi");
  const auto* files = payload(Architecture::aarch64);
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  MachineSpec spec = machine(Architecture::aarch64);
  add_nic(spec);
  add_boot_disk(spec, application, payload_script(*files, http_url("")));
  boot_and_prove(spec);
}

}  // namespace
}  // namespace kedge::host::e2e
