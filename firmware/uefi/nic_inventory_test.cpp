// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/nic_inventory.h"

#include <gtest/gtest.h>

#include <list>

#include "tests/fake/interface.h"
#include "tests/fake/uefi_pci.h"
#include "tests/fake/uefi_snp.h"
#include "uefi/hang_guard.h"

namespace kedge::uefi {
namespace {

constexpr driver::PciId kIds[] = {{0x1af4, 0x1041}};
bool create_fails = false;

Result<std::unique_ptr<link::Device>> create(port::PciDevice&, driver::Consumer) noexcept {
  if (create_fails) return fail(err::uefi_pci_access);
  return std::unique_ptr<link::Device>(std::make_unique<fake::IdleDevice>());
}
constexpr driver::NativeDriver kDrivers[] = {{kIds, create}};

const wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

DevicePath pci_path(std::uint8_t device) {
  DevicePath path;
  const std::byte pci[] = {std::byte{0}, std::byte{device}};
  return path.append(HARDWARE_DEVICE_PATH, HW_PCI_DP, pci);
}

/// One PCI NIC with a firmware driver that provides SNP on a child handle, as edk2's drivers do.
struct FirmwareNic {
  FirmwareNic(fake::FakeFirmware& firmware, std::uint16_t vendor, std::uint16_t device,
              std::uint8_t number)
      : fake(firmware), pci(vendor, device, number), path(pci_path(number)) {
    handle = fake.add_protocol(nullptr, &pci.table.raw);
    fake.add_protocol(handle, path.raw());
    driver = fake.add_handle();
    names.GetDriverName = +[](EFI_COMPONENT_NAME2_PROTOCOL*, CHAR8*, CHAR16** name) EFIAPI {
      static char16_t text[] = u"Virtio Network Driver";
      *name = reinterpret_cast<CHAR16*>(text);
      return EFI_STATUS{EFI_SUCCESS};
    };
    fake.add_protocol(driver, &names);
    child_path = path;
    child_path.append_mac(kMac);
  }
  void connect() {
    if (snp_handle != nullptr) return;
    fake.add_open(handle, kGuid<EFI_PCI_IO_PROTOCOL>, driver, handle, EFI_OPEN_PROTOCOL_BY_DRIVER);
    snp_handle = fake.add_protocol(nullptr, &snp.protocol);
    fake.add_protocol(snp_handle, child_path.raw());
  }
  void disconnect() {
    if (snp_handle == nullptr) return;
    auto& opens = fake_opens();
    std::erase_if(opens, [&](const auto& open) { return open.agent == driver; });
    fake.remove_protocol(snp_handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>);
    fake.remove_protocol(snp_handle, kGuid<EFI_DEVICE_PATH_PROTOCOL>);
    snp_handle = nullptr;
  }
  std::vector<fake::FakeFirmware::Open>& fake_opens() {
    return fake.opens(handle, kGuid<EFI_PCI_IO_PROTOCOL>);
  }

  fake::FakeFirmware& fake;
  fake::FakePciIo pci;
  fake::FakeSnp snp;
  EFI_COMPONENT_NAME2_PROTOCOL names{};
  DevicePath path;
  DevicePath child_path;
  EFI_HANDLE handle = nullptr;
  EFI_HANDLE driver = nullptr;
  EFI_HANDLE snp_handle = nullptr;
};

struct NicInventoryTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeCpu cpu{fake};
  CpuClock clock{fake.firmware(), cpu};
  FirmwarePages pages{fake.firmware()};
  ExitBootServicesHook hook{fake.firmware()};
  std::list<FirmwareNic> machine;
  NicInventory inventory{fake.firmware(), clock, pages, kDrivers, hook};

  NicInventoryTest() {
    create_fails = false;
    EXPECT_TRUE(clock.start().ok());
  }
  FirmwareNic& add(std::uint16_t vendor, std::uint16_t device, std::uint8_t number) {
    return machine.emplace_back(fake, vendor, device, number);
  }
  /// As edk2's drivers do: the NIC's driver stays while its SNP is running.
  void behave(FirmwareNic& nic) {
    fake.on_disconnect = [&](EFI_HANDLE controller, EFI_HANDLE) {
      if (controller != nic.handle) return EFI_STATUS{EFI_SUCCESS};
      if (nic.snp.mode.State != EfiSimpleNetworkStopped) return EFI_STATUS{EFI_NOT_FOUND};
      nic.disconnect();
      return EFI_STATUS{EFI_SUCCESS};
    };
    fake.on_connect = [&](EFI_HANDLE controller) {
      if (controller == nic.handle) nic.connect();
      return EFI_SUCCESS;
    };
  }
  std::size_t ours() { return fake.open_count(fake.firmware().image().raw()); }
};

TEST_F(NicInventoryTest, FindsNetworkFunctionsInTheOrderOfTheirLocations) {
  add(0x8086, 0x100e, 7);
  add(0x1af4, 0x1041, 3);
  fake::FakePciIo disk(0x1234, 0x5678, 1);
  disk.config[0x0b] = 1;
  fake.add_protocol(nullptr, &disk.table.raw);
  inventory.scan();
  inventory.scan();
  ASSERT_EQ(inventory.nics().size(), 2U);
  EXPECT_EQ(inventory.nics()[0]->bus, "0000:00:03.0");
  EXPECT_TRUE(inventory.nics()[0]->native);
  EXPECT_EQ(inventory.nics()[1]->bus, "0000:00:07.0");
  EXPECT_FALSE(inventory.nics()[1]->native);
  EXPECT_EQ(ours(), 0U);
  EXPECT_EQ(fake.pools_in_use(), 0U);
}

TEST_F(NicInventoryTest, AnSnpOfAKnownFunctionIsNoNicOfItsOwnAndTellsItsAddress) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  inventory.scan();
  ASSERT_EQ(inventory.nics().size(), 1U);
  EXPECT_EQ(inventory.nics()[0]->mac, kMac);
  EXPECT_EQ(inventory.find(nic.child_path, std::nullopt), inventory.nics()[0].get());
  EXPECT_EQ(inventory.find(DevicePath(), kMac), inventory.nics()[0].get());
  EXPECT_EQ(inventory.find(pci_path(9), std::nullopt), nullptr);
}

TEST_F(NicInventoryTest, AnSnpWithoutFunctionIsANicAndItsChildrenAreNot) {
  fake::FakeSnp snp;
  DevicePath usb;
  usb.append(MESSAGING_DEVICE_PATH, MSG_USB_DP, {}).append_mac(kMac);
  DevicePath child = usb;
  const std::byte ipv4[23]{};
  child.append(MESSAGING_DEVICE_PATH, MSG_IPv4_DP, ipv4);
  // The child's handle comes first.
  fake.add_protocol(fake.add_protocol(nullptr, &snp.protocol), child.raw());
  fake.add_protocol(fake.add_protocol(nullptr, &snp.protocol), usb.raw());
  NicInventory of_usb(fake.firmware(), clock, pages, kDrivers, hook);
  of_usb.scan();
  ASSERT_EQ(of_usb.nics().size(), 1U);
  EXPECT_EQ(of_usb.nics()[0]->path, usb);
  auto device = of_usb.claim(*of_usb.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "SNP");
}

TEST_F(NicInventoryTest, WhatStoodOnANicThatCannotBeHadIsConnectedAgain) {
  fake::FakeSnp snp;
  DevicePath usb;
  usb.append(MESSAGING_DEVICE_PATH, MSG_USB_DP, {}).append_mac(kMac);
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &snp.protocol);
  fake.add_protocol(handle, usb.raw());
  inventory.scan();
  snp.mode.HwAddressSize = 20;  // no Ethernet
  EXPECT_FALSE(inventory.claim(*inventory.nics()[0]).ok());
  EXPECT_EQ(fake.connected, std::vector{handle});
}

TEST_F(NicInventoryTest, AKnownFunctionIsTakenFromItsDriverAndGivenBack) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  nic.pci.attributes = 0x100;
  behave(nic);
  inventory.scan();
  auto device = inventory.claim(*inventory.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "fake");
  EXPECT_EQ(nic.snp_handle, nullptr);
  EXPECT_EQ(ours(), 1U);
  EXPECT_EQ(*inventory.claim(*inventory.nics()[0]), *device);
  nic.pci.attributes = 0x700;
  inventory.give_back();
  EXPECT_EQ(nic.pci.attributes, 0x100U);
  EXPECT_NE(nic.snp_handle, nullptr);
  EXPECT_EQ(ours(), 0U);
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(NicInventoryTest, TheStackAboveAFunctionGoesBeforeItsDriver) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  nic.snp.mode.State = EfiSimpleNetworkInitialized;
  const EFI_HANDLE mnp = fake.add_handle();
  fake.add_open(nic.snp_handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, mnp, nic.snp_handle,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  const EFI_HANDLE snp_handle = nic.snp_handle;
  behave(nic);
  inventory.scan();
  auto device = inventory.claim(*inventory.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "fake");
  ASSERT_EQ(fake.disconnected.size(), 2U);
  EXPECT_EQ(fake.disconnected[0].first, snp_handle);
  EXPECT_EQ(fake.disconnected[1].first, nic.handle);
}

TEST_F(NicInventoryTest, WhatTheFirmwareDidNotDriveIsNotConnectedAfterwards) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  behave(nic);
  inventory.scan();
  ASSERT_TRUE(inventory.claim(*inventory.nics()[0]).ok());
  inventory.give_back();
  EXPECT_TRUE(fake.connected.empty());
  EXPECT_TRUE(fake.disconnected.empty());
}

TEST_F(NicInventoryTest, ADriverThatStaysLeavesTheNicToSnp) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  fake.on_disconnect = [](EFI_HANDLE, EFI_HANDLE) { return EFI_STATUS{EFI_DEVICE_ERROR}; };
  inventory.scan();
  auto device = inventory.claim(*inventory.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "SNP");
  inventory.give_back();
  EXPECT_EQ(ours(), 0U);
  EXPECT_EQ(fake.connected.size(), 2U);  // before SNP was taken, and afterwards
}

TEST_F(NicInventoryTest, AFailureOfOurDriverLeavesTheNicToSnp) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  behave(nic);
  create_fails = true;
  inventory.scan();
  auto device = inventory.claim(*inventory.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "SNP");
  EXPECT_EQ((*device)->mac(), kMac);
}

TEST_F(NicInventoryTest, OurDriverCanBeSwappedForTheFirmwares) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  behave(nic);
  inventory.scan();
  ASSERT_TRUE(inventory.claim(*inventory.nics()[0]).ok());
  auto device = inventory.claim_through_firmware(*inventory.nics()[0]);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->driver_name(), "SNP");
}

TEST_F(NicInventoryTest, AnUnconnectedNicOfTheFirmwareIsConnectedFirst) {
  FirmwareNic& nic = add(0x8086, 0x100e, 3);
  behave(nic);
  inventory.scan();
  EXPECT_TRUE(inventory.claim(*inventory.nics()[0]).ok());
}

TEST_F(NicInventoryTest, ANicThatNobodyDrivesIsReported) {
  add(0x8086, 0x9999, 3);
  inventory.scan();
  const auto device = inventory.claim(*inventory.nics()[0]);
  ASSERT_FALSE(device.ok());
  EXPECT_TRUE(device.error() == err::uefi_no_snp);
}

TEST_F(NicInventoryTest, ADriverThatTakesLongIsNamedOnTheScreen) {
  FirmwareNic& nic = add(0x1af4, 0x1041, 3);
  nic.connect();
  std::string printed;
  fake.on_disconnect = [&](EFI_HANDLE, EFI_HANDLE) {
    // The driver waits for something, at a raised level as some do.
    const TplGuard guard(fake.firmware(), TPL_CALLBACK);
    fake.advance_ns(2'000'000'000);
    EXPECT_EQ(fake.printed, "");
    fake.advance_ns(2'000'000'000);
    printed = fake.printed;
    nic.disconnect();
    return EFI_SUCCESS;
  };
  inventory.scan();
  ASSERT_TRUE(inventory.claim(*inventory.nics()[0]).ok());
  EXPECT_EQ(printed,
            "\r\nwaiting for the firmware's driver \"Virtio Network Driver\" to let go of "
            "0000:00:03.0\r\n");
  EXPECT_EQ(fake.event_count(), 1U);  // the clock's
}

TEST_F(NicInventoryTest, ClaimedNicsAreSilencedAtExitBootServices) {
  struct Loud final : link::Device {
    fake::IdleDevice idle;
    int quiesced = 0;
    std::string_view driver_name() const noexcept override { return "loud"; }
    wire::MacAddress mac() const noexcept override { return {}; }
    std::uint16_t mtu() const noexcept override { return 1500; }
    link::Capabilities capabilities() const noexcept override { return {}; }
    link::LinkState link_state() noexcept override { return link::LinkState::up; }
    const link::Statistics& statistics() const noexcept override { return idle.statistics(); }
    Result<void> start() noexcept override { return {}; }
    void stop() noexcept override {}
    void quiesce() noexcept override { ++quiesced; }
    std::uint32_t poll(link::Receiver&, std::uint32_t) noexcept override { return 0; }
    Result<void> transmit(std::span<const ByteView>, link::TransmitInfo) noexcept override {
      return {};
    }
  } loud;
  ASSERT_TRUE(hook.install().ok());
  ASSERT_TRUE(hook.add(loud).ok());
  EXPECT_FALSE(fake.firmware().boot_services_ended());
  fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  EXPECT_EQ(loud.quiesced, 1);
  EXPECT_TRUE(fake.firmware().boot_services_ended());
  hook.remove(loud);
  fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  EXPECT_EQ(loud.quiesced, 1);
  // A broken invariant ends the program: nothing of the firmware's may lead to us afterwards.
  ASSERT_TRUE(hook.add(loud).ok());
  ExitBootServicesHook::abandon();
  EXPECT_EQ(loud.quiesced, 2);
  fake.signal_type(EVT_SIGNAL_EXIT_BOOT_SERVICES);
  EXPECT_EQ(loud.quiesced, 2);
}

TEST(PciFunction, BarsAreFoundByTheirAddressesWhereTheFirmwareCountsDifferently) {
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x1af4, 0x1041, 3);
  pci.set_bar(0, 0xc001);      // I/O
  pci.set_bar(1, 0x81000000);  // 32-bit memory
  pci.set_bar(2, 0x0000000c);  // 64-bit memory at 0x800000000
  pci.set_bar(3, 0x00000008);
  pci.set_bar(4, 0x82000000);  // the firmware calls it 3
  pci.bars = {{0, {0xc000, 0}}, {1, {0x81000000, 0}}, {2, {0x800000000, 0}}, {3, {0x82000000, 0}}};
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &pci.table.raw);
  auto function = PciFunction::open(fake.firmware(), Handle(handle));
  ASSERT_TRUE(function.ok());
  (*function)->bar_write32(0, 4, 0x11);
  (*function)->bar_write16(2, 8, 0x2222);
  (*function)->bar_write8(4, 12, 0x33);
  EXPECT_EQ((pci.ports[{0, 4}]), 0x11U);
  EXPECT_EQ((pci.memory[{2, 8}]), 0x2222U);
  EXPECT_EQ((pci.memory[{3, 12}]), 0x33U);
  EXPECT_EQ((*function)->bar_read8(4, 12), 0x33);
  EXPECT_EQ((*function)->bar_read32(6, 0), 0xffffffffU);
  EXPECT_EQ(fake.pools_in_use(), 0U);
}

TEST(PciFunction, ADataPortIsReadAndWrittenManyTimesInOneCall) {
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x10ec, 0x8029, 3);
  pci.set_bar(0, 0xc001);
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &pci.table.raw);
  auto function = PciFunction::open(fake.firmware(), Handle(handle));
  ASSERT_TRUE(function.ok());
  const std::array<std::uint32_t, 3> out{1, 2, 3};
  (*function)->bar_write_port32(0, 0x10, out);
  EXPECT_EQ(pci.fifo, (std::vector<std::uint32_t>{1, 2, 3}));
  std::array<std::uint32_t, 3> in{};
  (*function)->bar_read_port32(0, 0x10, in);
  EXPECT_EQ(in, out);
  pci.fifo.clear();  // the bus reports an error
  (*function)->bar_read_port32(0, 0x10, in);
  EXPECT_EQ(in, (std::array<std::uint32_t, 3>{~0U, ~0U, ~0U}));
  in = {};
  (*function)->bar_read_port32(6, 0x10, in);
  EXPECT_EQ(in, (std::array<std::uint32_t, 3>{~0U, ~0U, ~0U}));
}

TEST(PciFunction, DmaMemoryIsZeroedMappedAndOutlivesTheFunction) {
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x1af4, 0x1041, 3);
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &pci.table.raw);
  auto function = PciFunction::open(fake.firmware(), Handle(handle));
  ASSERT_TRUE(function.ok());
  auto memory = (*function)->allocate_dma(5000);
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ((*memory)->cpu().size(), 8192U);
  EXPECT_EQ((*memory)->cpu()[4999], std::byte{0});
  EXPECT_EQ(static_cast<std::uint64_t>((*memory)->device(16)),
            reinterpret_cast<std::uint64_t>((*memory)->cpu().data()) + pci.device_offset + 16);
  (*function).reset();
  EXPECT_EQ(pci.mappings, 1U);
  (*memory).reset();
  EXPECT_EQ(pci.mappings, 0U);
  EXPECT_EQ(pci.buffers, 0U);
}

TEST(PciFunction, AFailedMappingLeavesNothing) {
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x1af4, 0x1041, 3);
  pci.map_fails = true;
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &pci.table.raw);
  auto function = PciFunction::open(fake.firmware(), Handle(handle));
  const auto memory = (*function)->allocate_dma(100);
  ASSERT_FALSE(memory.ok());
  EXPECT_TRUE(memory.error() == err::uefi_dma_memory);
  EXPECT_EQ(pci.buffers, 0U);
}

TEST(PciFunction, EnablesWhatTheDeviceSupports) {
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x1af4, 0x1041, 3);
  pci.supported = EFI_PCI_IO_ATTRIBUTE_MEMORY | EFI_PCI_IO_ATTRIBUTE_BUS_MASTER;
  const EFI_HANDLE handle = fake.add_protocol(nullptr, &pci.table.raw);
  auto function = PciFunction::open(fake.firmware(), Handle(handle));
  ASSERT_TRUE((*function)->enable(true).ok());
  EXPECT_EQ(pci.attributes, pci.supported);
  ASSERT_TRUE((*function)->enable(false).ok());
  EXPECT_EQ(pci.attributes, EFI_PCI_IO_ATTRIBUTE_MEMORY);
}

}  // namespace
}  // namespace kedge::uefi
