// SPDX-License-Identifier: BSD-2-Clause-Patent
// Simple Network as the UEFI conformance tests look at it: each function in each state, with each
// parameter that UEFI 2.10, 24.1 calls invalid, and the sequences that those tests go through.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "tests/fake/link_device.h"
#include "tests/fake/uefi.h"
#include "uefi/producer_foreign_table.h"
#include "uefi/snp_producer.h"

namespace kedge::uefi {
namespace {

using P = EFI_SIMPLE_NETWORK_PROTOCOL;

// What callers pass; one set for all rows.
struct Arguments {
  std::byte buffer[2048]{};
  UINTN size = sizeof(buffer);
  EFI_NETWORK_STATISTICS table{};
  UINTN table_size = sizeof(table);
  UINTN no_size = 0;
  void* sent = nullptr;
  UINT32 interrupts = 0;
  EFI_MAC_ADDRESS mac{};
  EFI_MAC_ADDRESS groups[17]{};
  EFI_IP_ADDRESS group4{};
  EFI_IP_ADDRESS unicast4{};
  EFI_IP_ADDRESS group6{};
  UINT16 type = 0x0806;

  Arguments() {
    for (EFI_MAC_ADDRESS& group : groups) group.Addr[0] = 1;
    group4.Addr[0] = 0xef;
    unicast4.Addr[0] = 10;
    std::memset(&group6, 0xff, sizeof(group6));
  }
};

struct Row {
  const char* name;
  std::function<EFI_STATUS(P*, Arguments&)> call;
  EFI_STATUS stopped;
  EFI_STATUS started;
  EFI_STATUS initialized;
  // The state after the call in each of the three.
  UINT32 then[3] = {EfiSimpleNetworkStopped, EfiSimpleNetworkStarted, EfiSimpleNetworkInitialized};
};

// A function that needs the initialized state: before that its answer does not depend on arguments.
Row row(const char* name, std::function<EFI_STATUS(P*, Arguments&)> call, EFI_STATUS initialized) {
  return {name, std::move(call), EFI_NOT_STARTED, EFI_DEVICE_ERROR, initialized};
}

std::vector<Row> state_rows() {
  constexpr UINT32 kStopped = EfiSimpleNetworkStopped;
  constexpr UINT32 kStarted = EfiSimpleNetworkStarted;
  constexpr UINT32 kInitialized = EfiSimpleNetworkInitialized;
  return {
      {"Start",
       [](P* s, Arguments&) { return s->Start(s); },
       EFI_SUCCESS,
       EFI_ALREADY_STARTED,
       EFI_ALREADY_STARTED,
       {kStarted, kStarted, kInitialized}},
      {"Stop",
       [](P* s, Arguments&) { return s->Stop(s); },
       EFI_NOT_STARTED,
       EFI_SUCCESS,
       EFI_DEVICE_ERROR,
       {kStopped, kStopped, kInitialized}},
      {"Initialize",
       [](P* s, Arguments&) { return s->Initialize(s, 0, 0); },
       EFI_NOT_STARTED,
       EFI_SUCCESS,
       EFI_DEVICE_ERROR,
       {kStopped, kInitialized, kInitialized}},
      {"Initialize with extra buffers",
       [](P* s, Arguments&) { return s->Initialize(s, 1 << 20, ~UINTN{0}); },
       EFI_NOT_STARTED,
       EFI_SUCCESS,
       EFI_DEVICE_ERROR,
       {kStopped, kInitialized, kInitialized}},
      {"Shutdown",
       [](P* s, Arguments&) { return s->Shutdown(s); },
       EFI_NOT_STARTED,
       EFI_DEVICE_ERROR,
       EFI_SUCCESS,
       {kStopped, kStarted, kStarted}},
      row(
          "Reset", [](P* s, Arguments&) { return s->Reset(s, FALSE); }, EFI_SUCCESS),
      row(
          "Reset, extended", [](P* s, Arguments&) { return s->Reset(s, TRUE); }, EFI_SUCCESS),
  };
}

std::vector<Row> filter_rows() {
  constexpr UINT32 kMulticast = EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST;
  const auto filters = [](const char* name, UINT32 enable, UINT32 disable, BOOLEAN reset,
                          UINTN count, bool has_list, EFI_STATUS status) {
    return row(
        name,
        [=](P* s, Arguments& a) {
          return s->ReceiveFilters(s, enable, disable, reset, count, has_list ? a.groups : nullptr);
        },
        status);
  };
  constexpr EFI_STATUS kInvalid = EFI_INVALID_PARAMETER;
  return {
      filters("ReceiveFilters: nothing", 0, 0, FALSE, 0, false, EFI_SUCCESS),
      filters("ReceiveFilters: all but multicast", 0x1d, 0, FALSE, 0, false, EFI_SUCCESS),
      filters("ReceiveFilters: enable beyond mask", ~0x1fU, 0, FALSE, 0, false, kInvalid),
      filters("ReceiveFilters: disable beyond mask", 0, ~0x1fU, FALSE, 0, false, kInvalid),
      filters("ReceiveFilters: list too long", kMulticast, 0, FALSE, 17, true, kInvalid),
      filters("ReceiveFilters: list empty", kMulticast, 0, FALSE, 0, true, kInvalid),
      filters("ReceiveFilters: no list", kMulticast, 0, FALSE, 1, false, kInvalid),
      filters("ReceiveFilters: whole list", kMulticast, 0, FALSE, 16, true, EFI_SUCCESS),
      filters("ReceiveFilters: list reset", kMulticast, 0, TRUE, 0, false, EFI_SUCCESS),
      filters("ReceiveFilters: list reset, filter disabled", 0, kMulticast, TRUE, 0, false,
              EFI_SUCCESS),
      filters("ReceiveFilters: enabled and disabled", kMulticast, kMulticast, FALSE, 0, false,
              EFI_SUCCESS),
      row(
          "ReceiveFilters: list of unicast",
          [](P* s, Arguments& a) { return s->ReceiveFilters(s, 2, 0, FALSE, 1, &a.mac); },
          kInvalid),
  };
}

std::vector<Row> data_rows() {
  constexpr EFI_STATUS kInvalid = EFI_INVALID_PARAMETER;
  const auto transmit = [](const char* name, UINTN header, UINTN bytes, int null,
                           EFI_STATUS status) {
    return row(
        name,
        [=](P* s, Arguments& a) {
          return s->Transmit(s, header, bytes, null == 1 ? nullptr : a.buffer, nullptr,
                             null == 2 ? nullptr : &a.mac, null == 3 ? nullptr : &a.type);
        },
        status);
  };
  return {
      transmit("Transmit", 0, 60, 0, EFI_SUCCESS),
      transmit("Transmit: header alone", 0, 14, 0, EFI_SUCCESS),
      transmit("Transmit: header to fill in", 14, 128, 0, EFI_SUCCESS),
      transmit("Transmit: largest frame", 0, 1518, 0, EFI_SUCCESS),
      transmit("Transmit: header of another size", 16, 1024, 0, kInvalid),
      transmit("Transmit: less than a header", 14, 12, 0, EFI_BUFFER_TOO_SMALL),
      transmit("Transmit: no buffer", 14, 1024, 1, kInvalid),
      transmit("Transmit: no destination", 14, 1024, 2, kInvalid),
      transmit("Transmit: no protocol", 14, 1024, 3, kInvalid),
      transmit("Transmit: too large", 0, 1519, 0, kInvalid),
      row(
          "Receive: nothing there",
          [](P* s, Arguments& a) {
            return s->Receive(s, nullptr, &a.size, a.buffer, nullptr, nullptr, nullptr);
          },
          EFI_NOT_READY),
      row(
          "Receive: no buffer",
          [](P* s, Arguments& a) {
            return s->Receive(s, nullptr, &a.size, nullptr, nullptr, nullptr, nullptr);
          },
          kInvalid),
      row(
          "Receive: no size",
          [](P* s, Arguments& a) {
            return s->Receive(s, nullptr, nullptr, a.buffer, nullptr, nullptr, nullptr);
          },
          kInvalid),
      row(
          "GetStatus", [](P* s, Arguments& a) { return s->GetStatus(s, &a.interrupts, &a.sent); },
          EFI_SUCCESS),
      row(
          "GetStatus: interrupts",
          [](P* s, Arguments& a) { return s->GetStatus(s, &a.interrupts, nullptr); }, EFI_SUCCESS),
      row(
          "GetStatus: buffer", [](P* s, Arguments& a) { return s->GetStatus(s, nullptr, &a.sent); },
          EFI_SUCCESS),
      row(
          "GetStatus: neither", [](P* s, Arguments&) { return s->GetStatus(s, nullptr, nullptr); },
          kInvalid),
  };
}

std::vector<Row> other_rows() {
  constexpr EFI_STATUS kInvalid = EFI_INVALID_PARAMETER;
  return {
      row(
          "StationAddress: reset",
          [](P* s, Arguments&) { return s->StationAddress(s, TRUE, nullptr); }, EFI_SUCCESS),
      row(
          "StationAddress: same",
          [](P* s, Arguments&) {
            EFI_MAC_ADDRESS own = s->Mode->CurrentAddress;
            return s->StationAddress(s, FALSE, &own);
          },
          EFI_SUCCESS),
      row(
          "StationAddress: another",
          [](P* s, Arguments& a) { return s->StationAddress(s, FALSE, &a.mac); }, EFI_UNSUPPORTED),
      row(
          "StationAddress: none",
          [](P* s, Arguments&) { return s->StationAddress(s, FALSE, nullptr); }, kInvalid),
      row(
          "Statistics",
          [](P* s, Arguments& a) { return s->Statistics(s, FALSE, &a.table_size, &a.table); },
          EFI_SUCCESS),
      row(
          "Statistics: only reset",
          [](P* s, Arguments&) { return s->Statistics(s, TRUE, nullptr, nullptr); }, EFI_SUCCESS),
      row(
          "Statistics: no room",
          [](P* s, Arguments& a) { return s->Statistics(s, FALSE, &a.no_size, &a.table); },
          EFI_BUFFER_TOO_SMALL),
      row(
          "Statistics: only the size",
          [](P* s, Arguments& a) { return s->Statistics(s, FALSE, &a.table_size, nullptr); },
          EFI_BUFFER_TOO_SMALL),
      row(
          "Statistics: no size",
          [](P* s, Arguments& a) { return s->Statistics(s, FALSE, nullptr, &a.table); }, kInvalid),
      row(
          "MCastIpToMac",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, FALSE, &a.group4, &a.mac); },
          EFI_SUCCESS),
      row(
          "MCastIpToMac: IPv6",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, TRUE, &a.group6, &a.mac); },
          EFI_SUCCESS),
      row(
          "MCastIpToMac: unicast",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, FALSE, &a.unicast4, &a.mac); },
          kInvalid),
      row(
          "MCastIpToMac: IPv6 unicast",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, TRUE, &a.unicast4, &a.mac); },
          kInvalid),
      row(
          "MCastIpToMac: no address",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, FALSE, nullptr, &a.mac); }, kInvalid),
      row(
          "MCastIpToMac: no result",
          [](P* s, Arguments& a) { return s->MCastIpToMac(s, FALSE, &a.group4, nullptr); },
          kInvalid),
      row(
          "NvData: read", [](P* s, Arguments& a) { return s->NvData(s, TRUE, 0, 1, a.buffer); },
          EFI_UNSUPPORTED),
      row(
          "NvData: write", [](P* s, Arguments& a) { return s->NvData(s, FALSE, 0, 1, a.buffer); },
          EFI_UNSUPPORTED),
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (auto* table : {state_rows, filter_rows, data_rows, other_rows}) {
    for (Row& entry : table()) rows.push_back(std::move(entry));
  }
  return rows;
}

struct SnpConformanceTest : testing::Test {
  fake::FakeFirmware fake;
  fake::ScriptedDevice device;
  std::unique_ptr<SnpProducer> producer = make();
  P* snp = producer->raw();

  std::unique_ptr<SnpProducer> make() {
    auto made = SnpProducer::create(fake.firmware(), device);
    EXPECT_TRUE(made.ok());
    return *std::move(made);
  }
  ~SnpConformanceTest() override {
    producer.reset();
    EXPECT_EQ(fake.event_count(), 0U);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
  }
  void enter(UINT32 state) {
    producer->abandon();
    if (state != EfiSimpleNetworkStopped) {
      ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
    }
    if (state == EfiSimpleNetworkInitialized) {
      ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
    }
    ASSERT_EQ(snp->Mode->State, state);
  }
  EFI_NETWORK_STATISTICS statistics(BOOLEAN reset = FALSE) {
    EFI_NETWORK_STATISTICS table;
    std::memset(&table, 0xa5, sizeof(table));
    UINTN size = sizeof(table);
    EXPECT_EQ(snp->Statistics(snp, reset, &size, &table), EFI_SUCCESS);
    EXPECT_EQ(size, sizeof(table));
    return table;
  }
};

TEST_F(SnpConformanceTest, EveryFunctionAnswersInEveryStateAsTheSpecificationSays) {
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY}) {
    const EFI_TPL before = fake.table().BootServices->RaiseTPL(level);
    for (const Row& entry : all_rows()) {
      const EFI_STATUS expected[] = {entry.stopped, entry.started, entry.initialized};
      for (UINT32 state = EfiSimpleNetworkStopped; state < EfiSimpleNetworkMaxState; ++state) {
        enter(state);
        Arguments arguments;
        EXPECT_EQ(entry.call(snp, arguments), expected[state]) << entry.name << " in " << state;
        EXPECT_EQ(snp->Mode->State, entry.then[state]) << entry.name << " in " << state;
        EXPECT_EQ(fake.tpl, level) << entry.name;
        EXPECT_EQ(device.running, snp->Mode->State == EfiSimpleNetworkInitialized) << entry.name;
      }
    }
    fake.table().BootServices->RestoreTPL(before);
  }
}

TEST_F(SnpConformanceTest, EveryFunctionRefusesWhatIsNoInterfaceOfOurs) {
  ForeignTable<P> foreign;
  for (P* self : {static_cast<P*>(nullptr), &foreign.raw}) {
    EXPECT_EQ(snp->Start(self), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Stop(self), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Initialize(self, 0, 0), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Reset(self, FALSE), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Shutdown(self), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->ReceiveFilters(self, 0, 0, FALSE, 0, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->StationAddress(self, TRUE, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Statistics(self, TRUE, nullptr, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->MCastIpToMac(self, FALSE, nullptr, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->NvData(self, TRUE, 0, 0, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->GetStatus(self, nullptr, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Transmit(self, 0, 0, nullptr, nullptr, nullptr, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(snp->Receive(self, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr),
              EFI_INVALID_PARAMETER);
  }
}

TEST_F(SnpConformanceTest, EachFilterBitCanBeEnabledAndDisabledAndDisablingWins) {
  enter(EfiSimpleNetworkInitialized);
  Arguments a;
  for (UINT32 bit = 1; bit <= 0x10; bit <<= 1) {
    const UINTN count = bit == EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST ? 1 : 0;
    EXPECT_EQ(snp->ReceiveFilters(snp, 0, bit, FALSE, 0, nullptr), EFI_SUCCESS);
    EXPECT_EQ(snp->Mode->ReceiveFilterSetting & bit, 0U);
    EXPECT_EQ(snp->ReceiveFilters(snp, bit, 0, FALSE, count, a.groups), EFI_SUCCESS);
    EXPECT_EQ(snp->Mode->ReceiveFilterSetting & bit, bit);
    EXPECT_EQ(snp->ReceiveFilters(snp, bit, bit, FALSE, 0, nullptr), EFI_SUCCESS);
    EXPECT_EQ(snp->Mode->ReceiveFilterSetting & bit, 0U);
  }
  EXPECT_EQ(snp->Mode->MCastFilterCount, 1U);
  EXPECT_EQ(std::memcmp(snp->Mode->MCastFilter, a.groups, sizeof(EFI_MAC_ADDRESS)), 0);
  EXPECT_EQ(snp->ReceiveFilters(snp, 0, 0, TRUE, 0, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->MCastFilterCount, 0U);
}

TEST_F(SnpConformanceTest, ResetKeepsModeFiltersAndStatisticsAndEmptiesQueues) {
  enter(EfiSimpleNetworkInitialized);
  Arguments a;
  ASSERT_EQ(snp->ReceiveFilters(snp, 7, 0, FALSE, 2, a.groups), EFI_SUCCESS);
  ASSERT_EQ(snp->Transmit(snp, 0, 60, a.buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  const EFI_SIMPLE_NETWORK_MODE mode = *snp->Mode;
  const EFI_NETWORK_STATISTICS before = statistics();
  EXPECT_EQ(before.TxGoodFrames, 1U);
  for (const BOOLEAN extended : {FALSE, TRUE}) {
    ASSERT_EQ(snp->Reset(snp, extended), EFI_SUCCESS);
    EXPECT_EQ(std::memcmp(&mode, snp->Mode, sizeof(mode)), 0);
    a.sent = a.buffer;
    ASSERT_EQ(snp->GetStatus(snp, &a.interrupts, &a.sent), EFI_SUCCESS);
    EXPECT_EQ(a.sent, nullptr);
    EXPECT_EQ(a.interrupts, 0U);
    const EFI_NETWORK_STATISTICS after = statistics();
    EXPECT_EQ(std::memcmp(&before, &after, sizeof(after)), 0);
  }
}

TEST_F(SnpConformanceTest, AResetThatFailsLeavesNoFilterBehind) {
  enter(EfiSimpleNetworkInitialized);
  ASSERT_EQ(snp->ReceiveFilters(snp, 5, 0, FALSE, 0, nullptr), EFI_SUCCESS);
  device.start_error = fail(err::link_stopped);
  EXPECT_EQ(snp->Reset(snp, FALSE), EFI_DEVICE_ERROR);
  device.start_error.reset();
  ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->ReceiveFilterSetting, 0U);
}

TEST_F(SnpConformanceTest, StatisticsThatAreResetAreAllZeroInTheSameCall) {
  enter(EfiSimpleNetworkInitialized);
  Arguments a;
  ASSERT_EQ(snp->Transmit(snp, 0, 60, a.buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  const EFI_NETWORK_STATISTICS first = statistics();
  const EFI_NETWORK_STATISTICS second = statistics();
  EXPECT_EQ(std::memcmp(&first, &second, sizeof(first)), 0);
  const EFI_NETWORK_STATISTICS zero{};
  EXPECT_NE(std::memcmp(&first, &zero, sizeof(zero)), 0);
  const EFI_NETWORK_STATISTICS reset = statistics(TRUE);
  EXPECT_EQ(std::memcmp(&reset, &zero, sizeof(zero)), 0);
}

TEST_F(SnpConformanceTest, FramesThatNoFilterWantsChangeNothingThatCallersSee) {
  enter(EfiSimpleNetworkInitialized);
  const EFI_NETWORK_STATISTICS before = statistics();
  device.incoming.push_back(std::vector<std::byte>(60, std::byte{0xff}));
  Arguments a;
  ASSERT_EQ(snp->GetStatus(snp, &a.interrupts, &a.sent), EFI_SUCCESS);
  EXPECT_TRUE(device.incoming.empty());
  EXPECT_EQ(a.interrupts, 0U);
  const EFI_NETWORK_STATISTICS after = statistics();
  EXPECT_EQ(std::memcmp(&before, &after, sizeof(after)), 0);
}

TEST_F(SnpConformanceTest, APacketLargerThanTheBufferIsThereForTheNextCall) {
  enter(EfiSimpleNetworkInitialized);
  ASSERT_EQ(snp->ReceiveFilters(snp, EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST, 0, FALSE, 0, nullptr),
            EFI_SUCCESS);
  device.incoming.push_back(std::vector<std::byte>(300, std::byte{0xff}));
  Arguments a;
  a.size = 0;
  EXPECT_EQ(snp->Receive(snp, nullptr, &a.size, a.buffer, nullptr, nullptr, nullptr),
            EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(a.size, 300U);
  EXPECT_EQ(snp->Receive(snp, nullptr, &a.size, a.buffer, nullptr, nullptr, nullptr), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->State, UINT32{EfiSimpleNetworkInitialized});
}

}  // namespace
}  // namespace kedge::uefi
