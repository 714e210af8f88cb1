// SPDX-License-Identifier: BSD-2-Clause-Patent
// Stream: a reliable byte stream in both directions (TCP; TLS on top of it).
//
// Ends in one of two ways: close() is graceful and awaited; the destructor resets.
#pragma once

#include "async/task.h"
#include "base/bytes.h"
#include "base/time.h"
#include "wire/ip.h"

namespace kedge::net {

class Stream {
 public:
  virtual ~Stream() = default;

  virtual wire::Endpoint remote() const noexcept = 0;

  /// Waits until received bytes can be seen and returns a view of the first contiguous ones,
  /// without copying and without consuming. An empty view is the peer's orderly end. The view is
  /// valid until the next consume() or peek(). Errors: async_timed_out, async_cancelled, net_reset
  /// (peer), net_unreachable (retransmissions went unanswered).
  virtual async::Task<Result<ByteView>> peek(Instant deadline) noexcept = 0;
  /// What peek() would show at once, or an empty view when it would have to wait (or has ended: ask
  /// peek). Saves a coroutine for each piece: `while (!(view = s.try_peek()).empty()) ...`.
  virtual ByteView try_peek() noexcept { return {}; }
  /// Drops the first `count` bytes of what peek() showed and opens the receive window by them.
  virtual void consume(std::size_t count) noexcept = 0;

  /// Queues all of `data` for sending; returns when it is queued, not when it has arrived.
  virtual async::Task<Result<void>> write(ByteView data, Instant deadline) noexcept = 0;
  /// Sends what is queued and the end of stream, and waits until that is acknowledged.
  virtual async::Task<Result<void>> close(Instant deadline) noexcept = 0;
};

}  // namespace kedge::net
