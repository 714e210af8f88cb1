// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/pcap_writer.h"

#include <algorithm>

namespace kedge::link {
namespace {

constexpr std::uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr std::uint16_t kVersionMajor = 2;
constexpr std::uint16_t kVersionMinor = 4;
constexpr std::uint32_t kLinkTypeEthernet = 1;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

PcapWriter::PcapWriter(CaptureSink& sink, std::uint32_t snap_length) noexcept
    : sink_(sink), snap_length_(std::min(snap_length, kSnapLengthMax)) {
  std::byte header[24];
  ByteWriter writer(header);
  writer.le32(kMagicNanoseconds);
  writer.le16(kVersionMajor);
  writer.le16(kVersionMinor);
  writer.zeros(8);  // reserved
  writer.le32(kSnapLengthMax);
  writer.le32(kLinkTypeEthernet);
  sink_.write(header);
}

void PcapWriter::observe(Direction, Instant when, std::span<const ByteView> pieces) noexcept {
  std::uint32_t length = 0;
  for (const ByteView piece : pieces) length += static_cast<std::uint32_t>(piece.size());
  std::uint32_t left = std::min(length, snap_length_);
  std::byte header[16];
  ByteWriter writer(header);
  writer.le32(static_cast<std::uint32_t>(when.ns() / kNsPerSecond));
  writer.le32(static_cast<std::uint32_t>(when.ns() % kNsPerSecond));
  writer.le32(left);
  writer.le32(length);
  sink_.write(header);
  for (const ByteView piece : pieces) {
    const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(piece.size(), left));
    if (part > 0) sink_.write(piece.first(part));
    left -= part;
  }
}

}  // namespace kedge::link
