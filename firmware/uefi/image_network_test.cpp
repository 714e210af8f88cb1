// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/image_network.h"

#include "tests/fake/link_device.h"
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

/// What is left in memory on purpose is held here, so that the leak checker sees it.
ImageNetwork* keep_reachable = nullptr;

struct ImageNetworkTest : testing::Test {
  fake::FakeFirmware fake;
  FakeBackend backend;
  fake::ScriptedDevice device;
  link::SharedDevice shared{device};
  int pci_io = 0;
  EFI_HANDLE controller = fake.add_protocol(nullptr, kGuid<EFI_PCI_IO_PROTOCOL>, &pci_io);
  std::size_t handles = fake.handle_count();
  std::size_t events = 0;  // of what stays in memory

  ~ImageNetworkTest() override {
    EXPECT_EQ(fake.handle_count(), handles);
    EXPECT_EQ(fake.event_count(), events);
    EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_FALSE(device.running);
  }
  DevicePath path() {
    DevicePath made;
    made.append_mac(kOwnMac);
    return made;
  }
  Result<std::unique_ptr<ImageNetwork>> create(Handle handle = {}) {
    return ImageNetwork::create(fake.firmware(), {shared, Handle(controller), handle, path()},
                                backend);
  }
  template <class P>
  P* on(const ImageNetwork& network) {
    return static_cast<P*>(fake.interface(network.handle().raw(), kGuid<P>));
  }
};

TEST_F(ImageNetworkTest, OneHandleCarriesEverythingAndHoldsTheFunction) {
  auto network = create();
  ASSERT_TRUE(network.ok());
  EXPECT_NE(on<EFI_DEVICE_PATH_PROTOCOL>(**network), nullptr);
  EXPECT_NE(on<EFI_ADAPTER_INFORMATION_PROTOCOL>(**network), nullptr);
  EXPECT_NE(on<EFI_SIMPLE_NETWORK_PROTOCOL>(**network), nullptr);
  EXPECT_EQ(on<EFI_PXE_BASE_CODE_PROTOCOL>(**network), (*network)->pxe().raw());
  const auto& opens = fake.opens(controller, kGuid<EFI_PCI_IO_PROTOCOL>);
  ASSERT_EQ(opens.size(), 1U);
  EXPECT_EQ(opens[0].controller, (*network)->handle().raw());
  EXPECT_EQ(opens[0].attributes, static_cast<UINT32>(EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER));
  // GRUB's way; were one of ours a driver there, it would be refused.
  void* snp = nullptr;
  EFI_HANDLE grub = fake.add_handle();
  ++handles;
  EXPECT_EQ(fake.firmware().boot().OpenProtocol((*network)->handle().raw(),
                                                guid_pointer<EFI_SIMPLE_NETWORK_PROTOCOL>(), &snp,
                                                grub, nullptr, EFI_OPEN_PROTOCOL_EXCLUSIVE),
            EFI_SUCCESS);
  EXPECT_EQ(
      fake.firmware().boot().CloseProtocol(
          (*network)->handle().raw(), guid_pointer<EFI_SIMPLE_NETWORK_PROTOCOL>(), grub, nullptr),
      EFI_SUCCESS);
  EXPECT_TRUE((*network)->remove());
}

TEST_F(ImageNetworkTest, UsesAHandleThatIsThere) {
  DevicePath existing = path();
  EFI_HANDLE handle = fake.add_protocol(nullptr, existing.raw());
  ++handles;
  {
    auto network = create(Handle(handle));
    ASSERT_TRUE(network.ok());
    EXPECT_EQ((*network)->handle().raw(), handle);
    EXPECT_NE(fake.interface(handle, kGuid<EFI_PXE_BASE_CODE_PROTOCOL>), nullptr);
  }
  EXPECT_EQ(fake.interface(handle, kGuid<EFI_PXE_BASE_CODE_PROTOCOL>), nullptr);
  EXPECT_NE(fake.interface(handle, kGuid<EFI_DEVICE_PATH_PROTOCOL>), nullptr);
}

TEST_F(ImageNetworkTest, NothingRemainsOfOneThatCannotBeMade) {
  for (const fake::Call call :
       {fake::Call::create_event, fake::Call::install_protocol, fake::Call::open_protocol}) {
    unsigned failures = 0;
    for (unsigned skip = 0; skip < 8; ++skip) {
      fake.fail(call, EFI_OUT_OF_RESOURCES, skip);
      if (create().ok()) break;
      ++failures;
      EXPECT_EQ(fake.handle_count(), handles);
      EXPECT_EQ(fake.event_count(), 0U);
    }
    EXPECT_GT(failures, 0U);
    EXPECT_LT(failures, 8U);
    // A failure that was not met stays; peeking takes it.
    fake.fail(call, EFI_SUCCESS);
  }
}

TEST_F(ImageNetworkTest, NothingRemainsWhicheverCallFails) {
  backend.on_send = [](const PxeUdpTarget&, std::string) {
    return Result<std::uint16_t>(std::uint16_t{1});
  };
  constexpr unsigned kCallsMax = 100;
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    unsigned n = 0;
    for (; n < kCallsMax; ++n) {
      fake.fail_nth(n, EFI_OUT_OF_RESOURCES);
      if (auto network = create(); network.ok()) {
        auto* snp = on<EFI_SIMPLE_NETWORK_PROTOCOL>(**network);
        auto* pxe = on<EFI_PXE_BASE_CODE_PROTOCOL>(**network);
        auto* information = on<EFI_ADAPTER_INFORMATION_PROTOCOL>(**network);
        const EFI_TPL before = fake.firmware().boot().RaiseTPL(level);
        EFI_GUID* types = nullptr;
        UINTN size = 0;
        if (information->GetSupportedTypes(information, &types, &size) == EFI_SUCCESS) {
          fake.firmware().boot().FreePool(types);
        }
        EXPECT_EQ(snp->Start(snp), EFI_SUCCESS);
        EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
        EXPECT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
        EFI_IP_ADDRESS ip = raw(kStation);
        EFI_IP_ADDRESS mask = raw({255, 255, 255, 0});
        EXPECT_EQ(pxe->SetStationIp(pxe, &ip, &mask), EFI_SUCCESS);
        UINT16 port = 69;
        UINTN bytes = 2;
        EXPECT_EQ(pxe->UdpWrite(pxe, 0, &ip, &port, nullptr, nullptr, nullptr, nullptr, nullptr,
                                &bytes, &port),
                  EFI_SUCCESS);
        EXPECT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
        EXPECT_EQ(fake.tpl, level);
        fake.firmware().boot().RestoreTPL(before);
        EXPECT_TRUE((*network)->remove());
      }
      const bool failed = fake.nth_has_failed();
      EXPECT_EQ(fake.handle_count(), handles) << n;
      EXPECT_EQ(fake.event_count(), 0U) << n;
      EXPECT_EQ(fake.pools_in_use(), 0U) << n;
      EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U) << n;
      EXPECT_FALSE(device.running);
      if (!failed) break;
    }
    EXPECT_GT(n, 8U);
    EXPECT_LT(n, kCallsMax);
  }
}

TEST_F(ImageNetworkTest, AnswersNothingWhenTheFirmwareDoesNotLetGo) {
  auto network = create();
  ASSERT_TRUE(network.ok());
  auto* snp = on<EFI_SIMPLE_NETWORK_PROTOCOL>(**network);
  auto* pxe = on<EFI_PXE_BASE_CODE_PROTOCOL>(**network);
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  EXPECT_TRUE(device.running);
  fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
  EXPECT_FALSE((*network)->remove());
  EXPECT_FALSE(device.running);
  EXPECT_EQ(snp->Shutdown(snp), EFI_DEVICE_ERROR);
  EXPECT_EQ(pxe->Start(pxe, FALSE), EFI_DEVICE_ERROR);
  keep_reachable = network->release();
  ++handles;
  events += 2;  // WaitForPacket: somebody may hold it; a timer that is not set
}

TEST_F(ImageNetworkTest, TouchesNothingAfterTheEndOfBootServices) {
  auto network = create();
  ASSERT_TRUE(network.ok());
  auto* snp = on<EFI_SIMPLE_NETWORK_PROTOCOL>(**network);
  auto* pxe = on<EFI_PXE_BASE_CODE_PROTOCOL>(**network);
  fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  EXPECT_EQ(snp->Start(snp), EFI_DEVICE_ERROR);
  EXPECT_EQ(pxe->Start(pxe, FALSE), EFI_DEVICE_ERROR);
  EXPECT_EQ(device.quiesces, 0U) << "its owner's business";
}

}  // namespace
}  // namespace kedge::uefi
