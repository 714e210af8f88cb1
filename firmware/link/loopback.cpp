// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/loopback.h"

#include <algorithm>

#include "link/link_errors.h"

namespace kedge::link {
namespace {

constexpr std::size_t kEthernetHeader = 14;

}  // namespace

LoopbackPair::LoopbackPair(const LoopbackOptions& options) noexcept : options_(options) {
  for (std::uint8_t i = 0; i < 2; ++i) {
    ends_[i].pair_ = this;
    ends_[i].other_ = &ends_[1 - i];
    ends_[i].mac_ = wire::MacAddress({0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(i + 1)});
  }
}

Result<void> LoopbackPair::End::start() noexcept {
  started_ = true;
  return {};
}

void LoopbackPair::End::stop() noexcept {
  started_ = false;
  queue_.clear();
}

bool LoopbackPair::End::passes(const wire::MacAddress& to) const noexcept {
  if (filter_.promiscuous || to == mac_ || to.is_broadcast()) return true;
  if (!to.is_multicast()) return false;
  const auto groups = filter_.groups();
  return filter_.all_groups || std::find(groups.begin(), groups.end(), to) != groups.end();
}

std::uint32_t LoopbackPair::End::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  std::uint32_t count = 0;
  while (count < budget && started_ && !queue_.empty()) {
    Frame frame = std::move(queue_.front());
    queue_.pop_front();
    ++statistics_.received_frames;
    statistics_.received_bytes += frame.length();
    ++count;
    receiver.receive(std::move(frame));
  }
  return count;
}

Result<void> LoopbackPair::End::transmit(std::span<const ByteView> pieces,
                                         TransmitInfo info) noexcept {
  if (!started_) return fail(err::link_stopped);
  std::size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  if (bytes > kEthernetHeader + pair_->options_.mtu &&
      !pair_->options_.capabilities.receive_merge) {
    return fail(err::link_frame_too_large);
  }
  if (other_->started_ && other_->queue_.size() >= pair_->options_.queue_frames) {
    ++statistics_.transmit_busy;
    return fail(err::link_busy);
  }
  ++statistics_.transmitted_frames;
  statistics_.transmitted_bytes += bytes;
  if (!other_->started_ || pair_->state_ == LinkState::down) return {};
  ReceiveInfo receive;
  receive.checksum_partial = info.checksum_start != 0;
  receive.checksum_verified = pair_->options_.capabilities.receive_checksum;
  Frame frame = pair_->frames_.make(pieces, receive, pair_->options_.segment_bytes);
  if (frame.head() == nullptr) {
    ++other_->statistics_.receive_dropped;
    return {};
  }
  ByteReader reader(ByteView(frame.head()->data, frame.head()->length));
  if (!other_->passes(wire::MacAddress::read(reader))) return {};
  other_->queue_.push_back(std::move(frame));
  return {};
}

}  // namespace kedge::link
