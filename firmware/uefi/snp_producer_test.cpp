// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/snp_producer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "base/base_errors.h"
#include "tests/fake/link_device.h"
#include "tests/fake/uefi.h"
#include "uefi/producer_foreign_table.h"

namespace kedge::uefi {
namespace {

constexpr wire::MacAddress kOther({0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc});
constexpr wire::MacAddress kGroup({0x01, 0x00, 0x5e, 0x01, 0x02, 0x03});
constexpr wire::MacAddress kOtherGroup({0x01, 0x00, 0x5e, 0x01, 0x02, 0x04});
constexpr UINT32 kUnicast = EFI_SIMPLE_NETWORK_RECEIVE_UNICAST;
constexpr UINT32 kMulticast = EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST;
constexpr UINT32 kBroadcast = EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
constexpr UINT32 kPromiscuous = EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS;
constexpr UINT32 kAllMulticast = EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST;

EFI_MAC_ADDRESS raw_mac(const wire::MacAddress& mac) {
  EFI_MAC_ADDRESS raw{};
  std::copy_n(mac.octets().begin(), 6, raw.Addr);
  return raw;
}

std::vector<std::byte> frame_to(const wire::MacAddress& to, std::size_t bytes = 60) {
  std::vector<std::byte> frame(bytes, std::byte{0x5a});
  ByteWriter writer(frame);
  to.write(writer);
  kOther.write(writer);
  writer.be16(0x0800);
  return frame;
}

struct SnpProducerTest : testing::Test {
  fake::FakeFirmware fake;
  fake::ScriptedDevice device;
  std::unique_ptr<SnpProducer> producer = make();
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = producer->raw();

  std::unique_ptr<SnpProducer> make() {
    auto made = SnpProducer::create(fake.firmware(), device);
    EXPECT_TRUE(made.ok());
    return *std::move(made);
  }
  ~SnpProducerTest() override {
    producer.reset();
    EXPECT_EQ(fake.event_count(), 0U);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(device.frames.outstanding(), 0U);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
    EXPECT_FALSE(device.running);
  }
  void initialize() {
    ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
    ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  }
  void filters(UINT32 enable, UINT32 disable = 0) {
    ASSERT_EQ(snp->ReceiveFilters(snp, enable, disable, TRUE, 0, nullptr), EFI_SUCCESS);
  }
  EFI_STATUS receive(UINTN space = 2048) {
    std::vector<std::byte> buffer(space);
    return snp->Receive(snp, nullptr, &space, buffer.data(), nullptr, nullptr, nullptr);
  }
  bool receives(const wire::MacAddress& to) {
    device.incoming.push_back(frame_to(to));
    return receive() == EFI_SUCCESS;
  }
};

// Each function with arguments that are right, for the table of states.
struct Function {
  const char* name;
  std::function<EFI_STATUS(EFI_SIMPLE_NETWORK_PROTOCOL*)> call;
};

std::vector<Function> functions_for_initialized() {
  using P = EFI_SIMPLE_NETWORK_PROTOCOL;
  static EFI_MAC_ADDRESS mac{};
  static EFI_IP_ADDRESS ip{};
  static std::byte buffer[2048]{};
  static UINTN size = sizeof(buffer);
  static EFI_NETWORK_STATISTICS table{};
  static UINTN table_size = sizeof(table);
  static void* sent = nullptr;
  return {
      {"Reset", [](P* s) { return s->Reset(s, TRUE); }},
      {"ReceiveFilters", [](P* s) { return s->ReceiveFilters(s, 1, 0, FALSE, 0, nullptr); }},
      {"StationAddress", [](P* s) { return s->StationAddress(s, TRUE, nullptr); }},
      {"Statistics", [](P* s) { return s->Statistics(s, FALSE, &table_size, &table); }},
      {"MCastIpToMac", [](P* s) { return s->MCastIpToMac(s, FALSE, &ip, &mac); }},
      {"NvData", [](P* s) { return s->NvData(s, TRUE, 0, 1, buffer); }},
      {"GetStatus", [](P* s) { return s->GetStatus(s, nullptr, &sent); }},
      {"Transmit", [](P* s) { return s->Transmit(s, 0, 60, buffer, nullptr, nullptr, nullptr); }},
      {"Receive",
       [](P* s) { return s->Receive(s, nullptr, &size, buffer, nullptr, nullptr, nullptr); }},
      {"Shutdown", [](P* s) { return s->Shutdown(s); }},
  };
}

TEST_F(SnpProducerTest, ModeIsCompleteBeforeStart) {
  const EFI_SIMPLE_NETWORK_MODE& mode = *snp->Mode;
  EXPECT_EQ(snp->Revision, EFI_SIMPLE_NETWORK_PROTOCOL_REVISION);
  EXPECT_EQ(mode.State, UINT32{EfiSimpleNetworkStopped});
  EXPECT_EQ(mode.HwAddressSize, 6U);
  EXPECT_EQ(mode.MediaHeaderSize, 14U);
  EXPECT_EQ(mode.MaxPacketSize, 1500U);
  EXPECT_EQ(mode.ReceiveFilterMask, 0x1fU);
  EXPECT_EQ(mode.ReceiveFilterSetting, 0U);
  EXPECT_EQ(mode.MaxMCastFilterCount, 16U);
  EXPECT_EQ(mode.NvRamSize, 0U);
  EXPECT_EQ(mode.IfType, 1);
  EXPECT_EQ(mode.MacAddressChangeable, FALSE);
  EXPECT_EQ(mode.MultipleTxSupported, TRUE);
  EXPECT_EQ(mode.MediaPresentSupported, TRUE);
  const EFI_MAC_ADDRESS own = raw_mac(device.address);
  const EFI_MAC_ADDRESS everybody = raw_mac(wire::MacAddress::broadcast());
  EXPECT_EQ(std::memcmp(&mode.CurrentAddress, &own, sizeof(own)), 0);
  EXPECT_EQ(std::memcmp(&mode.PermanentAddress, &own, sizeof(own)), 0);
  EXPECT_EQ(std::memcmp(&mode.BroadcastAddress, &everybody, sizeof(own)), 0);
  EXPECT_EQ(device.starts, 0U);
}

TEST_F(SnpProducerTest, StoppedOnlyStartIsLegal) {
  EXPECT_EQ(snp->Stop(snp), EFI_NOT_STARTED);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_NOT_STARTED);
  for (const Function& function : functions_for_initialized()) {
    EXPECT_EQ(function.call(snp), EFI_NOT_STARTED) << function.name;
  }
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkStopped});
}

TEST_F(SnpProducerTest, StartedOnlyInitializeAndStopAreLegal) {
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Start(snp), EFI_ALREADY_STARTED);
  for (const Function& function : functions_for_initialized()) {
    EXPECT_EQ(function.call(snp), EFI_DEVICE_ERROR) << function.name;
  }
  EXPECT_EQ(device.starts, 0U);
  EXPECT_EQ(snp->Stop(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkStopped});
}

TEST_F(SnpProducerTest, InitializedNeitherStartNorInitializeNorStopIsLegal) {
  initialize();
  EXPECT_EQ(snp->Start(snp), EFI_ALREADY_STARTED);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_DEVICE_ERROR);
  EXPECT_EQ(snp->Stop(snp), EFI_DEVICE_ERROR);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkInitialized});
  EXPECT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkStarted});
  EXPECT_FALSE(device.running);
}

TEST_F(SnpProducerTest, AWrongThisIsAnInvalidParameter) {
  EXPECT_EQ(snp->Start(nullptr), EFI_INVALID_PARAMETER);
  ForeignTable<EFI_SIMPLE_NETWORK_PROTOCOL> copy;
  copy.raw = *snp;
  EXPECT_EQ(snp->Start(&copy.raw), EFI_INVALID_PARAMETER);
}

TEST_F(SnpProducerTest, TheCycleOfStatesCanBeRepeated) {
  for (int i = 0; i < 50; ++i) {
    initialize();
    ASSERT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
    ASSERT_EQ(snp->Stop(snp), EFI_SUCCESS);
  }
  EXPECT_EQ(device.starts, 50U);
}

TEST_F(SnpProducerTest, AFailingDeviceLeavesTheStateStarted) {
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  device.start_error = fail(err::link_stopped);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_DEVICE_ERROR);
  device.start_error = fail(err::base_no_memory);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_OUT_OF_RESOURCES);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkStarted});
  device.start_error.reset();
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  device.start_error = fail(err::link_stopped);
  EXPECT_EQ(snp->Reset(snp, FALSE), EFI_DEVICE_ERROR);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkStarted});
}

TEST_F(SnpProducerTest, MediaIsKnownRightAfterInitialize) {
  device.state = link::LinkState::down;
  initialize();
  EXPECT_EQ(snp->Mode->MediaPresent, FALSE);
  device.state = link::LinkState::up;
  UINT32 interrupts = 0;
  EXPECT_EQ(snp->GetStatus(snp, &interrupts, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->MediaPresent, TRUE);
}

TEST_F(SnpProducerTest, TheLinkIsLookedAtWhenThereIsNoSentBufferToGiveBack) {
  initialize();
  std::byte buffer[60]{};
  ASSERT_EQ(snp->Transmit(snp, 0, 60, buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  device.state = link::LinkState::down;
  void* sent = nullptr;
  EXPECT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
  EXPECT_EQ(sent, buffer);
  EXPECT_EQ(snp->Mode->MediaPresent, TRUE);
  EXPECT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
  EXPECT_EQ(sent, nullptr);
  EXPECT_EQ(snp->Mode->MediaPresent, FALSE);
}

TEST_F(SnpProducerTest, ResetEmptiesQueuesAndKeepsFilters) {
  initialize();
  filters(kUnicast | kBroadcast);
  std::byte buffer[60]{};
  ASSERT_EQ(snp->Transmit(snp, 0, 60, buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  ASSERT_EQ(snp->Reset(snp, TRUE), EFI_SUCCESS);
  void* sent = buffer;
  EXPECT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
  EXPECT_EQ(sent, nullptr);
  EXPECT_EQ(snp->Mode->ReceiveFilterSetting, kUnicast | kBroadcast);
  EXPECT_TRUE(receives(device.address));
}

TEST_F(SnpProducerTest, FiltersAreExact) {
  initialize();
  EXPECT_FALSE(receives(device.address));
  filters(kUnicast);
  EXPECT_TRUE(receives(device.address));
  EXPECT_FALSE(receives(kOther));
  EXPECT_FALSE(receives(wire::MacAddress::broadcast()));
  EXPECT_FALSE(receives(kGroup));
  filters(kBroadcast, kUnicast);
  EXPECT_FALSE(receives(device.address));
  EXPECT_TRUE(receives(wire::MacAddress::broadcast()));
  EXPECT_FALSE(receives(kGroup));
  EFI_MAC_ADDRESS list[] = {raw_mac(kGroup)};
  ASSERT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 1, list), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->MCastFilterCount, 1U);
  EXPECT_EQ(std::memcmp(&snp->Mode->MCastFilter[0], list, sizeof(list)), 0);
  EXPECT_TRUE(receives(kGroup));
  EXPECT_FALSE(receives(kOtherGroup));
  filters(kAllMulticast);
  EXPECT_EQ(snp->Mode->MCastFilterCount, 0U);
  EXPECT_TRUE(receives(kOtherGroup));
  EXPECT_FALSE(receives(kOther));
  filters(kPromiscuous, kAllMulticast | kMulticast);
  EXPECT_TRUE(receives(kOther));
  ASSERT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->ReceiveFilterSetting, 0U);
}

TEST_F(SnpProducerTest, TheDeviceIsToldOfTheFilters) {
  EXPECT_EQ(device.filter, link::ReceiveFilter());
  constexpr link::ReceiveFilter kNone{.promiscuous = false, .all_groups = false};
  initialize();
  EXPECT_EQ(device.filter, kNone);
  filters(kUnicast | kBroadcast);
  EXPECT_EQ(device.filter, kNone);
  EFI_MAC_ADDRESS list[] = {raw_mac(kGroup), raw_mac(kOtherGroup)};
  ASSERT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 2, list), EFI_SUCCESS);
  link::ReceiveFilter wanted = kNone;
  wanted.group_count = 2;
  wanted.group_list = {kGroup, kOtherGroup};
  EXPECT_EQ(device.filter, wanted);
  ASSERT_EQ(snp->Reset(snp, FALSE), EFI_SUCCESS);
  EXPECT_EQ(device.filter, wanted);
  ASSERT_EQ(snp->ReceiveFilters(snp, kAllMulticast, 0, FALSE, 0, nullptr), EFI_SUCCESS);
  wanted.all_groups = true;
  EXPECT_EQ(device.filter, wanted);
  // The list stays, and is of no interest without its filter.
  ASSERT_EQ(snp->ReceiveFilters(snp, kPromiscuous, kMulticast | kAllMulticast, FALSE, 0, nullptr),
            EFI_SUCCESS);
  wanted = kNone;
  wanted.promiscuous = true;
  EXPECT_EQ(device.filter, wanted);
  ASSERT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
  EXPECT_EQ(device.filter, kNone);
}

TEST_F(SnpProducerTest, AnotherUserOfTheDeviceLeavesNoFilterBehind) {
  device.filter = {.promiscuous = true, .all_groups = true};
  initialize();
  EXPECT_FALSE(device.filter.promiscuous);
  filters(kPromiscuous);
  producer->abandon();
  EXPECT_FALSE(device.filter.promiscuous);
}

TEST_F(SnpProducerTest, ReceiveFiltersRefusesWhatTheSpecificationCallsInvalid) {
  initialize();
  EFI_MAC_ADDRESS list[17];
  std::fill(std::begin(list), std::end(list), raw_mac(kGroup));
  EXPECT_EQ(snp->ReceiveFilters(snp, 0x20, 0, FALSE, 0, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->ReceiveFilters(snp, 0, 0x20, FALSE, 0, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 0, list), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 1, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 17, list), EFI_INVALID_PARAMETER);
  list[1] = raw_mac(kOther);
  EXPECT_EQ(snp->ReceiveFilters(snp, kMulticast, 0, FALSE, 2, list), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Mode->ReceiveFilterSetting, 0U);
  EXPECT_EQ(snp->Mode->MCastFilterCount, 0U);
  // What MNP does: all other bits of the mask are disabled; a list that is reset with its filter.
  EXPECT_EQ(snp->ReceiveFilters(snp, 5, 0x1a, FALSE, 0, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->ReceiveFilters(snp, 5, 0x1a, TRUE, 0, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->ReceiveFilters(snp, 0, 0x1f, TRUE, 0, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->ReceiveFilterSetting, 0U);
}

TEST_F(SnpProducerTest, APacketThatNewFiltersRefuseIsDropped) {
  initialize();
  filters(kPromiscuous);
  device.incoming.push_back(frame_to(kOther));
  EXPECT_EQ(receive(20), EFI_BUFFER_TOO_SMALL);
  filters(kUnicast, kPromiscuous);
  EXPECT_EQ(receive(), EFI_NOT_READY);
}

TEST_F(SnpProducerTest, StationAddressCannotBeChanged) {
  initialize();
  EFI_MAC_ADDRESS other = raw_mac(kOther);
  EFI_MAC_ADDRESS own = raw_mac(device.address);
  EXPECT_EQ(snp->StationAddress(snp, TRUE, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->StationAddress(snp, FALSE, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->StationAddress(snp, FALSE, &own), EFI_SUCCESS);
  EXPECT_EQ(snp->StationAddress(snp, FALSE, &other), EFI_UNSUPPORTED);
  EXPECT_EQ(std::memcmp(&snp->Mode->CurrentAddress, &own, sizeof(own)), 0);
}

TEST_F(SnpProducerTest, StatisticsAreCountedGivenAndReset) {
  initialize();
  filters(kUnicast);
  EXPECT_TRUE(receives(device.address));
  EXPECT_FALSE(receives(kOther));
  device.incoming.push_back(frame_to(device.address, 1519));  // never fits, so it must not stay
  device.incoming.push_back(std::vector<std::byte>(8));
  EXPECT_TRUE(receives(device.address));
  std::byte buffer[60]{};
  ASSERT_EQ(snp->Transmit(snp, 0, 60, buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  EFI_NETWORK_STATISTICS table{};
  UINTN size = sizeof(table);
  EXPECT_EQ(snp->Statistics(snp, FALSE, nullptr, &table), EFI_INVALID_PARAMETER);
  ASSERT_EQ(snp->Statistics(snp, FALSE, &size, &table), EFI_SUCCESS);
  EXPECT_EQ(table.RxTotalFrames, 4U);  // without the one for somebody else
  EXPECT_EQ(table.RxGoodFrames, 2U);
  EXPECT_EQ(table.RxDroppedFrames, 0U);
  EXPECT_EQ(table.RxOversizeFrames, 1U);
  EXPECT_EQ(table.RxUndersizeFrames, 1U);
  EXPECT_EQ(table.RxTotalBytes, 120U);
  EXPECT_EQ(table.TxUnicastFrames, 1U);
  size = 16;
  std::memset(&table, 0, sizeof(table));
  EXPECT_EQ(snp->Statistics(snp, FALSE, &size, &table), EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, sizeof(table));
  EXPECT_EQ(table.RxGoodFrames, 2U);
  EXPECT_EQ(table.RxUndersizeFrames, 0U);
  size = 0;
  EXPECT_EQ(snp->Statistics(snp, FALSE, &size, nullptr), EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, sizeof(table));
  EXPECT_EQ(snp->Statistics(snp, TRUE, nullptr, nullptr), EFI_SUCCESS);
  ASSERT_EQ(snp->Statistics(snp, FALSE, &size, &table), EFI_SUCCESS);
  EXPECT_EQ(table.RxTotalFrames, 0U);
  EXPECT_EQ(table.TxTotalBytes, 0U);
}

TEST_F(SnpProducerTest, MulticastAddressesBecomeMacs) {
  initialize();
  EFI_IP_ADDRESS ip{};
  EFI_MAC_ADDRESS mac{};
  const UINT8 v4[] = {239, 129, 2, 3};
  std::memcpy(&ip, v4, 4);
  ASSERT_EQ(snp->MCastIpToMac(snp, FALSE, &ip, &mac), EFI_SUCCESS);
  const EFI_MAC_ADDRESS wanted4 = raw_mac(kGroup);
  EXPECT_EQ(std::memcmp(&mac, &wanted4, sizeof(mac)), 0);
  EXPECT_EQ(snp->MCastIpToMac(snp, TRUE, &ip, &mac), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->MCastIpToMac(snp, FALSE, nullptr, &mac), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->MCastIpToMac(snp, FALSE, &ip, nullptr), EFI_INVALID_PARAMETER);
  const UINT8 v6[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x12, 0x34, 0x56};
  std::memcpy(&ip, v6, 16);
  ASSERT_EQ(snp->MCastIpToMac(snp, TRUE, &ip, &mac), EFI_SUCCESS);
  const EFI_MAC_ADDRESS wanted6 = raw_mac(wire::MacAddress({0x33, 0x33, 0xff, 0x12, 0x34, 0x56}));
  EXPECT_EQ(std::memcmp(&mac, &wanted6, sizeof(mac)), 0);
  ip.Addr[0] = 0;
  EXPECT_EQ(snp->MCastIpToMac(snp, FALSE, &ip, &mac), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->NvData(snp, TRUE, 0, 1, &mac), EFI_UNSUPPORTED);
}

TEST_F(SnpProducerTest, TransmitChecksItsArguments) {
  initialize();
  std::byte buffer[1600]{};
  EFI_MAC_ADDRESS to = raw_mac(kOther);
  UINT16 type = 0x0806;
  EXPECT_EQ(snp->Transmit(snp, 0, 60, nullptr, nullptr, nullptr, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Transmit(snp, 13, 60, buffer, nullptr, &to, &type), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Transmit(snp, 14, 60, buffer, nullptr, nullptr, &type), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Transmit(snp, 14, 60, buffer, nullptr, &to, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Transmit(snp, 0, 13, buffer, nullptr, nullptr, nullptr), EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(snp->Transmit(snp, 0, 1519, buffer, nullptr, nullptr, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_TRUE(device.sent.empty());
  void* sent = buffer;
  EXPECT_EQ(snp->GetStatus(snp, nullptr, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
  EXPECT_EQ(sent, nullptr);
}

TEST_F(SnpProducerTest, TransmitFillsTheHeaderIn) {
  initialize();
  std::byte buffer[64]{};
  EFI_MAC_ADDRESS to = raw_mac(kOther);
  EFI_MAC_ADDRESS from = raw_mac(kGroup);
  UINT16 type = 0x0806;
  ASSERT_EQ(snp->Transmit(snp, 14, 64, buffer, nullptr, &to, &type), EFI_SUCCESS);
  ASSERT_EQ(snp->Transmit(snp, 14, 64, buffer, &from, &to, &type), EFI_SUCCESS);
  ASSERT_EQ(device.sent.size(), 2U);
  ByteReader reader(device.sent[0]);
  EXPECT_EQ(wire::MacAddress::read(reader), kOther);
  EXPECT_EQ(wire::MacAddress::read(reader), device.address);
  EXPECT_EQ(reader.be16(), 0x0806);
  ByteReader second(ByteView(device.sent[1]).subspan(6));
  EXPECT_EQ(wire::MacAddress::read(second), kGroup);
}

TEST_F(SnpProducerTest, SentBuffersComeBackOnceInOrderByTheirPointers) {
  initialize();
  std::byte buffers[5][60]{};
  for (auto& buffer : buffers) {
    ASSERT_EQ(snp->Transmit(snp, 0, 60, buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  }
  UINT32 interrupts = 0;
  void* sent = nullptr;
  for (auto& buffer : buffers) {
    ASSERT_EQ(snp->GetStatus(snp, &interrupts, &sent), EFI_SUCCESS);
    EXPECT_EQ(sent, buffer);
    const UINT32 expected = sent == buffers[0] ? EFI_SIMPLE_NETWORK_TRANSMIT_INTERRUPT : 0;
    EXPECT_EQ(interrupts, expected);
  }
  EXPECT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
  EXPECT_EQ(sent, nullptr);
}

TEST_F(SnpProducerTest, FullQueuesAreNotReadyUntilTheyAreEmptied) {
  initialize();
  std::byte buffer[60]{};
  const auto send = [&] { return snp->Transmit(snp, 0, 60, buffer, nullptr, nullptr, nullptr); };
  // The device's ring is smaller than the list of sent buffers, and is recycled on the way.
  for (std::size_t i = 0; i < SnpProducer::kSentMax; ++i) ASSERT_EQ(send(), EFI_SUCCESS) << i;
  EXPECT_EQ(send(), EFI_NOT_READY);
  EXPECT_EQ(device.sent.size(), SnpProducer::kSentMax);
  void* sent = nullptr;
  for (std::size_t i = 0; i < SnpProducer::kSentMax; ++i) {
    ASSERT_EQ(snp->GetStatus(snp, nullptr, &sent), EFI_SUCCESS);
    ASSERT_EQ(sent, buffer);
  }
  device.sends = false;
  for (std::size_t i = 0; i < 2 * device.ring_size && send() == EFI_SUCCESS; ++i) {
  }
  EXPECT_EQ(send(), EFI_NOT_READY);
  device.sends = true;
  EXPECT_EQ(send(), EFI_SUCCESS);
}

TEST_F(SnpProducerTest, ReceiveGivesThePacketAndItsHeader) {
  initialize();
  filters(kUnicast);
  device.segment_bytes = 100;
  device.incoming.push_back(frame_to(device.address, 1514));
  std::vector<std::byte> buffer(1526);
  UINTN size = buffer.size();
  UINTN header = 0;
  EFI_MAC_ADDRESS from{};
  EFI_MAC_ADDRESS to{};
  UINT16 type = 0;
  EXPECT_EQ(snp->Receive(snp, &header, nullptr, buffer.data(), &from, &to, &type),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(snp->Receive(snp, &header, &size, nullptr, &from, &to, &type), EFI_INVALID_PARAMETER);
  ASSERT_EQ(snp->Receive(snp, &header, &size, buffer.data(), &from, &to, &type), EFI_SUCCESS);
  EXPECT_EQ(size, 1514U);
  EXPECT_EQ(header, 14U);
  EXPECT_EQ(type, 0x0800);
  const EFI_MAC_ADDRESS other = raw_mac(kOther);
  EXPECT_EQ(std::memcmp(&from, &other, sizeof(other)), 0);
  buffer.resize(1514);
  EXPECT_EQ(buffer, frame_to(device.address, 1514));
  EXPECT_EQ(receive(), EFI_NOT_READY);
}

TEST_F(SnpProducerTest, ABufferThatIsTooSmallKeepsThePacket) {
  initialize();
  filters(kUnicast);
  device.incoming.push_back(frame_to(device.address, 100));
  std::byte buffer[128];
  UINTN size = 99;
  ASSERT_EQ(snp->Receive(snp, nullptr, &size, buffer, nullptr, nullptr, nullptr),
            EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 100U);
  EXPECT_EQ(snp->Receive(snp, nullptr, &size, buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
}

TEST_F(SnpProducerTest, OneCallTakesALimitedNumberOfUnwantedFrames) {
  initialize();
  filters(kUnicast);
  for (unsigned i = 0; i < SnpProducer::kFramesPerCall + 1; ++i) {
    device.incoming.push_back(frame_to(kOther));
  }
  device.incoming.push_back(frame_to(device.address));
  EXPECT_EQ(receive(), EFI_NOT_READY);
  EXPECT_EQ(device.incoming.size(), 2U);
  EXPECT_EQ(receive(), EFI_SUCCESS);
}

TEST_F(SnpProducerTest, WaitForPacketMayBeCheckedInEveryState) {
  EFI_BOOT_SERVICES& boot = fake.firmware().boot();
  EXPECT_EQ(boot.CheckEvent(snp->WaitForPacket), EFI_NOT_READY);
  initialize();
  filters(kUnicast);
  EXPECT_EQ(boot.CheckEvent(snp->WaitForPacket), EFI_NOT_READY);
  device.incoming.push_back(frame_to(kOther));
  EXPECT_EQ(boot.CheckEvent(snp->WaitForPacket), EFI_NOT_READY);
  device.incoming.push_back(frame_to(device.address));
  EXPECT_EQ(boot.CheckEvent(snp->WaitForPacket), EFI_SUCCESS);
  UINT32 interrupts = 0;
  EXPECT_EQ(snp->GetStatus(snp, &interrupts, nullptr), EFI_SUCCESS);
  EXPECT_EQ(interrupts, UINT32{EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT});
  EXPECT_EQ(receive(), EFI_SUCCESS);
  EXPECT_EQ(boot.CheckEvent(snp->WaitForPacket), EFI_NOT_READY);
}

TEST_F(SnpProducerTest, EveryFunctionMayBeCalledUpToNotify) {
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY}) {
    const EFI_TPL before = fake.table().BootServices->RaiseTPL(level);
    initialize();
    for (const Function& function : functions_for_initialized()) (void)function.call(snp);
    EXPECT_EQ(snp->Stop(snp), EFI_SUCCESS);
    EXPECT_EQ(fake.tpl, level);
    fake.table().BootServices->RestoreTPL(before);
  }
}

TEST_F(SnpProducerTest, NoFunctionSwitchesInterruptsOff) {
  // TPL_HIGH_LEVEL does, and under software emulation that costs more than the packet itself.
  initialize();
  for (const Function& function : functions_for_initialized()) (void)function.call(snp);
  EXPECT_EQ(snp->Stop(snp), EFI_SUCCESS);
  EXPECT_EQ(fake.highest_tpl, EFI_TPL{TPL_NOTIFY});
}

TEST_F(SnpProducerTest, AfterRetirementNothingIsTouched) {
  initialize();
  filters(kUnicast);
  producer->retire();
  EXPECT_EQ(device.quiesces, 1U);
  const unsigned stops = device.stops;
  fake.table().BootServices->RaiseTPL = nullptr;  // as after ExitBootServices
  EXPECT_EQ(snp->Start(snp), EFI_DEVICE_ERROR);
  EXPECT_EQ(snp->Stop(snp), EFI_DEVICE_ERROR);
  EXPECT_EQ(snp->Initialize(snp, 0, 0), EFI_DEVICE_ERROR);
  for (const Function& function : functions_for_initialized()) {
    EXPECT_EQ(function.call(snp), EFI_DEVICE_ERROR) << function.name;
  }
  device.incoming.push_back(frame_to(device.address));
  EXPECT_EQ(fake.table().BootServices->CheckEvent(snp->WaitForPacket), EFI_NOT_READY);
  producer.reset();
  EXPECT_EQ(device.stops, stops);
}

TEST(SnpProducerFailure, WithoutEventThereIsNoProducer) {
  fake::FakeFirmware fake;
  fake::ScriptedDevice device;
  fake.fail(fake::Call::create_event, EFI_OUT_OF_RESOURCES);
  EXPECT_FALSE(SnpProducer::create(fake.firmware(), device).ok());
  EXPECT_EQ(fake.event_count(), 0U);
}

}  // namespace
}  // namespace kedge::uefi
