// SPDX-License-Identifier: BSD-2-Clause-Patent
// UNDI's commands in every state, and CDBs that are not as UEFI 2.10, E.4 wants them.
#include "uefi/undi.h"

#include <gtest/gtest.h>

#include "uefi/undi_test_bed.h"

namespace kedge::uefi {
namespace {

constexpr UINT32 kStopped = EfiSimpleNetworkStopped;
constexpr UINT32 kStarted = EfiSimpleNetworkStarted;
constexpr UINT32 kInitialized = EfiSimpleNetworkInitialized;
constexpr UINT32 kStates[] = {kStopped, kStarted, kInitialized};

struct Row {
  const char* name;
  PXE_OPCODE operation;
  UINT16 cpb_bytes;
  UINT16 db_bytes;
  // What it answers, in each of kStates.
  PXE_STATCODE codes[3];
  UINT32 then[3] = {kStopped, kStarted, kInitialized};
  bool optional = false;  // CPB and DB may be absent
  bool own_size = false;  // other sizes are legal, too
};

Row needs_initialized(const char* name, PXE_OPCODE operation, UINT16 cpb_bytes, UINT16 db_bytes,
                      PXE_STATCODE code = PXE_STATCODE_SUCCESS) {
  return {.name = name,
          .operation = operation,
          .cpb_bytes = cpb_bytes,
          .db_bytes = db_bytes,
          .codes = {PXE_STATCODE_NOT_STARTED, PXE_STATCODE_NOT_INITIALIZED, code}};
}

std::vector<Row> rows() {
  constexpr PXE_STATCODE kGood = PXE_STATCODE_SUCCESS;
  constexpr PXE_STATCODE kNotStarted = PXE_STATCODE_NOT_STARTED;
  std::vector<Row> all = {
      {"GetState", PXE_OPCODE_GET_STATE, 0, 0, {kGood, kGood, kGood}},
      {"Start",
       PXE_OPCODE_START,
       sizeof(PXE_CPB_START_31),
       0,
       {kGood, PXE_STATCODE_ALREADY_STARTED, PXE_STATCODE_ALREADY_STARTED},
       {kStarted, kStarted, kInitialized}},
      {"Stop",
       PXE_OPCODE_STOP,
       0,
       0,
       {kNotStarted, kGood, PXE_STATCODE_NOT_SHUTDOWN},
       {kStopped, kStopped, kInitialized}},
      {"GetInitInfo",
       PXE_OPCODE_GET_INIT_INFO,
       0,
       sizeof(PXE_DB_GET_INIT_INFO),
       {kNotStarted, kGood, kGood}},
      {"GetConfigInfo",
       PXE_OPCODE_GET_CONFIG_INFO,
       0,
       sizeof(PXE_DB_GET_CONFIG_INFO),
       {kNotStarted, kGood, kGood}},
      {"Initialize",
       PXE_OPCODE_INITIALIZE,
       sizeof(PXE_CPB_INITIALIZE),
       sizeof(PXE_DB_INITIALIZE),
       {kNotStarted, kGood, PXE_STATCODE_ALREADY_INITIALIZED},
       {kStopped, kInitialized, kInitialized}},
      needs_initialized("Reset", PXE_OPCODE_RESET, 0, 0),
      needs_initialized("Shutdown", PXE_OPCODE_SHUTDOWN, 0, 0),
      needs_initialized("InterruptEnables", PXE_OPCODE_INTERRUPT_ENABLES, 0, 0),
      needs_initialized("ReceiveFilters", PXE_OPCODE_RECEIVE_FILTERS, 0, 0),
      needs_initialized("StationAddress", PXE_OPCODE_STATION_ADDRESS, 0,
                        sizeof(PXE_DB_STATION_ADDRESS)),
      needs_initialized("Statistics", PXE_OPCODE_STATISTICS, 0, sizeof(PXE_DB_STATISTICS)),
      needs_initialized("MCastIpToMac", PXE_OPCODE_MCAST_IP_TO_MAC, sizeof(PXE_CPB_MCAST_IP_TO_MAC),
                        sizeof(PXE_DB_MCAST_IP_TO_MAC)),
      needs_initialized("NvData", PXE_OPCODE_NVDATA, 0, sizeof(PXE_DB_NVDATA),
                        PXE_STATCODE_UNSUPPORTED),
      needs_initialized("GetStatus", PXE_OPCODE_GET_STATUS, 0, sizeof(PXE_DB_GET_STATUS)),
      needs_initialized("FillHeader", PXE_OPCODE_FILL_HEADER, sizeof(PXE_CPB_FILL_HEADER), 0),
      needs_initialized("Transmit", PXE_OPCODE_TRANSMIT, sizeof(PXE_CPB_TRANSMIT), 0),
      needs_initialized("Receive", PXE_OPCODE_RECEIVE, sizeof(PXE_CPB_RECEIVE),
                        sizeof(PXE_DB_RECEIVE), PXE_STATCODE_NO_DATA),
  };
  for (Row& row : all) {
    row.own_size = row.operation == PXE_OPCODE_RECEIVE_FILTERS ||
                   row.operation == PXE_OPCODE_NVDATA || row.operation == PXE_OPCODE_GET_STATUS;
    row.optional =
        row.operation == PXE_OPCODE_STATION_ADDRESS || row.operation == PXE_OPCODE_STATISTICS;
    if (row.operation == PXE_OPCODE_SHUTDOWN) row.then[2] = kStarted;
  }
  return all;
}

class UndiTest : public testing::TestWithParam<EFI_TPL>, public UndiBed {
 protected:
  UndiTest() { previous_ = fake.firmware().boot().RaiseTPL(GetParam()); }
  ~UndiTest() override {
    fake.firmware().boot().RestoreTPL(previous_);
    EXPECT_TRUE(fake.violations.empty());
  }
  /// A CPB that is right for the command.
  void prepare(const Row& row) {
    cpb_memory = {};
    switch (row.operation) {
      case PXE_OPCODE_START:
        return put(start_cpb());
      case PXE_OPCODE_MCAST_IP_TO_MAC:
        return put(std::array<unsigned char, 4>{0xef, 1, 2, 3});
      case PXE_OPCODE_FILL_HEADER: {
        PXE_CPB_FILL_HEADER header{};
        header.MediaHeader = address(packet_.data());
        header.MediaHeaderLen = 14;
        return put(header);
      }
      case PXE_OPCODE_TRANSMIT: {
        PXE_CPB_TRANSMIT frame{};
        frame.FrameAddr = address(packet_.data());
        frame.DataLen = 60;
        return put(frame);
      }
      case PXE_OPCODE_RECEIVE: {
        PXE_CPB_RECEIVE buffer{};
        buffer.BufferAddr = address(packet_.data());
        buffer.BufferLen = static_cast<UINT32>(packet_.size());
        return put(buffer);
      }
      default:
        return;
    }
  }
  PXE_CDB good(const Row& row) {
    prepare(row);
    return cdb(row.operation, 0, row.cpb_bytes, row.db_bytes);
  }
  void expect_refused(PXE_CDB command, const char* why) {
    EXPECT_EQ(issue(command), PXE_STATCODE_INVALID_CDB) << why;
  }

  std::array<std::byte, 1600> packet_{};
  EFI_TPL previous_ = TPL_APPLICATION;
};

TEST_P(UndiTest, EveryCommandAnswersInEveryStateAsTheSpecificationSays) {
  for (const Row& row : rows()) {
    for (std::size_t i = 0; i < std::size(kStates); ++i) {
      SCOPED_TRACE(testing::Message() << row.name << " in state " << kStates[i]);
      go_to(kStates[i]);
      PXE_CDB command = good(row);
      EXPECT_EQ(issue(command), row.codes[i]);
      EXPECT_EQ(snp->mode().State, row.then[i]);
      EXPECT_EQ(device.running, row.then[i] == kInitialized);
      EXPECT_EQ(issue(PXE_OPCODE_GET_STATE), PXE_STATCODE_SUCCESS);
      EXPECT_EQ(last.StatFlags, row.then[i]);
      fake.now_ns += 1;
    }
  }
}

TEST_P(UndiTest, ACdbThatIsNotAsTheCommandWantsItIsRefusedInEveryStateAndChangesNothing) {
  for (const UINT32 state : kStates) {
    for (const Row& row : rows()) {
      SCOPED_TRACE(testing::Message() << row.name << " in state " << state);
      go_to(state);
      const PXE_CDB right = good(row);
      PXE_CDB wrong = right;
      wrong.StatCode = 1;
      expect_refused(wrong, "StatCode");
      wrong = right;
      wrong.StatFlags = PXE_STATFLAGS_COMMAND_COMPLETE;
      expect_refused(wrong, "StatFlags");
      for (const PXE_CONTROL control : std::initializer_list<PXE_CONTROL>{
               PXE_CONTROL_LINK, PXE_CONTROL_QUEUE_IF_BUSY, 0x8000}) {
        wrong = right;
        wrong.Control = control;
        expect_refused(wrong, "Control");
      }
      for (const unsigned number : {right.IFnum + 1U, 0x7fffU, 0xffffU}) {
        wrong = right;
        wrong.IFnum = static_cast<UINT16>(number);
        expect_refused(wrong, "IFnum");
      }
      wrong = right;
      wrong.OpFlags = row.operation == PXE_OPCODE_RECEIVE_FILTERS ? 0x0020 : 0x1000;
      expect_refused(wrong, "OpFlags");
      wrong = right;
      wrong.CPBaddr = right.CPBsize != 0 ? 0 : address(cpb());
      expect_refused(wrong, "CPBaddr");
      wrong = right;
      wrong.DBaddr = right.DBsize != 0 ? 0 : address(db());
      expect_refused(wrong, "DBaddr");
      if (row.own_size) continue;
      for (const int by : {-1, 1}) {
        wrong = right;
        wrong.CPBsize = static_cast<UINT16>(wrong.CPBsize + by);
        wrong.CPBaddr = address(cpb());
        if (wrong.CPBsize != 0 || !row.optional) expect_refused(wrong, "CPBsize");
        wrong = right;
        wrong.DBsize = static_cast<UINT16>(wrong.DBsize + by);
        wrong.DBaddr = address(db());
        if (wrong.DBsize != 0 || !row.optional) expect_refused(wrong, "DBsize");
      }
      EXPECT_EQ(snp->mode().State, state);
    }
  }
}

TEST_P(UndiTest, CommandsThatDoNotExistAreRefused) {
  for (const UINT32 state : kStates) {
    go_to(state);
    for (const PXE_OPCODE operation :
         std::initializer_list<PXE_OPCODE>{0x12, 0x13, 0xff, 0x8000, 0xffff}) {
      expect_refused(cdb(operation), "OpCode");
    }
    EXPECT_EQ(snp->mode().State, state);
  }
  EXPECT_EQ(entry()(0), EFI_INVALID_PARAMETER);
}

TEST_P(UndiTest, AfterTheEndOfBootServicesNothingIsTouched) {
  for (const UINT32 state : kStates) {
    UndiBed* bed = this;
    bed->go_to(state);
  }
  snp->retire();
  const unsigned stops = device.stops;
  fake.highest_tpl = fake.tpl;
  db_memory.fill(std::byte{0xaa});
  const auto before = db_memory;
  for (const Row& row : rows()) {
    PXE_CDB command = good(row);
    EXPECT_EQ(issue(command), PXE_STATCODE_DEVICE_FAILURE) << row.name;
  }
  EXPECT_EQ(db_memory, before);
  EXPECT_EQ(device.stops, stops);
  EXPECT_EQ(snp->mode().State, kInitialized);
  EXPECT_EQ(fake.highest_tpl, fake.tpl) << "not even the level is raised";
}

INSTANTIATE_TEST_SUITE_P(AtEachLevel, UndiTest,
                         testing::Values(TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY),
                         [](const auto& info) { return "Tpl" + std::to_string(info.param); });

struct UndiIdentity : testing::Test, UndiBed {};

TEST_F(UndiIdentity, NiiAndTheStructureAreAsAppendixEAndItsCallersWantThem) {
  EXPECT_EQ(nii->Revision, 0x00020000U);
  EXPECT_EQ(nii->Type, EfiNetworkInterfaceUndi);
  EXPECT_EQ(std::memcmp(nii->StringId, "UNDI", 4), 0);
  EXPECT_EQ(nii->MajorVer, 3);
  EXPECT_EQ(nii->MinorVer, 1);
  EXPECT_EQ(nii->Ipv6Supported, TRUE);
  EXPECT_EQ(nii->IfNum, 0);
  EXPECT_EQ(nii->ImageAddr, 0U);
  EXPECT_EQ(nii->ImageSize, 0U);
  EXPECT_EQ(nii->Id % 16, 0U);
  const PXE_SW_UNDI& undi = structure();
  EXPECT_EQ(std::memcmp(&undi, "!PXE", 4), 0);
  EXPECT_EQ(undi.Len, sizeof(undi));
  unsigned sum = 0;
  for (const std::byte octet : std::as_bytes(std::span(&undi, 1))) {
    sum += std::to_integer<unsigned>(octet);
  }
  EXPECT_EQ(sum % 256, 0U);
  EXPECT_EQ(undi.Rev, 2);
  EXPECT_EQ(undi.MajorVer, 3);
  EXPECT_EQ(undi.MinorVer, 1);
  EXPECT_EQ(undi.IFcnt, 0);
  EXPECT_EQ(undi.IFcntExt, 0);
  EXPECT_EQ(undi.Implementation & PXE_ROMID_IMP_HW_UNDI, 0U);
  EXPECT_NE(undi.Implementation & PXE_ROMID_IMP_SW_VIRT_ADDR, 0U);
  EXPECT_NE(undi.Implementation & PXE_ROMID_IMP_BROADCAST_RX_SUPPORTED, 0U);
  EXPECT_EQ(undi.Implementation & PXE_ROMID_IMP_STATION_ADDR_SETTABLE, 0U);
  EXPECT_EQ(undi.BusCnt, 1);
  EXPECT_EQ(undi.BusType[0], PXE_BUSTYPE_PCI);
}

TEST_F(UndiIdentity, EachNicHasANumberOfItsOwnAndAnswersToItAlone) {
  fake::ScriptedDevice other_device;
  auto other_snp = *SnpProducer::create(fake.firmware(), other_device);
  auto other = Undi::create(*other_snp, *function);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->raw()->IfNum, 1);
  // E.2: a number is at most what the structure counts.
  const auto id = static_cast<std::uintptr_t>(other->raw()->Id);
  EXPECT_GE(reinterpret_cast<const PXE_SW_UNDI*>(id)->IFcnt, 1);
  EXPECT_EQ(start(), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(other_snp->mode().State, kStopped);
  PXE_CDB command = cdb(PXE_OPCODE_START, 0, sizeof(PXE_CPB_START_31));
  command.IFnum = 1;
  EXPECT_EQ(issue(command), PXE_STATCODE_SUCCESS);
  EXPECT_EQ(other_snp->mode().State, kStarted);
  // Its number is free again, and meanwhile nobody's.
  other.reset();
  command = cdb(PXE_OPCODE_GET_STATE);
  command.IFnum = 1;
  EXPECT_EQ(issue(command), PXE_STATCODE_INVALID_CDB);
  other = Undi::create(*other_snp, *function);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->raw()->IfNum, 1);
}

TEST_F(UndiIdentity, WhenAllNumbersAreTakenThereIsNone) {
  std::vector<std::unique_ptr<NicIdentifier>> all;
  for (std::size_t i = 1; i < Undi::kInterfacesMax; ++i) {
    all.push_back(Undi::create(*snp, *function));
    ASSERT_NE(all.back(), nullptr);
  }
  EXPECT_EQ(Undi::create(*snp, *function), nullptr);
  all.erase(all.begin());
  EXPECT_NE(Undi::create(*snp, *function), nullptr);
}

}  // namespace
}  // namespace kedge::uefi
