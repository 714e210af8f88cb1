// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/fault_injector.h"

#include <algorithm>

#include "link/link_errors.h"

namespace kedge::link {
namespace {

constexpr std::uint16_t kWhole = 10'000;
constexpr std::size_t kEthernetHeader = 14;

}  // namespace

FaultInjector::FaultInjector(Device& inner, async::Loop& loop, const FaultOptions& options) noexcept
    : Middleware(inner), loop_(loop), options_(options), state_(options.seed) {}

// SplitMix64 (Steele, Lea, Flood 2014): small, seedable with any number.
std::uint64_t FaultInjector::random() noexcept {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

bool FaultInjector::chance(std::uint16_t per_ten_thousand) noexcept {
  const bool hit = per_ten_thousand != 0 && random() % kWhole < per_ten_thousand;
  if (hit) ++faults_;
  return hit;
}

Capabilities FaultInjector::capabilities() const noexcept {
  Capabilities own = Middleware::capabilities();
  own.transmit_checksum = false;  // a frame that is corrupted on its way must carry its checksum
  own.receive_buffers = 0;        // frames are copies
  return own;
}

void FaultInjector::stop() noexcept {
  incoming_.clear();
  outgoing_.clear();
  loop_.disarm(wake_);
  Middleware::stop();
}

void FaultInjector::hold(Queue& queue, Held held) noexcept {
  if (held.frame.head() == nullptr) return;
  const auto later = std::upper_bound(queue.begin(), queue.end(), held.due,
                                      [](Instant due, const Held& h) { return due < h.due; });
  queue.insert(later, std::move(held));
}

void FaultInjector::mistreat(Queue& queue, std::span<const ByteView> pieces, ReceiveInfo info,
                             TransmitInfo transmit) noexcept {
  if (chance(options_.lose)) return;
  scratch_.clear();
  for (const ByteView piece : pieces) scratch_.insert(scratch_.end(), piece.begin(), piece.end());
  if (chance(options_.corrupt)) {
    // Behind the Ethernet header, whose damage the frame check sequence would have caught.
    const std::size_t at =
        std::min(kEthernetHeader + random() % scratch_.size(), scratch_.size() - 1);
    scratch_[at] ^= std::byte{1} << (random() % 8);
    info.checksum_verified = info.checksum_partial = false;
  }
  if (scratch_.size() > kEthernetHeader && chance(options_.truncate)) {
    scratch_.resize(kEthernetHeader + random() % (scratch_.size() - kEthernetHeader) + 1);
  }
  Instant due = loop_.now() + options_.delay;
  if (options_.jitter > Duration()) {
    due = due + Duration::nanoseconds(static_cast<std::int64_t>(
                    random() % static_cast<std::uint64_t>(options_.jitter.count_ns())));
  }
  if (chance(options_.reorder)) due = due + options_.reorder_by;
  const ByteView whole = scratch_;
  const int copies = chance(options_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    hold(queue, {due, frames_.make(std::span(&whole, 1), info), transmit});
  }
}

void FaultInjector::arm() noexcept {
  Instant next = Instant::never();
  for (const Queue* queue : {&incoming_, &outgoing_}) {
    if (!queue->empty()) next = std::min(next, queue->front().due);
  }
  if (next != Instant::never()) {
    (void)loop_.arm(wake_, next);
  } else {
    loop_.disarm(wake_);
  }
}

void FaultInjector::receive(Frame frame) noexcept {
  std::vector<ByteView> pieces;
  for (const Segment* s = frame.head(); s != nullptr; s = s->next) {
    pieces.emplace_back(s->data, s->length);
  }
  mistreat(incoming_, pieces, frame.info(), {});
}

std::uint32_t FaultInjector::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  (void)inner().poll(*this, budget);
  const Instant now = loop_.now();
  const bool sending = !outgoing_.empty() && outgoing_.front().due <= now;
  while (!outgoing_.empty() && outgoing_.front().due <= now) {
    Held held = std::move(outgoing_.front());
    outgoing_.erase(outgoing_.begin());
    const ByteView piece(held.frame.head()->data, held.frame.length());
    (void)inner().transmit(std::span(&piece, 1), held.transmit);  // busy: one more loss
  }
  std::uint32_t count = 0;
  while (count < budget && !incoming_.empty() && incoming_.front().due <= now) {
    Frame frame = std::move(incoming_.front().frame);
    incoming_.erase(incoming_.begin());
    receiver.receive(std::move(frame));
    ++count;
  }
  if (sending) {
    // Another turn at once: on simulated time the other end must see the frame before the clock
    // jumps.
    (void)loop_.arm(wake_, now);
  } else {
    arm();
  }
  return count;
}

Result<void> FaultInjector::transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept {
  if (chance(options_.refuse)) return fail(err::link_busy);
  mistreat(outgoing_, pieces, {}, info);
  arm();
  return {};
}

}  // namespace kedge::link
