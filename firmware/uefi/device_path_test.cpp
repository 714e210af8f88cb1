// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/device_path.h"

#include <gtest/gtest.h>

#include "uefi/uefi_errors.h"

namespace kedge::uefi {
namespace {

const wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

/// PciRoot(0x0)/Pci(0x3,0x0), as OVMF has it.
DevicePath nic() {
  DevicePath path;
  const std::byte root[] = {std::byte{0xd0}, std::byte{0x41}, std::byte{0x03}, std::byte{0x0a},
                            std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0}};
  const std::byte pci[] = {std::byte{0}, std::byte{3}};
  return path.append(ACPI_DEVICE_PATH, ACPI_DP, root).append(HARDWARE_DEVICE_PATH, HW_PCI_DP, pci);
}

TEST(DevicePath, TheEmptyPathIsAnEndNode) {
  const DevicePath path;
  EXPECT_TRUE(path.empty());
  EXPECT_EQ(path.bytes().size(), 4U);
  EXPECT_EQ(device_path_bytes(path.raw()).size(), 4U);
  EXPECT_EQ(format("{}", path), "");
}

TEST(DevicePath, PrintsTheNodesOfANetworkBoot) {
  DevicePath path = nic();
  path.append_mac(kMac).append_uri("http://server/boot/kedge.efi");
  EXPECT_EQ(format("{}", path),
            "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)/Uri(http://server/boot/kedge.efi)");
}

TEST(DevicePath, PrintsFilesAndUnknownNodes) {
  DevicePath path;
  const std::byte data[] = {std::byte{0xab}, std::byte{0x01}};
  path.append(5, 9, data).append_file("EFI/BOOT/BOOTX64.EFI");
  EXPECT_EQ(format("{}", path), "Path(5,9,AB01)/\\EFI\\BOOT\\BOOTX64.EFI");
}

TEST(DevicePath, CopiesWhatTheFirmwareHas) {
  const DevicePath path = nic().append_mac(kMac);
  EXPECT_EQ(DevicePath::copy(path.raw()), path);
  EXPECT_TRUE(DevicePath::copy(nullptr).empty());
}

TEST(DevicePath, MalformedPathsAreRefused) {
  // A length below that of the header; a node that leaves the buffer; no end node.
  const std::byte too_short[] = {std::byte{1}, std::byte{1}, std::byte{3}, std::byte{0}};
  const std::byte too_long[] = {std::byte{1}, std::byte{1}, std::byte{9}, std::byte{0}};
  for (const ByteView bytes : {ByteView(too_short), ByteView(too_long), ByteView()}) {
    const auto path = DevicePath::parse(bytes);
    ASSERT_FALSE(path.ok());
    EXPECT_TRUE(path.error() == err::uefi_device_path_malformed);
  }
  EXPECT_TRUE(
      DevicePath::copy(reinterpret_cast<const EFI_DEVICE_PATH_PROTOCOL*>(too_short)).empty());
}

TEST(DevicePath, PrefixesAndParents) {
  const DevicePath parent = nic();
  const DevicePath child = nic().append_mac(kMac);
  EXPECT_TRUE(parent.is_prefix_of(child));
  EXPECT_TRUE(parent.is_prefix_of(parent));
  EXPECT_FALSE(child.is_prefix_of(parent));
  EXPECT_EQ(child.parent(), parent);
}

TEST(NetworkNodes, AreReadFromAnHttpBootPath) {
  DevicePath path = nic();
  path.append_mac(kMac);
  const std::byte ipv4[] = {
      std::byte{10},  std::byte{0},   std::byte{2},   std::byte{15},  // local
      std::byte{10},  std::byte{0},   std::byte{2},   std::byte{2},   // remote
      std::byte{0},   std::byte{0},   std::byte{0},   std::byte{0},
      std::byte{6},   std::byte{0},   std::byte{1},                  // static
      std::byte{10},  std::byte{0},   std::byte{2},   std::byte{1},  // gateway
      std::byte{255}, std::byte{255}, std::byte{255}, std::byte{0}};
  path.append(MESSAGING_DEVICE_PATH, MSG_IPv4_DP, ipv4);
  std::byte dns[17] = {std::byte{0}, std::byte{10}, std::byte{0}, std::byte{2}, std::byte{3}};
  path.append(MESSAGING_DEVICE_PATH, MSG_DNS_DP, dns);
  path.append_uri(std::string_view("http://server/kedge.efi\0", 24));
  const NetworkNodes found = network_nodes(path);
  EXPECT_EQ(found.mac, kMac);
  ASSERT_TRUE(found.ipv4.has_value());
  EXPECT_EQ(found.ipv4->local, wire::Ipv4Address(10, 0, 2, 15));
  EXPECT_EQ(found.ipv4->gateway, wire::Ipv4Address(10, 0, 2, 1));
  EXPECT_EQ(found.ipv4->netmask, wire::Ipv4Address(255, 255, 255, 0));
  EXPECT_TRUE(found.ipv4->is_static);
  ASSERT_EQ(found.dns.size(), 1U);
  EXPECT_EQ(found.dns[0], wire::IpAddress(wire::Ipv4Address(10, 0, 2, 3)));
  EXPECT_EQ(found.uri, "http://server/kedge.efi");
  EXPECT_EQ(found.file, "");
}

TEST(NetworkNodes, FilesInSeveralNodesAreJoined) {
  DevicePath path;
  path.append_file("EFI").append_file("boot.efi");
  EXPECT_EQ(network_nodes(path).file, "\\EFI\\boot.efi");
}

TEST(NetworkNodes, ShortNodesAreIgnored) {
  DevicePath path;
  const std::byte few[] = {std::byte{1}, std::byte{2}};
  path.append(MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP, few);
  path.append(MESSAGING_DEVICE_PATH, MSG_IPv4_DP, few);
  const NetworkNodes found = network_nodes(path);
  EXPECT_FALSE(found.mac.has_value());
  EXPECT_FALSE(found.ipv4.has_value());
}

}  // namespace
}  // namespace kedge::uefi
