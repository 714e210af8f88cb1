// SPDX-License-Identifier: BSD-2-Clause-Patent
// Frames of any content into a stack with a UDP socket and an established stream. Checksums are
// declared verified, so that the fuzzer gets past them.
//
// Input: records of [flags] [length, big endian 16] [bytes]. Flag bits: 0 let time pass, 1 raw
// frame (else the Ethernet header is given), 2 fix up a TCP segment of the established connection,
// 3 split into small segments, 4 the consumer reads.
#include <algorithm>
#include <vector>

#include "async/wait.h"
#include "link/heap_frames.h"
#include "net/lwip/lwip_stack.h"
#include "tests/fake/entropy.h"
#include "tests/fake/sim_clock.h"

namespace kedge {
namespace {

using namespace literals;

constexpr wire::Ipv4Address kOurs{10, 0, 0, 2};
constexpr wire::Ipv4Address kPeer{10, 0, 0, 1};
const wire::MacAddress kOurMac({2, 0, 0, 0, 0, 1});
const wire::MacAddress kPeerMac({2, 0, 0, 0, 0, 2});
constexpr std::size_t kFramesMax = 64;

/// Remembers the last TCP segment that the stack sent: the other half of a conversation.
class FuzzDevice final : public link::Device {
 public:
  std::string_view driver_name() const noexcept override { return "fuzz"; }
  wire::MacAddress mac() const noexcept override { return kOurMac; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  link::Capabilities capabilities() const noexcept override { return {.receive_buffers = 64}; }
  link::LinkState link_state() noexcept override { return link::LinkState::up; }
  const link::Statistics& statistics() const noexcept override { return statistics_; }
  Result<void> start() noexcept override { return {}; }
  void stop() noexcept override { pending_.clear(); }
  void quiesce() noexcept override {}
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t) noexcept override {
    std::uint32_t count = 0;
    auto burst = std::move(pending_);
    pending_.clear();
    for (auto& frame : burst) {
      receiver.receive(std::move(frame));
      ++count;
    }
    return count;
  }
  Result<void> transmit(std::span<const ByteView> pieces, link::TransmitInfo) noexcept override {
    std::vector<std::byte> frame;
    for (const ByteView piece : pieces) frame.insert(frame.end(), piece.begin(), piece.end());
    ByteReader reader(frame);
    reader.skip(12);
    if (reader.be16() == 0x0806) return answer_arp();
    reader.skip(9);
    if (reader.u8() != 6) return {};
    reader.skip(10);
    client_port = reader.be16();
    reader.skip(2);
    const std::uint32_t sequence = reader.be32();
    reader.skip(5);
    const bool counted = (reader.u8() & 0x03) != 0;  // SYN or FIN
    client_sequence = sequence + (counted ? 1 : 0);
    return {};
  }
  void deliver(ByteView frame, std::uint32_t segment_bytes) {
    link::ReceiveInfo info;
    info.checksum_verified = true;
    pending_.push_back(frames.make(std::span(&frame, 1), info, segment_bytes));
  }

  link::HeapFrames frames;
  std::uint16_t client_port = 0;
  std::uint32_t client_sequence = 0;

 private:
  Result<void> answer_arp() {
    std::byte frame[42];
    ByteWriter w(frame);
    kOurMac.write(w);
    kPeerMac.write(w);
    w.be16(0x0806);
    w.be32(0x00010800);
    w.be32(0x06040002);
    kPeerMac.write(w);
    kPeer.write(w);
    kOurMac.write(w);
    kOurs.write(w);
    deliver(frame, 0);
    return {};
  }

  link::Statistics statistics_;
  std::vector<link::Frame> pending_;
};

/// A TCP segment from port 80 whose acknowledgement fits; `data` may carry options and payload.
std::vector<std::byte> tcp_frame(const FuzzDevice& device, std::uint32_t sequence,
                                 std::uint8_t offset, std::uint8_t flags, ByteView data) {
  std::vector<std::byte> frame(54 + data.size());
  ByteWriter w(frame);
  kOurMac.write(w);
  kPeerMac.write(w);
  w.be16(0x0800);
  w.be16(0x4500);
  w.be16(static_cast<std::uint16_t>(40 + data.size()));
  w.be32(0);
  w.be16(0x4006);
  w.be16(0);
  kPeer.write(w);
  kOurs.write(w);
  w.be16(80);
  w.be16(device.client_port);
  w.be32(sequence);
  w.be32(device.client_sequence);
  w.u8(static_cast<std::uint8_t>(offset << 4));
  w.u8(flags);
  w.be16(0xffff);
  w.be32(0);
  w.bytes(data);
  return frame;
}

// The IPv4 header's sum is always checked, whatever the device says.
void fix_ip_checksum(std::vector<std::byte>& frame) {
  if (frame.size() < 34) return;
  const std::size_t length = (std::to_integer<std::size_t>(frame[14]) & 0xf) * 4;
  if (length < 20 || frame.size() < 14 + length) return;
  frame[24] = frame[25] = std::byte{};
  std::uint32_t sum = 0;
  for (std::size_t i = 14; i < 14 + length; i += 2) {
    sum += std::to_integer<std::uint32_t>(frame[i]) << 8 |
           std::to_integer<std::uint32_t>(frame[i + 1]);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  frame[24] = static_cast<std::byte>(~sum >> 8);
  frame[25] = static_cast<std::byte>(~sum);
}

constexpr std::uint32_t kServerFirst = 1'000'000;

void feed(FuzzDevice& device, fake::SimLoop& time, net::Stream& stream, ByteReader& input) {
  const std::uint8_t flags = input.u8();
  const std::size_t length = input.be16();
  const ByteView bytes = input.bytes(std::min(length, input.remaining()));
  std::vector<std::byte> frame;
  if ((flags & 4) != 0 && bytes.size() >= 4) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint8_t>(bytes[i]); };
    // Sequence numbers near the window, in small steps and large.
    const std::uint32_t sequence = kServerFirst + 1 + (std::uint32_t{at(0)} << (at(1) & 15));
    frame = tcp_frame(device, sequence, at(2) >> 4, at(3), bytes.subspan(4));
  } else if ((flags & 2) != 0) {
    frame.assign(bytes.begin(), bytes.end());
  } else {
    frame.resize(14 + bytes.size());
    ByteWriter w(frame);
    kOurMac.write(w);
    kPeerMac.write(w);
    w.be16((flags & 0x80) != 0 ? 0x0806 : 0x0800);
    w.bytes(bytes);
  }
  fix_ip_checksum(frame);
  if (!frame.empty()) device.deliver(frame, (flags & 8) != 0 ? 100 : 0);
  if ((flags & 1) != 0) time.clock.advance(Duration::milliseconds(bytes.size()));
  (void)time.loop.run_once();
  if ((flags & 16) != 0) {
    for (ByteView view; !(view = stream.try_peek()).empty();) stream.consume(view.size());
  }
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  fake::SimLoop time;
  fake::SeededEntropy entropy;
  FuzzDevice device;
  {
    net::LwipStack stack(time.loop, entropy);
    net::Interface& net0 = **stack.add(device);
    (void)net0.open();
    (void)net0.configure({.address = kOurs, .prefix_bits = 24, .gateway = kPeer});
    auto socket = stack.open_udp({.local_port = 69, .broadcast = true});
    auto connecting = stack.connect({kPeer, 80}, time.after(5_s));
    const async::Context context{&time.loop, &time.scope};
    (void)connecting.start(context, nullptr);
    for (int i = 0; i < 8 && !connecting.done(); ++i) {
      (void)time.loop.run_once();
      const std::byte options[] = {std::byte{2}, std::byte{4}, std::byte{5}, std::byte{0xb4},
                                   std::byte{4}, std::byte{2}, std::byte{1}, std::byte{1}};
      if (device.client_port != 0) {
        auto frame = tcp_frame(device, kServerFirst, 7, 0x12, options);
        fix_ip_checksum(frame);
        device.deliver(frame, 0);
      }
    }
    if (!connecting.done()) __builtin_trap();  // nothing of the input was used yet
    auto stream = connecting.take();
    if (!stream.ok()) __builtin_trap();
    ByteReader input(std::as_bytes(std::span(data, size)));
    for (std::size_t i = 0; i < kFramesMax && !input.at_end(); ++i) {
      feed(device, time, **stream, input);
    }
  }
  if (net::LwipStack::blocks_in_use() != 0 || device.frames.outstanding() != 0) __builtin_trap();
  return 0;
}
