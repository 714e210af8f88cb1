// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/shared_device.h"

#include <array>

#include "link/link_errors.h"

namespace kedge::link {
namespace {

constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeArp = 0x0806;
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint8_t kIcmpUnreachable = 3;
constexpr std::uint8_t kTcpReset = 0x04;  // of the flags, RFC 9293 3.1

/// Ethernet, the longest IPv4 header, and TCP's up to its flags.
constexpr std::size_t kHeadBytes = 14 + 60 + 14;

/// What one needs to know of a frame: the beginning, in one piece.
struct Head {
  std::array<std::byte, kHeadBytes> bytes;
  std::size_t count = 0;

  void add(ByteView piece) noexcept {
    const std::size_t taken =
        piece.size() < bytes.size() - count ? piece.size() : bytes.size() - count;
    if (taken != 0) std::memcpy(bytes.data() + count, piece.data(), taken);
    count += taken;
  }
};

struct Kind {
  std::uint16_t type = 0;
  std::uint8_t protocol = 0;
  bool refusal = false;  ///< says that nobody here is meant
};

Kind kind_of(const Head& head) noexcept {
  ByteReader reader(ByteView(head.bytes).first(head.count));
  reader.skip(12);
  Kind kind;
  kind.type = reader.be16();
  if (kind.type != kTypeIpv4) return kind;
  const std::size_t header_bytes = std::size_t{reader.u8() & 0x0fU} * 4;
  reader.skip(8);
  kind.protocol = reader.u8();
  constexpr std::size_t kRead = 10;
  if (header_bytes < 2 * kRead) return kind;
  reader.skip(header_bytes - kRead);
  if (kind.protocol == kProtocolIcmp) kind.refusal = reader.u8() == kIcmpUnreachable;
  if (kind.protocol == kProtocolTcp) {
    reader.skip(13);
    kind.refusal = (reader.u8() & kTcpReset) != 0;
  }
  if (!reader.ok()) kind.refusal = false;
  return kind;
}

Kind kind_of(const Frame& frame) noexcept {
  Head head;
  for (const Segment* segment = frame.head(); segment != nullptr; segment = segment->next) {
    head.add({segment->data, segment->length});
  }
  return kind_of(head);
}

}  // namespace

Result<void> SharedDevice::Side::start() noexcept {
  const bool runs = shared_.host_.started_ || shared_.guest_.started_;
  if (!runs) KEDGE_CHECK(shared_.device_.start());
  started_ = true;
  filter_changed();
  return {};
}

void SharedDevice::Side::set_receive_filter(const ReceiveFilter& filter) noexcept {
  promiscuous_ = filter.promiscuous;
  filter_changed();
}

void SharedDevice::Side::filter_changed() noexcept {
  // What a guest that interrupts the host wants is noticed by the next poll().
  if (this != &shared_.guest_ || !shared_.host_works_) shared_.apply_filter();
}

void SharedDevice::apply_filter() noexcept {
  const bool everything = host_.wants_all() || guest_.wants_all();
  if (everything == everything_) return;
  everything_ = everything;
  device_.set_receive_filter(everything ? kReceiveEverything : kReceiveAllGroups);
}

void SharedDevice::Side::stop() noexcept {
  // A guest that interrupts the host may not touch what the host may be filling; what stays there
  // is as good as a frame that comes a little late.
  if (this != &shared_.guest_ || !shared_.host_works_) queue_.clear();
  if (!started_) return;
  started_ = false;
  if (!shared_.host_.started_ && !shared_.guest_.started_) shared_.device_.stop();
  filter_changed();
}

void SharedDevice::Side::offer(const Frame& frame) noexcept {
  constexpr std::size_t kPiecesMax = 32;
  std::array<ByteView, kPiecesMax> pieces;
  std::size_t count = 0;
  for (const Segment* segment = frame.head(); segment != nullptr; segment = segment->next) {
    if (count == kPiecesMax) return;
    pieces[count++] = {segment->data, segment->length};
  }
  Frame copy = copies_.make(std::span(pieces).first(count), frame.info());
  if (copy.head() != nullptr) queue_.push_back(std::move(copy));
}

std::uint32_t SharedDevice::Side::drain(Receiver& receiver, std::uint32_t budget) noexcept {
  std::uint32_t count = 0;
  for (; count < budget && !queue_.empty(); ++count) {
    Frame frame = std::move(queue_.front());
    queue_.pop_front();
    receiver.receive(std::move(frame));
  }
  return count;
}

/// Hands frames on and copies them for the other side.
class SharedDevice::Tee final : public Receiver {
 public:
  Tee(Receiver& taker, Side& other, bool wants_all) noexcept
      : taker_(taker), other_(other), wants_all_(wants_all) {}
  void receive(Frame frame) noexcept override {
    if (other_.started() && other_.has_room() && wanted(frame)) other_.offer(frame);
    taker_.receive(std::move(frame));
  }

 private:
  bool wanted(const Frame& frame) const noexcept {
    if (wants_all_) return true;
    const Kind kind = kind_of(frame);
    return kind.type == kTypeArp || (kind.type == kTypeIpv4 && kind.protocol == kProtocolUdp);
  }

  Receiver& taker_;
  Side& other_;
  bool wants_all_;
};

std::uint32_t SharedDevice::Host::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  if (!started()) return 0;
  shared_.apply_filter();
  const std::uint32_t waited = drain(receiver, budget);
  if (waited == budget) return waited;
  if (!shared_.guest_.started()) return waited + shared_.device_.poll(receiver, budget - waited);
  Tee tee(receiver, shared_.guest_, true);
  return waited + shared_.device_.poll(tee, budget - waited);
}

Result<void> SharedDevice::Host::transmit(std::span<const ByteView> pieces,
                                          TransmitInfo info) noexcept {
  if (!started()) return fail(err::link_stopped);
  if (shared_.guest_.started()) {
    Head head;
    for (const ByteView piece : pieces) head.add(piece);
    if (kind_of(head).refusal) return {};
  }
  return shared_.device_.transmit(pieces, info);
}

std::uint32_t SharedDevice::Guest::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  if (!started() || shared_.host_works_) return 0;
  shared_.apply_filter();
  const std::uint32_t waited = drain(receiver, budget);
  if (waited == budget) return waited;
  Tee tee(receiver, shared_.host_, false);
  return waited + shared_.device_.poll(tee, budget - waited);
}

Result<void> SharedDevice::Guest::transmit(std::span<const ByteView> pieces,
                                           TransmitInfo info) noexcept {
  if (!started()) return fail(err::link_stopped);
  if (shared_.host_works_) return fail(err::link_busy);
  return shared_.device_.transmit(pieces, info);
}

}  // namespace kedge::link
