// SPDX-License-Identifier: BSD-2-Clause-Patent
// UndiBed: a NIC with a software UNDI, used as an UNDI driver does: by the entry point that NII
// leads to.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "tests/fake/link_device.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/undi.h"

namespace kedge::uefi {

using IssueUndi = EFI_STATUS(EFIAPI*)(UINT64 cdb);

struct UndiBed {
  fake::FakeFirmware fake;
  fake::FakePciIo pci{0x1af4, 0x1000, 3};
  EFI_HANDLE controller = fake.add_protocol(nullptr, &pci.table.raw);
  fake::ScriptedDevice device;
  std::unique_ptr<PciFunction> function = *PciFunction::open(fake.firmware(), Handle(controller));
  std::unique_ptr<SnpProducer> snp = *SnpProducer::create(fake.firmware(), device);
  std::unique_ptr<NicIdentifier> identifier = Undi::create(*snp, *function);
  EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL* nii = identifier->raw();
  // One byte beyond what commands may touch, at an odd address.
  std::array<std::byte, 1024> cpb_memory{};
  std::array<std::byte, 1024> db_memory{};

  const PXE_SW_UNDI& structure() const {
    return *reinterpret_cast<const PXE_SW_UNDI*>(static_cast<std::uintptr_t>(nii->Id));
  }
  IssueUndi entry() const {
    return reinterpret_cast<IssueUndi>(static_cast<std::uintptr_t>(structure().EntryPoint));
  }
  std::byte* cpb() { return cpb_memory.data() + 1; }
  std::byte* db() { return db_memory.data() + 1; }
  static UINT64 address(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

  /// A CDB as the specification wants it; the CPB is what was put().
  PXE_CDB cdb(PXE_OPCODE operation, PXE_OPFLAGS flags = 0, UINT16 cpb_bytes = 0,
              UINT16 db_bytes = 0) {
    PXE_CDB result{};
    result.OpCode = operation;
    result.OpFlags = flags;
    result.CPBsize = cpb_bytes;
    result.DBsize = db_bytes;
    result.CPBaddr = cpb_bytes != 0 ? address(cpb()) : 0;
    result.DBaddr = db_bytes != 0 ? address(db()) : 0;
    result.IFnum = nii->IfNum;
    return result;
  }
  /// Executes it at an odd address, and checks what holds for every answer.
  PXE_STATCODE issue(PXE_CDB& command) {
    const PXE_CDB before = command;
    std::array<std::byte, sizeof(PXE_CDB) + 1> memory{};
    std::memcpy(memory.data() + 1, &command, sizeof(command));
    const EFI_TPL level = fake.tpl;
    entry()(address(memory.data() + 1));
    EXPECT_EQ(fake.tpl, level);
    std::memcpy(&command, memory.data() + 1, sizeof(command));
    EXPECT_EQ(std::memcmp(&before, &command, offsetof(PXE_CDB, StatCode)), 0);
    EXPECT_EQ(before.IFnum, command.IFnum);
    const unsigned how = command.StatFlags & PXE_STATFLAGS_STATUS_MASK;
    if (command.StatCode == PXE_STATCODE_SUCCESS) {
      EXPECT_EQ(how, PXE_STATFLAGS_COMMAND_COMPLETE);
    } else {
      EXPECT_EQ(command.StatFlags, PXE_STATFLAGS_COMMAND_FAILED);
    }
    command.StatFlags &= static_cast<PXE_STATFLAGS>(~PXE_STATFLAGS_STATUS_MASK);
    return command.StatCode;
  }
  PXE_STATCODE issue(PXE_OPCODE operation, PXE_OPFLAGS flags = 0, UINT16 cpb_bytes = 0,
                     UINT16 db_bytes = 0) {
    last = cdb(operation, flags, cpb_bytes, db_bytes);
    return issue(last);
  }
  template <class T>
  void put(const T& value) {
    std::memcpy(cpb(), &value, sizeof(value));
  }
  template <class T>
  T got() {
    T value;
    std::memcpy(&value, db(), sizeof(value));
    return value;
  }

  static PXE_CPB_START_31 start_cpb() {
    PXE_CPB_START_31 result{};
    result.Delay = result.Block = result.Mem_IO = 1;  // never called
    return result;
  }
  PXE_STATCODE start() {
    put(start_cpb());
    return issue(PXE_OPCODE_START, 0, sizeof(PXE_CPB_START_31));
  }
  PXE_STATCODE initialize(PXE_OPFLAGS flags = 0) {
    put(PXE_CPB_INITIALIZE{});
    return issue(PXE_OPCODE_INITIALIZE, flags, sizeof(PXE_CPB_INITIALIZE),
                 sizeof(PXE_DB_INITIALIZE));
  }
  /// Brings it there from where it is.
  void go_to(UINT32 state) {
    if (snp->mode().State == EfiSimpleNetworkInitialized) issue(PXE_OPCODE_SHUTDOWN);
    if (snp->mode().State == EfiSimpleNetworkStarted) issue(PXE_OPCODE_STOP);
    if (state != EfiSimpleNetworkStopped) start();
    if (state == EfiSimpleNetworkInitialized) initialize();
    EXPECT_EQ(snp->mode().State, state);
  }
  /// A frame to `destination` from 02:00:00:00:00:07 of type 0x0806.
  static std::vector<std::byte> frame(std::array<unsigned char, 6> destination,
                                      std::size_t bytes = 60) {
    std::vector<std::byte> result(bytes);
    std::memcpy(result.data(), destination.data(), destination.size());
    result[6] = std::byte{2};
    result[11] = std::byte{7};
    result[12] = std::byte{8};
    result[13] = std::byte{6};
    for (std::size_t i = 14; i < bytes; ++i) result[i] = static_cast<std::byte>(i);
    return result;
  }
  PXE_STATCODE receive(UINT64 buffer, std::size_t bytes) {
    PXE_CPB_RECEIVE request{};
    request.BufferAddr = buffer;
    request.BufferLen = static_cast<UINT32>(bytes);
    put(request);
    return issue(PXE_OPCODE_RECEIVE, 0, sizeof(request), sizeof(PXE_DB_RECEIVE));
  }
  PXE_STATCODE transmit(const void* buffer, std::size_t data, std::size_t header = 0) {
    PXE_CPB_TRANSMIT request{};
    request.FrameAddr = address(buffer);
    request.DataLen = static_cast<UINT32>(data);
    request.MediaheaderLen = static_cast<UINT16>(header);
    put(request);
    return issue(PXE_OPCODE_TRANSMIT, 0, sizeof(request));
  }

  PXE_CDB last{};  // as it was answered, without the status in StatFlags
};

}  // namespace kedge::uefi
