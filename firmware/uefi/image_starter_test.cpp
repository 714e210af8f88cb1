// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/image_starter.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kInitrdMedia = {
    0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}};

/// What is left in memory on purpose is held here, so that the leak checker sees it.
void* keep_reachable = nullptr;

struct Network final : NetworkHandover {
  std::string order;
  void give_back() noexcept override { order += "give "; }
  void take_again() noexcept override { order += "take "; }
};

struct ImageStarterTest : testing::Test {
  fake::FakeFirmware fake;
  Network network;
  ImageStarter starter{fake.firmware(), network};
  StartRequest request;
  std::size_t handles = 0;

  ImageStarterTest() {
    request.image = as_byte_view("MZ image");
    request.name = "vmlinuz";
    request.uri = "http://server/boot/vmlinuz?x=1";
    handles = fake.handle_count();
  }
  ~ImageStarterTest() override {
    EXPECT_EQ(fake.handle_count(), handles);
    EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_TRUE(fake.violations.empty());
  }

  /// What Linux's EFI stub does: the initrd, or nothing.
  std::optional<std::string> load_initrd() {
    DevicePath path;
    path.append_vendor_media(kInitrdMedia);
    EFI_DEVICE_PATH_PROTOCOL* rest = path.raw();
    EFI_HANDLE handle = nullptr;
    EFI_BOOT_SERVICES& boot = fake.firmware().boot();
    if (EFI_ERROR(boot.LocateDevicePath(guid_pointer<EFI_LOAD_FILE2_PROTOCOL>(), &rest, &handle))) {
      return std::nullopt;
    }
    auto* load = static_cast<EFI_LOAD_FILE2_PROTOCOL*>(
        fake.interface(handle, kGuid<EFI_LOAD_FILE2_PROTOCOL>));
    UINTN size = 0;
    EXPECT_EQ(load->LoadFile(load, rest, FALSE, &size, nullptr), EFI_BUFFER_TOO_SMALL);
    std::string content(size, '?');
    EXPECT_EQ(load->LoadFile(load, rest, FALSE, &size, content.data()), EFI_SUCCESS);
    EXPECT_EQ(load->LoadFile(load, rest, TRUE, &size, content.data()), EFI_UNSUPPORTED);
    EXPECT_EQ(load->LoadFile(load, nullptr, FALSE, &size, content.data()), EFI_INVALID_PARAMETER);
    EXPECT_EQ(load->LoadFile(load, path.raw(), FALSE, &size, content.data()), EFI_NOT_FOUND);
    UINTN less = size - 1;
    EXPECT_EQ(load->LoadFile(load, rest, FALSE, &less, content.data()), EFI_BUFFER_TOO_SMALL);
    EXPECT_EQ(less, size);
    return content;
  }
};

TEST_F(ImageStarterTest, AnImageRunsWithItsCommandLineAndTheNetworkOfTheFirmware) {
  request.arguments = "console=ttyS0 quiet";
  std::string options;
  std::string path;
  fake.on_start_image = [&](EFI_HANDLE image) {
    const auto& loaded = fake.images.at(image);
    EXPECT_EQ(as_text(loaded.source), "MZ image");
    options = to_utf8(static_cast<CHAR16*>(loaded.protocol.LoadOptions), 100);
    EXPECT_EQ(loaded.protocol.LoadOptionsSize, (options.size() + 1) * 2);
    path = format("{}", *DevicePath::parse(loaded.path));
    EXPECT_EQ(network.order, "give ");
    EXPECT_EQ(fake.watchdog_s, 0);
    EXPECT_FALSE(load_initrd().has_value());
    return EFI_SUCCESS;
  };
  EXPECT_TRUE(starter.start(request).ok());
  EXPECT_EQ(options, "console=ttyS0 quiet");
  EXPECT_TRUE(path.ends_with("/Uri(http://server/boot/)/\\vmlinuz")) << path;
  EXPECT_EQ(network.order, "give take ");
}

TEST_F(ImageStarterTest, WithoutArgumentsThereAreNoLoadOptions) {
  fake.on_start_image = [&](EFI_HANDLE image) {
    EXPECT_EQ(fake.images.at(image).protocol.LoadOptions, nullptr);
    EXPECT_EQ(fake.images.at(image).protocol.LoadOptionsSize, 0U);
    return EFI_SUCCESS;
  };
  EXPECT_TRUE(starter.start(request).ok());
}

TEST_F(ImageStarterTest, AKernelThatNeedsNoNetworkKeepsIt) {
  request.hand_back_network = false;
  EXPECT_TRUE(starter.start(request).ok());
  EXPECT_EQ(network.order, "");
}

TEST_F(ImageStarterTest, InitrdsAreServedAsOneWithPageAlignment) {
  MemorySource first(as_byte_view("first"));
  MemorySource second(as_byte_view("second"));
  request.initrds = {&first, &second};
  std::optional<std::string> served;
  fake.on_start_image = [&](EFI_HANDLE) {
    served = load_initrd();
    return EFI_SUCCESS;
  };
  EXPECT_TRUE(starter.start(request).ok());
  ASSERT_TRUE(served.has_value());
  ASSERT_EQ(served->size(), 4096U + 6U);
  EXPECT_EQ(served->substr(0, 5), "first");
  EXPECT_EQ(served->find_first_not_of('\0', 5), 4096U);
  EXPECT_EQ(served->substr(4096), "second");
  EXPECT_FALSE(load_initrd().has_value());
}

TEST_F(ImageStarterTest, AnInitrdThatCannotBeReadIsADeviceError) {
  struct Broken final : Source {
    std::uint64_t size() const noexcept override { return 10; }
    bool read(std::uint64_t, ByteSpan) noexcept override { return false; }
  } broken;
  Initrd initrd(fake.firmware());
  ASSERT_TRUE(initrd.offer({&broken}).ok());
  DevicePath path;
  path.append_vendor_media(kInitrdMedia);
  EFI_DEVICE_PATH_PROTOCOL* rest = path.raw();
  EFI_HANDLE handle = nullptr;
  ASSERT_FALSE(EFI_ERROR(fake.firmware().boot().LocateDevicePath(
      guid_pointer<EFI_LOAD_FILE2_PROTOCOL>(), &rest, &handle)));
  auto* load =
      static_cast<EFI_LOAD_FILE2_PROTOCOL*>(fake.interface(handle, kGuid<EFI_LOAD_FILE2_PROTOCOL>));
  char buffer[10];
  UINTN size = sizeof(buffer);
  EXPECT_EQ(load->LoadFile(load, rest, FALSE, &size, buffer), EFI_DEVICE_ERROR);
}

TEST_F(ImageStarterTest, AnInitrdOfAnotherLoaderIsNotShadowed) {
  MemorySource other_source(as_byte_view("other"));
  Initrd other(fake.firmware());
  ASSERT_TRUE(other.offer({&other_source}).ok());
  MemorySource ours(as_byte_view("ours"));
  request.initrds = {&ours};
  const Result<void> result = starter.start(request);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_initrd_exists);
  EXPECT_EQ(network.order, "give take ");
}

TEST_F(ImageStarterTest, FilesAreOnTheImagesDevice) {
  MemorySource initrd(as_byte_view("initrd"));
  request.files = {{"initrd.img", &initrd}};
  bool seen = false;
  fake.on_start_image = [&](EFI_HANDLE image) {
    const EFI_HANDLE device = fake.images.at(image).protocol.DeviceHandle;
    auto* system = peek<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(fake.firmware(), Handle(device));
    seen = system != nullptr;
    return EFI_SUCCESS;
  };
  EXPECT_TRUE(starter.start(request).ok());
  EXPECT_TRUE(seen);
}

TEST_F(ImageStarterTest, WhatTheFirmwareDoesNotLetGoOfIsLeftHarmless) {
  MemorySource initrd(as_byte_view("initrd"));
  request.files = {{"initrd.img", &initrd}};
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* system = nullptr;
  EFI_HANDLE device = nullptr;
  fake.on_start_image = [&](EFI_HANDLE image) {
    device = fake.images.at(image).protocol.DeviceHandle;
    system = peek<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(fake.firmware(), Handle(device));
    fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
    return EFI_SUCCESS;
  };
  EXPECT_TRUE(starter.start(request).ok());
  ASSERT_NE(system, nullptr);
  EFI_FILE_PROTOCOL* root = nullptr;
  EXPECT_EQ(system->OpenVolume(system, &root), EFI_NO_MEDIA);
  keep_reachable = system;  // left in memory on purpose: no leak to report
  fake.remove_protocol(device, kGuid<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>);
}

struct LoadFailure {
  EFI_STATUS status;
  const ErrorSite& site;
};
class ImageLoadFailures : public ImageStarterTest,
                          public testing::WithParamInterface<LoadFailure> {};
TEST_P(ImageLoadFailures, AreTranslated) {
  fake.fail(fake::Call::load_image, GetParam().status);
  const Result<void> result = starter.start(request);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == GetParam().site);
  EXPECT_EQ(network.order, "give take ");
  EXPECT_TRUE(fake.images.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Statuses, ImageLoadFailures,
    testing::Values(LoadFailure{EFI_SECURITY_VIOLATION, err::uefi_image_refused},
                    LoadFailure{EFI_ACCESS_DENIED, err::uefi_image_refused},
                    LoadFailure{EFI_UNSUPPORTED, err::uefi_image_other_machine},
                    LoadFailure{EFI_OUT_OF_RESOURCES, err::uefi_no_memory},
                    LoadFailure{EFI_LOAD_ERROR, err::uefi_image_load}));

TEST_F(ImageStarterTest, AnImageThatReturnsAnErrorIsReportedWithIt) {
  fake.on_start_image = [](EFI_HANDLE) { return EFI_STATUS{EFI_NOT_FOUND}; };
  const Result<void> result = starter.start(request);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_image_failed);
  EXPECT_EQ(result.error().detail(), 14U);
}

class ImageInstallFailures : public ImageStarterTest,
                             public testing::WithParamInterface<unsigned> {};
TEST_P(ImageInstallFailures, LeaveNothing) {
  MemorySource initrd(as_byte_view("initrd"));
  request.initrds = {&initrd};
  request.files = {{"initrd.img", &initrd}};
  fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, GetParam());
  const Result<void> result = starter.start(request);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_install_failed);
}
INSTANTIATE_TEST_SUITE_P(EachProtocol, ImageInstallFailures, testing::Range(0U, 4U));

}  // namespace
}  // namespace kedge::uefi
