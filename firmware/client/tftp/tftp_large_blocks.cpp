// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transfer's use of blocks that travel as IP fragments; the rules are in tftp_transfer.h.
#include <algorithm>

#include "base/format.h"
#include "client/tftp/tftp_transfer.h"

namespace kedge::client {
namespace {

// Long enough for the server to repeat the block once: one second is usual.
constexpr Duration kLargeBlockPatience = Duration::milliseconds(1500);
// Long enough for three repeats, after 1, 2 and 4 seconds: one lost fragment now and then costs
// less than smaller blocks would.
constexpr Duration kLargeBlockStall = Duration::seconds(8);
constexpr int kStallsPerSilence = 4;  // there must be time left to try smaller ones

}  // namespace

/// What the server did with large blocks before is where this file starts.
void TftpTransfer::recall_large_blocks() noexcept {
  large_ = 0;
  large_tried_ = !settings_.large_blocks || settings_.block_bytes != 0;
  if (large_tried_) return;
  const auto known = servers_.large_blocks(server_.address);
  if (!known) return;
  large_tried_ = true;
  if (*known > fitting_block()) large_ = *known;
}

bool TftpTransfer::wants_large_blocks() const noexcept {
  return !large_tried_ && kTftpLargeBlocks[0] > fitting_block();
}

/// Of a size that does not work: the next smaller one, or what fits a packet.
void TftpTransfer::give_up_large_blocks(Step step) noexcept {
  const std::uint32_t failed = std::min<std::uint32_t>(large_, agreed_ ? block_bytes_ : large_);
  std::uint16_t next = 0;
  if (step == Step::smaller_blocks) {
    for (const std::uint16_t size : kTftpLargeBlocks) {
      if (next == 0 && size < failed && size > fitting_block()) next = size;
    }
    progress_.note(format("TFTP blocks of {} bytes get lost on the way, trying {}", failed,
                          next != 0 ? next : fitting_block()));
  }
  large_ = next;
  servers_.remember(server_.address, next);
}

/// A block that fits one packet says nothing, unless it is because the server wants it so.
void TftpTransfer::large_block_came(std::size_t bytes) noexcept {
  if (block_bytes_ <= fitting_block()) {
    servers_.remember(server_.address, 0);
  } else if (bytes > fitting_block()) {
    servers_.remember(server_.address, static_cast<std::uint16_t>(block_bytes_));
  }
}

void TftpTransfer::expect_large_block(Instant now) noexcept {
  const bool due = large_ != 0 && block_bytes_ > fitting_block();
  const Duration stall = std::min(kLargeBlockStall, settings_.silence_max / kStallsPerSilence);
  large_until_ = !due          ? Instant::never()
                 : blocks_ > 0 ? now + stall
                               : now + std::min(kLargeBlockPatience, stall);
}

Instant TftpTransfer::wake_at() const noexcept {
  return std::min({repeat_at_, give_up_at_, large_until_});
}

}  // namespace kedge::client
