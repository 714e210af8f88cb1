// SPDX-License-Identifier: BSD-2-Clause-Patent
// UNDI's entry point with CDBs, CPBs and DBs of all sorts. Their addresses stay memory that is
// there, of exactly the size that is said: an UNDI has no other way than to believe them.
#include <cstring>

#include "tests/fake/link_device.h"
#include "tests/fake/uefi_pci.h"
#include "uefi/undi.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  using namespace kedge::uefi;
  fake::FakeFirmware fake;
  fake::FakePciIo pci(0x1af4, 0x1000, 3);
  const Handle controller(fake.add_protocol(nullptr, &pci.table.raw));
  fake::ScriptedDevice device;
  const auto function = *PciFunction::open(fake.firmware(), controller);
  const auto snp = *SnpProducer::create(fake.firmware(), device);
  const auto undi = Undi::create(*snp, *function);
  std::array<std::byte, 2048> packet{};
  const auto address = [](const void* memory) {
    return static_cast<UINT64>(reinterpret_cast<std::uintptr_t>(memory));
  };

  ByteReader reader(std::as_bytes(std::span(data, size)));
  constexpr unsigned kCommandsMax = 64;
  for (unsigned i = 0; i < kCommandsMax && reader.remaining() != 0; ++i) {
    PXE_CDB cdb{};
    cdb.OpCode = reader.u8() % (PXE_OPCODE_LAST_VALID + 2);
    cdb.OpFlags = reader.le16();
    const std::uint8_t what = reader.u8();
    cdb.CPBsize = reader.le16() % 600;
    cdb.DBsize = reader.le16() % 600;
    cdb.Control = what & 1;
    cdb.IFnum = what >> 7;
    std::vector<std::byte> cpb(cdb.CPBsize);
    std::vector<std::byte> db(cdb.DBsize);
    const ByteView content = reader.bytes(std::min<std::size_t>(cpb.size(), reader.remaining()));
    std::copy(content.begin(), content.end(), cpb.begin());
    // Where a CPB names memory, there is some.
    const auto name_packet = [&](std::size_t at) {
      const UINT64 there = address(packet.data());
      if ((what & 2) == 0 && cpb.size() >= at + 8) std::memcpy(cpb.data() + at, &there, 8);
      if ((what & 2) != 0 && cpb.size() >= at + 8) std::memset(cpb.data() + at, 0, 8);
    };
    const auto limit_length = [&](std::size_t at) {
      if (cpb.size() >= at + 4) std::memset(cpb.data() + at + 1, 0, 3);
    };
    if (cdb.OpCode == PXE_OPCODE_TRANSMIT || cdb.OpCode == PXE_OPCODE_RECEIVE) {
      name_packet(0);
      limit_length(8);
    } else if (cdb.OpCode == PXE_OPCODE_FILL_HEADER) {
      name_packet(offsetof(PXE_CPB_FILL_HEADER, MediaHeader));
      if (cdb.OpFlags == PXE_OPFLAGS_FILL_HEADER_FRAGMENTED) {
        name_packet(offsetof(PXE_CPB_FILL_HEADER_FRAGMENTED, FragDesc));
      }
    }
    if ((what & 4) != 0) device.incoming.emplace_back(14 + what);
    cdb.CPBaddr = (what & 8) != 0 ? 0 : address(cpb.data());
    cdb.DBaddr = (what & 16) != 0 ? 0 : address(db.data());
    Undi::issue(address(&cdb));
    KEDGE_ASSERT((cdb.StatCode == PXE_STATCODE_SUCCESS) ==
                 ((cdb.StatFlags & PXE_STATFLAGS_STATUS_MASK) == PXE_STATFLAGS_COMMAND_COMPLETE));
    KEDGE_ASSERT(fake.tpl == TPL_APPLICATION);
  }
  return 0;
}
