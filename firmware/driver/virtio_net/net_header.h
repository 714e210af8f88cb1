// SPDX-License-Identifier: BSD-2-Clause-Patent
// struct virtio_net_hdr, which stands before each frame in both directions (5.1.6).
#pragma once

#include "base/bytes.h"

namespace kedge::driver::virtio {

struct NetHeader {
  /// Without num_buffers: legacy interface without MRG_RXBUF (5.1.6.1).
  static constexpr std::uint32_t kShortSize = 10;
  static constexpr std::uint32_t kSize = 12;

  static constexpr std::uint8_t kNeedsCsum = 1;  // flags
  static constexpr std::uint8_t kDataValid = 2;
  static constexpr std::uint8_t kGsoNone = 0;  // gso_type
  static constexpr std::uint8_t kGsoTcp4 = 1;
  static constexpr std::uint8_t kGsoTcp6 = 4;
  static constexpr std::uint8_t kGsoEcn = 0x80;

  std::uint8_t flags = 0;
  std::uint8_t gso_type = kGsoNone;
  std::uint16_t hdr_len = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t csum_start = 0;
  std::uint16_t csum_offset = 0;
  std::uint16_t num_buffers = 0;

  /// `bytes` holds kShortSize or kSize bytes; in the short form num_buffers is 1.
  static NetHeader parse(ByteView bytes) noexcept {
    ByteReader reader(bytes);
    NetHeader header;
    header.flags = reader.u8();
    header.gso_type = reader.u8();
    header.hdr_len = reader.le16();
    header.gso_size = reader.le16();
    header.csum_start = reader.le16();
    header.csum_offset = reader.le16();
    header.num_buffers = bytes.size() >= kSize ? reader.le16() : std::uint16_t{1};
    return header;
  }
  void write(ByteSpan bytes) const noexcept {
    ByteWriter writer(bytes);
    writer.u8(flags);
    writer.u8(gso_type);
    writer.le16(hdr_len);
    writer.le16(gso_size);
    writer.le16(csum_start);
    writer.le16(csum_offset);
    if (bytes.size() >= kSize) writer.le16(num_buffers);
  }

  friend bool operator==(const NetHeader&, const NetHeader&) noexcept = default;
};

}  // namespace kedge::driver::virtio
