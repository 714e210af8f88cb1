// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/ftw_queue.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace kedge::host {
namespace {

// 9e58292b-7c68-497d-a0ce-6500fd9f1b95, gEdkiiWorkingBlockSignatureGuid.
constexpr std::array<std::uint8_t, 16> kWorkingBlock = {
    0x2b, 0x29, 0x58, 0x9e, 0x68, 0x7c, 0x7d, 0x49, 0xa0, 0xce, 0x65, 0x00, 0xfd, 0x9f, 0x1b, 0x95};
constexpr std::size_t kBlockBytes = 4096;  // of all flash layouts of OVMF and AAVMF
constexpr std::size_t kHeaderBytes = 32;   // EFI_FAULT_TOLERANT_WORKING_BLOCK_HEADER
constexpr std::size_t kChecksumOffset = 16;
constexpr std::size_t kWriteBytes = 40;   // EFI_FAULT_TOLERANT_WRITE_HEADER
constexpr std::size_t kRecordBytes = 40;  // EFI_FAULT_TOLERANT_WRITE_RECORD

// Flash is erased to ones: a bit that is cleared says that the step was done.
constexpr std::uint8_t kBlockValid = 1;
constexpr std::uint8_t kBlockInvalid = 2;
constexpr std::uint8_t kHeaderAllocated = 1;
constexpr std::uint8_t kWritesAllocated = 2;
constexpr std::uint8_t kWritesComplete = 4;
constexpr std::uint8_t kSpareComplete = 2;
constexpr std::uint8_t kDestinationComplete = 4;

bool done(std::uint8_t state, std::uint8_t step) {
  return (state & step) == 0;
}

// The queue behind the header at `offset`; empty: there is no sound working block.
ByteView queue_at(ByteView file, std::size_t offset) {
  ByteReader reader(file.subspan(offset));
  const ByteView signature = reader.bytes(kWorkingBlock.size());
  if (signature.empty() ||
      std::memcmp(signature.data(), kWorkingBlock.data(), kWorkingBlock.size()) != 0) {
    return {};
  }
  const std::uint32_t checksum = reader.le32();
  const std::uint8_t state = reader.u8();
  reader.skip(3);
  const std::uint64_t bytes = reader.le64();
  if (!reader.ok() || !done(state, kBlockValid) || done(state, kBlockInvalid)) return {};
  // The checksum is that of the header before it had a checksum and a state.
  std::array<std::uint8_t, kHeaderBytes> header = {};
  std::memcpy(header.data(), file.data() + offset, header.size());
  std::fill_n(header.begin() + kChecksumOffset, 4 + 4, std::uint8_t{0xff});
  if (lzma_crc32(header.data(), header.size(), 0) != checksum) return {};
  return reader.bytes(std::min<std::uint64_t>(bytes, reader.remaining()));
}

// The state of the write's records: the first whose target is not complete decides.
bool is_pending(ByteReader& reader, std::uint64_t records, std::uint64_t private_bytes) {
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(records, kFtwEntriesMax); ++i) {
    const std::uint8_t state = reader.u8();
    reader.skip(kRecordBytes - 1);
    if (!reader.ok()) return false;
    if (!done(state, kDestinationComplete)) return done(state, kSpareComplete);
    if (private_bytes > reader.remaining()) return false;
    reader.skip(private_bytes);
  }
  return false;
}

// Goes to the first write that is not complete.
bool has_pending(ByteView queue, std::size_t& at) {
  ByteReader reader(queue);
  for (std::size_t i = 0; i < kFtwEntriesMax; ++i) {
    at = reader.offset();
    const std::uint8_t state = reader.u8();
    reader.skip(23);
    const std::uint64_t records = reader.le64();
    const std::uint64_t private_bytes = reader.le64();
    if (!reader.ok() || !done(state, kHeaderAllocated)) return false;
    if (!done(state, kWritesComplete)) {
      return done(state, kWritesAllocated) && is_pending(reader, records, private_bytes);
    }
    // Only one without overflow fits.
    const std::uint64_t left = reader.remaining();
    if (private_bytes > left || records > left / (kRecordBytes + private_bytes)) return false;
    reader.skip(records * (kRecordBytes + private_bytes));
  }
  return false;
}
static_assert(kWriteBytes == 1 + 23 + 8 + 8);

}  // namespace

std::optional<std::size_t> find_pending_write(ByteView file) {
  const std::size_t searched = std::min(file.size(), kFtwSearchedBytes);
  for (std::size_t at = 0; at < searched; at += kBlockBytes) {
    const ByteView queue = queue_at(file, at);
    if (queue.empty()) continue;
    std::size_t place = 0;
    if (!has_pending(queue, place)) return std::nullopt;
    return at + kHeaderBytes + place;
  }
  return std::nullopt;
}

}  // namespace kedge::host
