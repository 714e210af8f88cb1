// SPDX-License-Identifier: BSD-2-Clause-Patent
// What UNDI's commands do, and CPBs that are not as UEFI 2.10, E.4 wants them.
#include <gtest/gtest.h>

#include "uefi/undi_test_bed.h"

namespace kedge::uefi {
namespace {

constexpr std::array<unsigned char, 6> kOurs{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
constexpr std::array<unsigned char, 6> kOther{0x52, 0x54, 0x00, 0x12, 0x34, 0x57};
constexpr std::array<unsigned char, 6> kEverybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::array<unsigned char, 6> kGroup{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
using Flags = std::initializer_list<PXE_OPFLAGS>;
constexpr PXE_OPFLAGS kEnable = PXE_OPFLAGS_RECEIVE_FILTER_ENABLE;
constexpr PXE_OPFLAGS kDisable = PXE_OPFLAGS_RECEIVE_FILTER_DISABLE;
constexpr PXE_OPFLAGS kGroups = PXE_OPFLAGS_RECEIVE_FILTER_FILTERED_MULTICAST;
constexpr PXE_OPFLAGS kForget = PXE_OPFLAGS_RECEIVE_FILTER_RESET_MCAST_LIST;

struct UndiCommands : testing::Test, UndiBed {
  UndiCommands() { go_to(EfiSimpleNetworkInitialized); }
  ~UndiCommands() override { EXPECT_TRUE(fake.violations.empty()); }
  PXE_STATCODE filters(PXE_OPFLAGS flags, UINT16 cpb_bytes = 0, UINT16 db_bytes = 0) {
    return issue(PXE_OPCODE_RECEIVE_FILTERS, flags, cpb_bytes, db_bytes);
  }
  void put_groups(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(cpb() + i * 32, kGroup.data(), kGroup.size());
      cpb()[i * 32 + 5] = static_cast<std::byte>(i);
    }
  }
  PXE_STATCODE status(PXE_OPFLAGS flags, std::size_t buffers) {
    return issue(PXE_OPCODE_GET_STATUS, flags, 0, static_cast<UINT16>(8 + 8 * buffers));
  }
};

TEST_F(UndiCommands, StartWantsTheFunctionsThatMayNotBeMissing) {
  go_to(EfiSimpleNetworkStopped);
  for (UINT64 PXE_CPB_START_31::* missing :
       {&PXE_CPB_START_31::Delay, &PXE_CPB_START_31::Block, &PXE_CPB_START_31::Mem_IO}) {
    PXE_CPB_START_31 request = start_cpb();
    request.*missing = 0;
    put(request);
    EXPECT_EQ(issue(PXE_OPCODE_START, 0, sizeof(request)), PXE_STATCODE_INVALID_CPB);
  }
  EXPECT_EQ(start(), PXE_STATCODE_SUCCESS);
}

TEST_F(UndiCommands, InitInfoSaysThatNoMemoryIsNeededAndThatTheLinkIsKnown) {
  ASSERT_EQ(issue(PXE_OPCODE_GET_INIT_INFO, 0, 0, sizeof(PXE_DB_GET_INIT_INFO)),
            PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags,
            PXE_STATFLAGS_CABLE_DETECT_SUPPORTED | PXE_STATFLAGS_GET_STATUS_NO_MEDIA_SUPPORTED);
  const auto info = got<PXE_DB_GET_INIT_INFO>();
  EXPECT_EQ(info.MemoryRequired, 0U);
  EXPECT_EQ(info.FrameDataLen, 1500U);
  EXPECT_EQ(info.NvCount, 0U);
  EXPECT_EQ(info.MediaHeaderLen, 14);
  EXPECT_EQ(info.HWaddrLen, 6);
  EXPECT_EQ(info.MCastFilterCnt, 16);
  EXPECT_EQ(info.IFtype, PXE_IFTYPE_ETHERNET);
}

TEST_F(UndiCommands, ConfigInfoIsThePciFunctions) {
  pci.config[0x3d] = 0x5a;
  pci.config[0xff] = 0xa5;
  ASSERT_EQ(issue(PXE_OPCODE_GET_CONFIG_INFO, 0, 0, sizeof(PXE_DB_GET_CONFIG_INFO)),
            PXE_STATCODE_SUCCESS);
  const auto info = got<PXE_DB_GET_CONFIG_INFO>().pci;
  EXPECT_EQ(info.BusType, PXE_BUSTYPE_PCI);
  EXPECT_EQ(info.Bus, 0);
  EXPECT_EQ(info.Device, 3);
  EXPECT_EQ(info.Function, 0);
  EXPECT_EQ(std::memcmp(info.Config.Byte, pci.config.data(), pci.config.size()), 0);
}

TEST_F(UndiCommands, InitializeRefusesWhatItDidNotOfferAndTellsOfTheLink) {
  go_to(EfiSimpleNetworkStarted);
  const auto with = [&](const PXE_CPB_INITIALIZE& request) {
    put(request);
    return issue(PXE_OPCODE_INITIALIZE, 0, sizeof(request), sizeof(PXE_DB_INITIALIZE));
  };
  PXE_CPB_INITIALIZE request{};
  request.LinkSpeed = 100;
  EXPECT_EQ(with(request), PXE_STATCODE_INVALID_CPB);
  request = {};
  request.DuplexMode = PXE_FORCE_FULL_DUPLEX;
  EXPECT_EQ(with(request), PXE_STATCODE_INVALID_CPB);
  request = {};
  request.LoopBackMode = LOOPBACK_INTERNAL;
  EXPECT_EQ(with(request), PXE_STATCODE_INVALID_CPB);
  EXPECT_FALSE(device.running);
  // Memory that nobody needs, and sizes, are no mistake.
  request = {};
  request.MemoryAddr = 0x1000;
  request.MemoryLength = 4096;
  request.RxBufCnt = 7;
  EXPECT_EQ(with(request), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 0);
  EXPECT_EQ(got<PXE_DB_INITIALIZE>().MemoryUsed, 0U);
  go_to(EfiSimpleNetworkStarted);
  device.state = link::LinkState::down;
  EXPECT_EQ(initialize(), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_INITIALIZED_NO_MEDIA);
  EXPECT_EQ(issue(PXE_OPCODE_RESET), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_RESET_NO_MEDIA);
  go_to(EfiSimpleNetworkStarted);
  EXPECT_EQ(initialize(PXE_OPFLAGS_INITIALIZE_DO_NOT_DETECT_CABLE), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 0);
}

TEST_F(UndiCommands, InitializeWaitsForALinkThatIsNegotiatedAndNoLongerThanThat) {
  go_to(EfiSimpleNetworkStarted);
  device.looks_until_state = 20;
  EXPECT_EQ(initialize(), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 0);
  EXPECT_EQ(device.looks_until_state, 0U);
  EXPECT_EQ(snp->mode().MediaPresent, TRUE);
  go_to(EfiSimpleNetworkStarted);
  device.state = link::LinkState::down;
  const std::int64_t before = fake.now_ns;
  EXPECT_EQ(initialize(), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_INITIALIZED_NO_MEDIA);
  EXPECT_EQ(fake.now_ns - before, SnpProducer::kNegotiation.count_ns());
  go_to(EfiSimpleNetworkStarted);
  EXPECT_EQ(initialize(PXE_OPFLAGS_INITIALIZE_DO_NOT_DETECT_CABLE), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(fake.now_ns - before, SnpProducer::kNegotiation.count_ns()) << "it did not wait again";
}

TEST_F(UndiCommands, ADeviceThatFailsIsTold) {
  go_to(EfiSimpleNetworkStarted);
  device.start_error = fail(err::base_no_memory);
  EXPECT_EQ(initialize(), PXE_STATCODE_NOT_ENOUGH_MEMORY);
  device.start_error = fail(err::link_stopped);
  EXPECT_EQ(initialize(), PXE_STATCODE_DEVICE_FAILURE);
  EXPECT_EQ(snp->mode().State, UINT32{EfiSimpleNetworkStarted});
  device.start_error.reset();
  ASSERT_EQ(initialize(), PXE_STATCODE_SUCCESS);
  device.start_error = fail(err::link_stopped);
  EXPECT_EQ(issue(PXE_OPCODE_RESET), PXE_STATCODE_DEVICE_FAILURE);
}

TEST_F(UndiCommands, ResetEmptiesQueuesAndForgetsFiltersWhenItIsAskedTo) {
  ASSERT_EQ(filters(kEnable | 1), PXE_STATCODE_SUCCESS);
  const auto packet = frame(kOther);
  ASSERT_EQ(transmit(packet.data(), packet.size()), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(issue(PXE_OPCODE_RESET, PXE_OPFLAGS_RESET_DISABLE_INTERRUPTS), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(status(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS, 1), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_GET_STATUS_TXBUF_QUEUE_EMPTY |
                                PXE_STATFLAGS_GET_STATUS_NO_TXBUFS_WRITTEN);
  ASSERT_EQ(filters(0), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 1);
  EXPECT_EQ(issue(PXE_OPCODE_RESET, PXE_OPFLAGS_RESET_DISABLE_FILTERS), PXE_STATCODE_SUCCESS);
  ASSERT_EQ(filters(0), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 0);
}

TEST_F(UndiCommands, TheDeviceIsToldOfTheFilters) {
  ASSERT_EQ(filters(kEnable | PXE_OPFLAGS_RECEIVE_FILTER_ALL_MULTICAST), PXE_STATCODE_SUCCESS);
  EXPECT_TRUE(device.filter.all_groups);
  EXPECT_FALSE(device.filter.promiscuous);
  EXPECT_EQ(issue(PXE_OPCODE_RESET, PXE_OPFLAGS_RESET_DISABLE_FILTERS), PXE_STATCODE_SUCCESS);
  EXPECT_FALSE(device.filter.all_groups);
}

TEST_F(UndiCommands, ThereAreNoInterruptsToEnable) {
  const auto enables = [&](PXE_OPFLAGS flags) {
    return issue(PXE_OPCODE_INTERRUPT_ENABLES, flags);
  };
  for (const PXE_OPFLAGS good : Flags{0x0000, 0x8001, 0x800f, 0x4001, 0x400f}) {
    EXPECT_EQ(enables(good), PXE_STATCODE_SUCCESS) << good;
    EXPECT_EQ(last.StatFlags, 0) << good;
  }
  for (const PXE_OPFLAGS bad : Flags{0xc001, 0xc000, 0x8000, 0x4000, 0x0001, 0x8010}) {
    EXPECT_EQ(enables(bad), PXE_STATCODE_INVALID_CDB) << bad;
  }
}

TEST_F(UndiCommands, FiltersAreThoseOfSimpleNetwork) {
  struct {
    PXE_OPFLAGS undi;
    UINT32 snp;
  } const pairs[] = {
      {PXE_OPFLAGS_RECEIVE_FILTER_UNICAST, EFI_SIMPLE_NETWORK_RECEIVE_UNICAST},
      {PXE_OPFLAGS_RECEIVE_FILTER_BROADCAST, EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST},
      {kGroups, EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST},
      {PXE_OPFLAGS_RECEIVE_FILTER_PROMISCUOUS, EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS},
      {PXE_OPFLAGS_RECEIVE_FILTER_ALL_MULTICAST, EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST},
  };
  PXE_OPFLAGS all = 0;
  for (const auto& pair : pairs) {
    all |= pair.undi;
    EXPECT_EQ(filters(kEnable | pair.undi), PXE_STATCODE_SUCCESS);
    EXPECT_EQ(last.StatFlags, all);
    EXPECT_NE(snp->mode().ReceiveFilterSetting & pair.snp, 0U);
  }
  for (const auto& pair : pairs) {
    all &= ~pair.undi;
    EXPECT_EQ(filters(kDisable | pair.undi), PXE_STATCODE_SUCCESS);
    EXPECT_EQ(last.StatFlags, all);
    EXPECT_EQ(snp->mode().ReceiveFilterSetting & pair.snp, 0U);
  }
  for (const PXE_OPFLAGS bad : Flags{0xc001, 0xc000, 0x8000, 0x4000, 0x0001, 0xa000}) {
    EXPECT_EQ(filters(bad), PXE_STATCODE_INVALID_CDB) << bad;
  }
}

TEST_F(UndiCommands, TheListOfGroupsIsReplacedKeptReadAndForgotten) {
  put_groups(2);
  ASSERT_EQ(filters(kEnable | kGroups, 2 * 32), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(snp->mode().MCastFilterCount, 2U);
  db_memory.fill(std::byte{0xaa});
  ASSERT_EQ(filters(0, 0, 3 * 32), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(std::memcmp(db(), cpb(), 2 * 32), 0);
  EXPECT_EQ(std::memcmp(db() + 64, std::array<std::byte, 32>{}.data(), 32), 0);
  EXPECT_EQ(db()[96], std::byte{0xaa});
  // Without a list, the one that is there stays.
  ASSERT_EQ(filters(kEnable | kGroups), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(snp->mode().MCastFilterCount, 2U);
  put_groups(16);
  ASSERT_EQ(filters(kEnable | kGroups, 16 * 32), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(snp->mode().MCastFilterCount, 16U);
  put_groups(17);
  EXPECT_EQ(filters(kEnable | kGroups, 17 * 32), PXE_STATCODE_INVALID_CDB);
  EXPECT_EQ(filters(kEnable | kGroups, 33), PXE_STATCODE_INVALID_CDB);
  EXPECT_EQ(filters(0, 0, 31), PXE_STATCODE_INVALID_CDB);
  cpb()[32] = std::byte{0};  // not a group
  EXPECT_EQ(filters(kEnable | kGroups, 2 * 32), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(snp->mode().MCastFilterCount, 16U);
  // edk2 forgets it so, without a change of filters.
  EXPECT_EQ(filters(kForget), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(snp->mode().MCastFilterCount, 0U);
  EXPECT_EQ(last.StatFlags, kGroups);
  put_groups(1);
  EXPECT_EQ(filters(kEnable | kGroups | kForget, 32), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(snp->mode().MCastFilterCount, 0U);
}

TEST_F(UndiCommands, TheStationAddressIsReadAndStays) {
  constexpr UINT16 kBytes = sizeof(PXE_DB_STATION_ADDRESS);
  ASSERT_EQ(issue(PXE_OPCODE_STATION_ADDRESS, 0, 0, kBytes), PXE_STATCODE_SUCCESS);
  const auto addresses = got<PXE_DB_STATION_ADDRESS>();
  EXPECT_EQ(std::memcmp(addresses.StationAddr, kOurs.data(), 6), 0);
  EXPECT_EQ(std::memcmp(addresses.PermanentAddr, kOurs.data(), 6), 0);
  EXPECT_EQ(std::memcmp(addresses.BroadcastAddr, kEverybody.data(), 6), 0);
  EXPECT_EQ(issue(PXE_OPCODE_STATION_ADDRESS, PXE_OPFLAGS_STATION_ADDRESS_RESET),
            PXE_STATCODE_SUCCESS);
  put(kOurs);
  EXPECT_EQ(issue(PXE_OPCODE_STATION_ADDRESS, 0, 32, kBytes), PXE_STATCODE_SUCCESS);
  put(kOther);
  EXPECT_EQ(issue(PXE_OPCODE_STATION_ADDRESS, 0, 32), PXE_STATCODE_UNSUPPORTED);
}

TEST_F(UndiCommands, StatisticsAreThoseOfSimpleNetwork) {
  constexpr UINT16 kBytes = sizeof(PXE_DB_STATISTICS);
  ASSERT_EQ(filters(kEnable | 2), PXE_STATCODE_SUCCESS);
  const auto packet = frame(kEverybody);
  ASSERT_EQ(transmit(packet.data(), packet.size()), PXE_STATCODE_SUCCESS);
  device.incoming.push_back(frame(kEverybody, 80));
  std::array<std::byte, 100> buffer;
  ASSERT_EQ(receive(address(buffer.data()), buffer.size()), PXE_STATCODE_SUCCESS);
  ASSERT_EQ(issue(PXE_OPCODE_STATISTICS, PXE_OPFLAGS_STATISTICS_RESET, 0, kBytes),
            PXE_STATCODE_SUCCESS);
  auto db = got<PXE_DB_STATISTICS>();
  EXPECT_EQ(db.Data[PXE_STATISTICS_TX_BROADCAST_FRAMES], 1U);
  EXPECT_EQ(db.Data[PXE_STATISTICS_TX_TOTAL_BYTES], 60U);
  EXPECT_EQ(db.Data[PXE_STATISTICS_RX_BROADCAST_FRAMES], 1U);
  EXPECT_EQ(db.Data[PXE_STATISTICS_RX_TOTAL_BYTES], 80U);
  for (unsigned i = 0; i < 64; ++i) {
    if ((db.Supported >> i & 1) == 0) EXPECT_EQ(db.Data[i], 0U) << i;
  }
  EXPECT_NE(db.Supported >> PXE_STATISTICS_RX_TOTAL_BYTES & 1, 0U);
  EXPECT_EQ(db.Supported >> PXE_STATISTICS_COLLISIONS & 1, 0U);
  ASSERT_EQ(issue(PXE_OPCODE_STATISTICS, 0, 0, kBytes), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(got<PXE_DB_STATISTICS>().Data[PXE_STATISTICS_TX_TOTAL_FRAMES], 0U);
  EXPECT_EQ(issue(PXE_OPCODE_STATISTICS), PXE_STATCODE_SUCCESS);
}

TEST_F(UndiCommands, GroupsHaveMacs) {
  const auto mac = [&](PXE_OPFLAGS flags, std::array<unsigned char, 16> ip) {
    put(ip);
    return issue(PXE_OPCODE_MCAST_IP_TO_MAC, flags, 16, 32);
  };
  ASSERT_EQ(mac(PXE_OPFLAGS_MCAST_IPV4_TO_MAC, {0xe1, 0x81, 2, 3}), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(std::memcmp(db(), kGroup.data(), 6), 0);
  std::array<unsigned char, 16> group6{0xff, 0x02};
  group6[15] = 0x16;
  ASSERT_EQ(mac(PXE_OPFLAGS_MCAST_IPV6_TO_MAC, group6), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(std::memcmp(db(), "\x33\x33\x00\x00\x00\x16", 6), 0);
  EXPECT_EQ(mac(0, {10, 0, 0, 1}), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(mac(1, {0xfe, 0x80}), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(mac(2, {0xe1}), PXE_STATCODE_INVALID_CDB);
}

TEST_F(UndiCommands, StatusGivesBackBuffersOnceAndAsManyAsFit) {
  const auto packet = frame(kOther);
  std::array<std::array<std::byte, 60>, 3> sent{};
  for (auto& one : sent) {
    std::memcpy(one.data(), packet.data(), one.size());
    ASSERT_EQ(transmit(one.data(), one.size()), PXE_STATCODE_SUCCESS);
  }
  ASSERT_EQ(status(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS, 0), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_GET_STATUS_NO_TXBUFS_WRITTEN);
  ASSERT_EQ(status(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS, 2), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, 0);
  std::array<UINT64, 4> given{};
  std::memcpy(given.data(), db() + 8, 16);
  EXPECT_EQ(given[0], address(sent[0].data()));
  EXPECT_EQ(given[1], address(sent[1].data()));
  db_memory.fill(std::byte{0xaa});
  ASSERT_EQ(status(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS, 4), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_GET_STATUS_TXBUF_QUEUE_EMPTY);
  std::memcpy(given.data(), db() + 8, sizeof(given));
  EXPECT_EQ(given, (std::array<UINT64, 4>{address(sent[2].data()), 0, 0, 0}));
  EXPECT_EQ(db()[40], std::byte{0xaa});
  EXPECT_EQ(issue(PXE_OPCODE_GET_STATUS, 0, 0, 7), PXE_STATCODE_INVALID_CDB);
}

TEST_F(UndiCommands, StatusTellsOfFramesInterruptsAndTheLink) {
  ASSERT_EQ(filters(kEnable | 1), PXE_STATCODE_SUCCESS);
  device.incoming.push_back(frame(kOther, 70));  // filtered
  device.incoming.push_back(frame(kOurs, 80));
  constexpr PXE_OPFLAGS kAll = PXE_OPFLAGS_GET_INTERRUPT_STATUS | PXE_OPFLAGS_GET_MEDIA_STATUS;
  ASSERT_EQ(status(kAll, 0), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags,
            PXE_STATFLAGS_GET_STATUS_RECEIVE | PXE_STATFLAGS_GET_STATUS_TXBUF_QUEUE_EMPTY);
  EXPECT_EQ(got<UINT32>(), 80U);
  device.state = link::LinkState::down;
  ASSERT_EQ(status(kAll, 0), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags,
            PXE_STATFLAGS_GET_STATUS_NO_MEDIA | PXE_STATFLAGS_GET_STATUS_TXBUF_QUEUE_EMPTY)
      << "interrupts are told once";
  EXPECT_EQ(got<UINT32>(), 80U);
  const auto packet = frame(kOther);
  ASSERT_EQ(transmit(packet.data(), packet.size()), PXE_STATCODE_SUCCESS);
  ASSERT_EQ(issue(PXE_OPCODE_GET_STATUS, PXE_OPFLAGS_GET_INTERRUPT_STATUS), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_GET_STATUS_TRANSMIT);
}

TEST_F(UndiCommands, HeadersAreFilledInAsTheyAreGiven) {
  std::array<std::byte, 15> packet{};
  packet[14] = std::byte{0x77};
  PXE_CPB_FILL_HEADER whole{};
  std::memcpy(whole.SrcAddr, kOurs.data(), 6);
  std::memcpy(whole.DestAddr, kOther.data(), 6);
  whole.MediaHeader = address(packet.data());
  whole.PacketLen = 100;
  whole.Protocol = 0x0608;  // in the order of the wire
  whole.MediaHeaderLen = 14;
  const auto fill = [&](const PXE_CPB_FILL_HEADER& request) {
    put(request);
    return issue(PXE_OPCODE_FILL_HEADER, 0, sizeof(request));
  };
  ASSERT_EQ(fill(whole), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(std::memcmp(packet.data(), kOther.data(), 6), 0);
  EXPECT_EQ(std::memcmp(packet.data() + 6, kOurs.data(), 6), 0);
  EXPECT_EQ(std::memcmp(packet.data() + 12, "\x08\x06\x77", 3), 0);
  auto wrong = whole;
  wrong.MediaHeader = 0;
  EXPECT_EQ(fill(wrong), PXE_STATCODE_INVALID_CPB);
  wrong = whole;
  wrong.MediaHeaderLen = 13;
  EXPECT_EQ(fill(wrong), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(issue(PXE_OPCODE_FILL_HEADER, 0, sizeof(whole) - 1), PXE_STATCODE_INVALID_CDB);
}

TEST_F(UndiCommands, HeadersAreFilledInWherePiecesBegin) {
  std::array<std::byte, 15> packet{};
  PXE_CPB_FILL_HEADER_FRAGMENTED pieces{};
  std::memcpy(pieces.SrcAddr, kOurs.data(), 6);
  std::memcpy(pieces.DestAddr, kOther.data(), 6);
  pieces.Protocol = 0x0608;
  pieces.MediaHeaderLen = 14;
  pieces.FragCnt = 2;
  pieces.FragDesc[0].FragAddr = address(packet.data());
  pieces.FragDesc[0].FragLen = 14;
  const auto fill = [&](const PXE_CPB_FILL_HEADER_FRAGMENTED& request) {
    put(request);
    return issue(PXE_OPCODE_FILL_HEADER, PXE_OPFLAGS_FILL_HEADER_FRAGMENTED, sizeof(request));
  };
  ASSERT_EQ(fill(pieces), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(std::memcmp(packet.data(), kOther.data(), 6), 0);
  EXPECT_EQ(std::memcmp(packet.data() + 6, kOurs.data(), 6), 0);
  EXPECT_EQ(std::memcmp(packet.data() + 12, "\x08\x06\x00", 3), 0);
  for (const UINT16 count : Flags{0, 17, 0xffff}) {
    auto wrong = pieces;
    wrong.FragCnt = count;
    EXPECT_EQ(fill(wrong), PXE_STATCODE_INVALID_CPB) << count;
  }
  auto wrong = pieces;
  wrong.FragDesc[0].FragLen = 13;
  EXPECT_EQ(fill(wrong), PXE_STATCODE_INVALID_CPB);
  wrong = pieces;
  wrong.FragDesc[0].FragAddr = 0;
  EXPECT_EQ(fill(wrong), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(issue(PXE_OPCODE_FILL_HEADER, PXE_OPFLAGS_FILL_HEADER_FRAGMENTED,
                  sizeof(PXE_CPB_FILL_HEADER)),
            PXE_STATCODE_INVALID_CDB);
}

TEST_F(UndiCommands, TransmitSendsWhatItCanAndSaysWhenItCannot) {
  const auto packet = frame(kOther, 1514);
  // As the specification counts, and as edk2 does.
  EXPECT_EQ(transmit(packet.data(), 1500, 14), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(transmit(packet.data(), 1514), PXE_STATCODE_SUCCESS);
  ASSERT_EQ(device.sent.size(), 2U);
  EXPECT_EQ(device.sent[0], packet);
  EXPECT_EQ(device.sent[1], packet);
  EXPECT_EQ(transmit(nullptr, 60), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(transmit(packet.data(), 13), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(transmit(packet.data(), 1505, 14), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(transmit(packet.data(), 0xffffffff, 14), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(transmit(packet.data(), 60, 15), PXE_STATCODE_INVALID_CPB);
  // Pieces were not offered.
  EXPECT_EQ(issue(PXE_OPCODE_TRANSMIT, PXE_OPFLAGS_TRANSMIT_FRAGMENTED, sizeof(PXE_CPB_TRANSMIT)),
            PXE_STATCODE_INVALID_CDB);
  for (std::size_t i = 2; i < SnpProducer::kSentMax; ++i) {
    ASSERT_EQ(transmit(packet.data(), 60), PXE_STATCODE_SUCCESS);
  }
  EXPECT_EQ(transmit(packet.data(), 60), PXE_STATCODE_BUFFER_FULL);
  ASSERT_EQ(status(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS, 32), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(transmit(packet.data(), 60), PXE_STATCODE_SUCCESS);
  device.running = false;
  EXPECT_EQ(transmit(packet.data(), 60), PXE_STATCODE_DEVICE_FAILURE);
}

TEST_F(UndiCommands, ReceiveTellsOfEachFrame) {
  put_groups(1);
  ASSERT_EQ(filters(kEnable | kGroups | PXE_OPFLAGS_RECEIVE_FILTER_PROMISCUOUS, 32),
            PXE_STATCODE_SUCCESS);
  auto group = kGroup;
  group[5] = 0;
  struct {
    std::array<unsigned char, 6> destination;
    PXE_FRAME_TYPE type;
  } const cases[] = {
      {kOurs, PXE_FRAME_TYPE_UNICAST},
      {kOther, PXE_FRAME_TYPE_PROMISCUOUS},
      {kEverybody, PXE_FRAME_TYPE_BROADCAST},
      {group, PXE_FRAME_TYPE_FILTERED_MULTICAST},
      {kGroup, PXE_FRAME_TYPE_PROMISCUOUS_MULTICAST},
  };
  device.segment_bytes = 20;
  for (const auto& expected : cases) {
    const auto packet = frame(expected.destination, 70);
    device.incoming.push_back(packet);
    std::array<std::byte, 80> buffer{};
    ASSERT_EQ(receive(address(buffer.data()), buffer.size()), PXE_STATCODE_SUCCESS);
    EXPECT_EQ(std::memcmp(buffer.data(), packet.data(), packet.size()), 0);
    const auto told = got<PXE_DB_RECEIVE>();
    EXPECT_EQ(told.FrameLen, 70U);
    EXPECT_EQ(told.MediaHeaderLen, 14);
    EXPECT_EQ(told.Type, expected.type);
    EXPECT_EQ(std::memcmp(told.DestAddr, packet.data(), 6), 0);
    EXPECT_EQ(std::memcmp(told.SrcAddr, packet.data() + 6, 6), 0);
    EXPECT_EQ(std::memcmp(&told.Protocol, packet.data() + 12, 2), 0);
  }
  EXPECT_EQ(receive(address(db()), 80), PXE_STATCODE_NO_DATA);
}

TEST_F(UndiCommands, OfAFrameThatIsTooLargeTheRestIsLostAndTheLengthTells) {
  ASSERT_EQ(filters(kEnable | 1), PXE_STATCODE_SUCCESS);
  device.incoming.push_back(frame(kOurs, 70));
  device.incoming.push_back(frame(kOurs, 71));
  std::array<std::byte, 40> buffer{};
  EXPECT_EQ(receive(address(buffer.data()), 13), PXE_STATCODE_INVALID_CPB);
  EXPECT_EQ(receive(0, 80), PXE_STATCODE_INVALID_CPB);
  ASSERT_EQ(receive(address(buffer.data()), 30), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(got<PXE_DB_RECEIVE>().FrameLen, 70U);
  EXPECT_EQ(buffer[29], std::byte{29});
  EXPECT_EQ(buffer[30], std::byte{0});
  ASSERT_EQ(receive(address(buffer.data()), 40), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(got<PXE_DB_RECEIVE>().FrameLen, 71U);
}

TEST_F(UndiCommands, WhatSimpleNetworkHasStartedIsStartedAndTheOtherWayRound) {
  EFI_SIMPLE_NETWORK_PROTOCOL* other = snp->raw();
  EXPECT_EQ(other->Start(other), EFI_ALREADY_STARTED);
  go_to(EfiSimpleNetworkStopped);
  ASSERT_EQ(other->Start(other), EFI_SUCCESS);
  EXPECT_EQ(start(), PXE_STATCODE_ALREADY_STARTED);
  ASSERT_EQ(other->Initialize(other, 0, 0), EFI_SUCCESS);
  EXPECT_EQ(issue(PXE_OPCODE_GET_STATE), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(last.StatFlags, PXE_STATFLAGS_GET_STATE_INITIALIZED);
  EXPECT_EQ(issue(PXE_OPCODE_STOP), PXE_STATCODE_NOT_SHUTDOWN);
  EXPECT_EQ(other->Mode->State, UINT32{EfiSimpleNetworkInitialized});
}

}  // namespace
}  // namespace kedge::uefi
