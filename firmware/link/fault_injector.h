// SPDX-License-Identifier: BSD-2-Clause-Patent
// FaultInjector: a device that mistreats the frames of another one, reproducibly.
//
// For tests of everything above: loss, duplication, reordering, corruption, truncation and delay,
// in both directions, decided by a generator with a seed.
#pragma once

#include <vector>

#include "async/loop.h"
#include "link/heap_frames.h"
#include "link/tap.h"

namespace kedge::link {

/// Chances are per ten thousand frames.
struct FaultOptions {
  std::uint64_t seed = 1;
  std::uint16_t lose = 0;
  std::uint16_t duplicate = 0;
  std::uint16_t reorder = 0;  ///< held back so that later frames overtake
  std::uint16_t corrupt = 0;  ///< one bit flipped; also clears checksum_verified
  std::uint16_t truncate = 0;
  std::uint16_t refuse = 0;  ///< transmit says link_busy
  Duration delay;            ///< of every frame
  Duration jitter;           ///< up to this much more, at random
  Duration reorder_by = Duration::milliseconds(2);
};

class FaultInjector final : public Middleware, private Receiver {
 public:
  FaultInjector(Device& inner, async::Loop& loop, const FaultOptions& options) noexcept;

  void set(const FaultOptions& options) noexcept { options_ = options; }
  /// Frames that were mistreated so far.
  std::uint64_t faults() const noexcept { return faults_; }

  Capabilities capabilities() const noexcept override;
  void stop() noexcept override;
  std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;

 private:
  struct Held {
    Instant due;
    Frame frame;
    TransmitInfo transmit;
  };
  using Queue = std::vector<Held>;  // sorted by due

  /// Wakes the loop when a held frame is due; poll() does the rest.
  class Wake final : public async::Timer {
    void expired() noexcept override {}
  };

  void receive(Frame frame) noexcept override;
  bool chance(std::uint16_t per_ten_thousand) noexcept;
  std::uint64_t random() noexcept;
  /// Applies the faults to one frame and puts what is left of it into `queue`.
  void mistreat(Queue& queue, std::span<const ByteView> pieces, ReceiveInfo info,
                TransmitInfo transmit) noexcept;
  void hold(Queue& queue, Held held) noexcept;
  void arm() noexcept;

  async::Loop& loop_;
  FaultOptions options_;
  std::uint64_t state_;
  std::uint64_t faults_ = 0;
  HeapFrames frames_;
  Queue incoming_;
  Queue outgoing_;
  std::vector<std::byte> scratch_;
  Wake wake_;
};

}  // namespace kedge::link
