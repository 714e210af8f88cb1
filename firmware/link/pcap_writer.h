// SPDX-License-Identifier: BSD-2-Clause-Patent
// PcapWriter: frames in the classic pcap format (draft-ietf-opsawg-pcap), for Wireshark and
// tcpdump.
#pragma once

#include "link/tap.h"

namespace kedge::link {

/// Where a capture goes: a file, a serial line, memory.
class CaptureSink {
 public:
  virtual void write(ByteView bytes) noexcept = 0;

 protected:
  ~CaptureSink() = default;
};

class PcapWriter final : public FrameObserver {
 public:
  static constexpr std::uint32_t kSnapLengthMax = 262144;

  /// Writes the file header. Only the first `snap_length` bytes of each frame are kept.
  explicit PcapWriter(CaptureSink& sink, std::uint32_t snap_length = kSnapLengthMax) noexcept;

  void observe(Direction direction, Instant when,
               std::span<const ByteView> pieces) noexcept override;

 private:
  CaptureSink& sink_;
  std::uint32_t snap_length_;
};

}  // namespace kedge::link
