// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipTimers: lwIP's clock on one timer of the loop.
//
// It ticks while there are TCP connections and for a while after each frame; a quiet stack does not
// tick, so that an idle machine sleeps and a simulated clock can jump.
#pragma once

#include "async/loop.h"

namespace kedge::net {

class LwipTimers final : private async::Timer {
 public:
  explicit LwipTimers(async::Loop& loop) noexcept : loop_(loop) {}

  /// Frames or connections came: tick.
  void touch() noexcept;

 private:
  /// Longer than unanswered ARP requests and unfinished datagrams live (5 s and 15 s).
  static constexpr unsigned kQuietTicksMax = 200;
  /// Learnt link addresses do not age while nothing ticks; after such a pause they are forgotten.
  static constexpr Duration kForgetAfter = Duration::seconds(60);

  void expired() noexcept override;

  async::Loop& loop_;
  Instant next_;
  Instant stopped_;
  unsigned tick_ = 0;
  unsigned quiet_ticks_ = 0;
};

}  // namespace kedge::net
