// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/chainload.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi_snp.h"
#include "uefi/file.h"
#include "uefi/text.h"
#include "uefi/uefi_errors.h"
#include "uefi/virtual_fs.h"

namespace kedge::uefi {
namespace {

std::string options(std::u16string text) {
  return parse_load_options(std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

TEST(LoadOptions, AreTheCommandLineWithoutTheImagesName) {
  EXPECT_EQ(options(u"kedge.efi chain http://server/x"), "chain http://server/x");
  EXPECT_EQ(options(u"FS0:\\EFI\\KEDGE.EFI  shell "), "shell");
  EXPECT_EQ(options(u"kedge.efi"), "");
  EXPECT_EQ(options(u"chain http://server/x.efi"), "chain http://server/x.efi");
  EXPECT_EQ(options(u"   "), "");
  EXPECT_EQ(options(u""), "");
}

TEST(LoadOptions, BinaryDataIsNoText) {
  const std::byte odd[] = {std::byte{'a'}, std::byte{0}, std::byte{'b'}};
  EXPECT_EQ(parse_load_options(odd), "");
  EXPECT_EQ(options(u"a\x0001b"), "");
  EXPECT_EQ(options(u"a\xd800"), "");
  // The GUID by which edk2 marks boot options that it has made itself.
  EXPECT_EQ(options(u"\xac4e\x8108\x9f11\x4d59\x0e85\x1ae2\x2c52\xb259"), "");
}

struct ChainloadTest : testing::Test {
  fake::FakeFirmware fake;
  EFI_LOADED_IMAGE_PROTOCOL image{};
  fake::FakeSnp snp;
  DevicePath device_path;
  DevicePath file_path;
  EFI_HANDLE device = fake.add_handle();

  ChainloadTest() {
    fake.add_protocol(fake.firmware().image().raw(), &image);
    image.DeviceHandle = device;
  }
};

TEST_F(ChainloadTest, WithoutLoadedImageThereIsNothing) {
  fake.remove_protocol(fake.firmware().image().raw(), kGuid<EFI_LOADED_IMAGE_PROTOCOL>);
  const ChainloadContext context = read_chainload_context(fake.firmware());
  EXPECT_EQ(context.arguments, "");
  EXPECT_EQ(context.folder(), "");
  EXPECT_EQ(context.base_uri(), "");
}

TEST_F(ChainloadTest, FromAFileTheFolderIsKnown) {
  device_path.append(MEDIA_DEVICE_PATH, MEDIA_HARDDRIVE_DP, {});
  file_path.append_file("EFI/BOOT/BOOTX64.EFI");
  fake.add_protocol(device, device_path.raw());
  image.FilePath = file_path.raw();
  const ChainloadContext context = read_chainload_context(fake.firmware());
  EXPECT_EQ(context.folder(), "\\EFI\\BOOT\\");
  EXPECT_EQ(context.device, Handle(device));
  EXPECT_FALSE(context.pxe.has_value());
  EXPECT_FALSE(context.mac.has_value());
}

TEST_F(ChainloadTest, FromHttpBootTheBaseUriIsKnown) {
  ChainloadContext context;
  context.nodes.uri = "http://server:8080/boot/kedge.efi?x=/y";
  EXPECT_EQ(context.base_uri(), "http://server:8080/boot/");
  context.nodes.uri = "http://server";
  EXPECT_EQ(context.base_uri(), "http://server/");
  context.nodes.uri = "nonsense";
  EXPECT_EQ(context.base_uri(), "");
}

TEST_F(ChainloadTest, TheWholePathIsPreferredWhereTheFirmwareHasIt) {
  constexpr EFI_GUID kWhole = EFI_LOADED_IMAGE_DEVICE_PATH_PROTOCOL_GUID;
  const wire::MacAddress mac({2, 0, 0, 0, 0, 1});
  device_path.append_mac(mac).append_uri("http://server/boot/kedge.efi");
  fake.add_protocol(fake.firmware().image().raw(), kWhole, device_path.raw());
  const ChainloadContext context = read_chainload_context(fake.firmware());
  EXPECT_EQ(context.base_uri(), "http://server/boot/");
  EXPECT_EQ(context.mac, mac);
}

TEST_F(ChainloadTest, ThePacketsOfPxeAreCopied) {
  EFI_PXE_BASE_CODE_MODE mode{};
  EFI_PXE_BASE_CODE_PROTOCOL pxe{};
  pxe.Mode = &mode;
  mode.Started = TRUE;
  mode.DhcpAckReceived = TRUE;
  mode.DhcpAck.Raw[0] = 2;
  mode.ProxyOffer.Raw[0] = 2;
  fake.add_protocol(device, &pxe);
  fake.add_protocol(device, &snp.protocol);
  const ChainloadContext context = read_chainload_context(fake.firmware());
  ASSERT_TRUE(context.pxe.has_value());
  ASSERT_EQ(context.pxe->dhcp_ack.size(), 1472U);
  EXPECT_EQ(context.pxe->dhcp_ack[0], std::byte{2});
  EXPECT_TRUE(context.pxe->proxy_offer.empty());
  EXPECT_FALSE(context.pxe->ipv6);
  EXPECT_EQ(context.mac, wire::MacAddress({0x52, 0x54, 0, 0x12, 0x34, 0x56}));
  EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
}

TEST_F(ChainloadTest, APxeClientThatStoppedHasNoPackets) {
  EFI_PXE_BASE_CODE_MODE mode{};
  EFI_PXE_BASE_CODE_PROTOCOL pxe{};
  pxe.Mode = &mode;
  mode.DhcpAckReceived = TRUE;
  fake.add_protocol(device, &pxe);
  EXPECT_FALSE(read_chainload_context(fake.firmware()).pxe.has_value());
}

// Our own file system serves as the firmware's here.
TEST_F(ChainloadTest, FilesAreReadWhole) {
  MemorySource script(as_byte_view("#!ipxe\n"));
  VirtualFileSystem files(fake.firmware(), {{"autoexec.ipxe", &script}});
  fake.add_protocol(device, files.protocol());
  const auto content = read_file(fake.firmware(), Handle(device), "/autoexec.ipxe", 100);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(as_text(*content), "#!ipxe\n");
  EXPECT_EQ(files.open_files(), 0U);

  const auto missing = read_file(fake.firmware(), Handle(device), "\\other", 100);
  ASSERT_FALSE(missing.ok());
  EXPECT_TRUE(missing.error() == err::uefi_file_missing);
  const auto large = read_file(fake.firmware(), Handle(device), "\\autoexec.ipxe", 3);
  ASSERT_FALSE(large.ok());
  EXPECT_TRUE(large.error() == err::uefi_file_too_large);
  const auto no_system = read_file(fake.firmware(), Handle(fake.add_handle()), "\\x", 3);
  ASSERT_FALSE(no_system.ok());
  EXPECT_TRUE(no_system.error() == err::uefi_file_missing);
  EXPECT_EQ(files.open_files(), 0U);
}

}  // namespace
}  // namespace kedge::uefi
