// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/sim/frame_peer.h"

#include <algorithm>

namespace kedge::sim {
namespace {

constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10;
constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17;
constexpr unsigned kDuplicatesForResend = 3;
constexpr Duration kTimeout = Duration::milliseconds(250);
constexpr unsigned kTimeoutsMax = 20;
constexpr std::uint8_t kOurScale = 0;

// A plain implementation of RFC 1071, on purpose another one than the stack's.
std::uint16_t checksum(ByteView data, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = std::to_integer<std::uint32_t>(data[i]);
    sum += i % 2 == 0 ? byte << 8 : byte;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t pseudo_sum(wire::Ipv4Address a, wire::Ipv4Address b, std::uint8_t protocol,
                         std::size_t length) {
  const std::uint32_t sum = (a.value() >> 16) + (a.value() & 0xffff) + (b.value() >> 16) +
                            (b.value() & 0xffff) + protocol + static_cast<std::uint32_t>(length);
  return (sum & 0xffff) + (sum >> 16);
}

void put_be16(std::vector<std::byte>& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value);
}

}  // namespace

struct FramePeer::Connection final : private async::Timer {
  Connection(FramePeer& owner, const wire::MacAddress& client_mac, wire::Endpoint client_end,
             std::uint16_t server_port)
      : peer(owner), mac(client_mac), client(client_end), port(server_port) {}

  FramePeer& peer;
  wire::MacAddress mac;
  wire::Endpoint client;
  std::uint16_t port;
  std::uint32_t first = 77'000'000;  // our ISN; offset 0 of the data is first + 1
  std::uint32_t expected = 0;        // next sequence number of the client
  std::uint64_t acknowledged = 0;    // of our data (and FIN), as offset
  std::uint64_t sent = 0;
  std::uint64_t highest = 0;   // ever sent; below it is a retransmission
  std::uint64_t recovery = 0;  // until this offset is acknowledged, holes are filled at once
  std::uint32_t window = 0;
  std::uint8_t scale = 0;
  unsigned duplicates = 0;
  unsigned timeouts = 0;
  bool established = false;
  bool dead = false;
  bool client_fin = false;
  bool client_rst = false;
  bool fin_wanted = false;
  std::string received;

  void arm() { (void)peer.loop_.arm(*this, peer.loop_.now() + kTimeout); }
  void disarm() { peer.loop_.disarm(*this); }
  std::uint64_t end() const {  // offset behind the last thing that we have to send
    const TcpBehaviour& b = peer.tcp.at(port);
    return b.send_bytes + (fin_wanted ? 1 : 0);
  }

 private:
  void expired() noexcept override {
    if (dead || ++timeouts > kTimeoutsMax) return;
    if (!established) {
      peer.accept(*this, expected - 1, {});
    } else {
      sent = acknowledged;
      recovery = highest;
      peer.pump(*this);
      // A closed window is probed by one byte (RFC 9293 3.8.6.1).
      if (sent == acknowledged && sent < end()) peer.send_segment(*this, sent, 1, kAck);
    }
    arm();
  }
};

FramePeer::FramePeer(async::Loop& loop, link::Device& device, wire::Ipv4Address address)
    : loop_(loop), device_(device), address_(address) {
  (void)device_.start();
  loop_.add_poller(*this);
}

FramePeer::~FramePeer() {
  device_.stop();
}

bool FramePeer::poll() noexcept {
  return device_.poll(*this, 64) > 0;
}

void FramePeer::receive(link::Frame frame) noexcept {
  std::vector<std::byte> bytes;
  for (auto* s = frame.head(); s != nullptr; s = s->next) {
    bytes.insert(bytes.end(), s->data, s->data + s->length);
  }
  if (on_frame) on_frame(bytes);
  ByteReader reader(bytes);
  const auto target = wire::MacAddress::read(reader);
  const auto source = wire::MacAddress::read(reader);
  if (!target.is_multicast() && target != device_.mac()) return;
  const std::uint16_t type = reader.be16();
  if (type == 0x0806) input_arp(reader);
  if (type == 0x0800) input_ipv4(source, reader.rest(), frame.info().checksum_partial);
}

void FramePeer::send_raw(ByteView frame) {
  (void)device_.transmit(std::span(&frame, 1), {});
}

void FramePeer::input_arp(ByteReader reader) {
  reader.skip(6);
  const std::uint16_t operation = reader.be16();
  const auto mac = wire::MacAddress::read(reader);
  const auto source = wire::Ipv4Address::read(reader);
  reader.skip(6);
  const auto target = wire::Ipv4Address::read(reader);
  if (!reader.ok() || operation != 1 || target != address_ || !answer_arp) return;
  std::vector<std::byte> frame(42);
  ByteWriter writer(frame);
  mac.write(writer);
  device_.mac().write(writer);
  writer.be16(0x0806);
  writer.be16(1);
  writer.be16(0x0800);
  writer.u8(6);
  writer.u8(4);
  writer.be16(2);
  device_.mac().write(writer);
  address_.write(writer);
  mac.write(writer);
  source.write(writer);
  send_raw(frame);
}

void FramePeer::input_ipv4(const wire::MacAddress& mac, ByteView packet, bool partial) {
  ByteReader reader(packet);
  const std::size_t header = (reader.u8() & 0xf) * std::size_t{4};
  reader.skip(1);
  const std::size_t total = reader.be16();
  reader.skip(5);
  const std::uint8_t protocol = reader.u8();
  reader.skip(2);
  const auto source = wire::Ipv4Address::read(reader);
  const auto target = wire::Ipv4Address::read(reader);
  if (!reader.ok() || header < 20 || total < header || total > packet.size()) return;
  if (checksum(packet.first(header)) != 0) {
    ++bad_checksums;
    return;
  }
  const ByteView payload = packet.subspan(header, total - header);
  if (partial && protocol == kTcp) {
    // The field must hold the pseudo header's sum, which hardware would complete.
    const std::uint32_t sum = pseudo_sum(source, target, protocol, payload.size());
    ByteReader field(payload.subspan(std::min<std::size_t>(payload.size(), 16)));
    const bool right = field.be16() == sum;
    ++(right ? partial_checksums : bad_checksums);
    if (!right) return;
  } else if (protocol == kTcp || protocol == kUdp) {
    const bool none = protocol == kUdp && payload.size() > 7 && payload[6] == std::byte{} &&
                      payload[7] == std::byte{};
    if (!none && checksum(payload, pseudo_sum(source, target, protocol, payload.size())) != 0) {
      ++bad_checksums;
      return;
    }
  }
  if (target != address_ && !target.is_broadcast()) return;
  if (protocol == kIcmp) return input_icmp(mac, source, payload);
  if (protocol == kTcp) return input_tcp(mac, source, packet.first(total), payload);
  if (protocol != kUdp) return;
  if (!on_udp) return send_unreachable(mac, source, 3, packet.first(total));
  ByteReader udp(payload);
  Udp datagram;
  datagram.source_mac = mac;
  datagram.source = {source, udp.be16()};
  datagram.destination = {target, udp.be16()};
  udp.skip(4);
  datagram.payload = udp.rest();
  on_udp(datagram);
}

void FramePeer::input_icmp(const wire::MacAddress& mac, wire::Ipv4Address source,
                           ByteView message) {
  if (checksum(message) != 0 || message.size() < 8) {
    ++bad_checksums;
    return;
  }
  if (message[0] == std::byte{0}) echo_replies.emplace_back(message.begin() + 8, message.end());
  if (message[0] != std::byte{8}) return;
  std::vector<std::byte> reply(message.begin(), message.end());
  reply[0] = std::byte{0};
  put_be16(reply, 2, 0);
  put_be16(reply, 2, checksum(reply));
  send_ipv4(mac, address_, source, kIcmp, reply);
}

void FramePeer::send_echo_request(wire::Ipv4Address target, const wire::MacAddress& mac,
                                  ByteView payload) {
  std::vector<std::byte> message(8 + payload.size());
  message[0] = std::byte{8};
  std::copy(payload.begin(), payload.end(), message.begin() + 8);
  put_be16(message, 2, checksum(message));
  send_ipv4(mac, address_, target, kIcmp, message);
}

void FramePeer::send_unreachable(const wire::MacAddress& mac, wire::Ipv4Address target,
                                 std::uint8_t code, ByteView packet) {
  std::vector<std::byte> message(8);
  message[0] = std::byte{3};
  message[1] = std::byte{code};
  const ByteView quoted = packet.first(std::min<std::size_t>(packet.size(), 28));
  message.insert(message.end(), quoted.begin(), quoted.end());
  put_be16(message, 2, checksum(message));
  send_ipv4(mac, address_, target, kIcmp, message);
}

void FramePeer::send_ipv4(const wire::MacAddress& mac, wire::Ipv4Address source,
                          wire::Ipv4Address target, std::uint8_t protocol, ByteView payload,
                          std::uint16_t fragment) {
  std::vector<std::byte> frame(34 + payload.size());
  ByteWriter writer(frame);
  mac.write(writer);
  device_.mac().write(writer);
  writer.be16(0x0800);
  writer.be16(0x4500);
  writer.be16(static_cast<std::uint16_t>(20 + payload.size()));
  writer.be16(identification_);
  writer.be16(fragment);
  writer.u8(64);
  writer.u8(protocol);
  writer.be16(0);
  source.write(writer);
  target.write(writer);
  writer.bytes(payload);
  put_be16(frame, 24, checksum(ByteView(frame).subspan(14, 20)));
  send_raw(frame);
}

void FramePeer::send_udp_fragments(const wire::Endpoint& source, const wire::Endpoint& target,
                                   const wire::MacAddress& mac, ByteView payload,
                                   std::size_t fragment_bytes) {
  std::vector<std::byte> datagram(8 + payload.size());
  ByteWriter writer(datagram);
  writer.be16(source.port);
  writer.be16(target.port);
  writer.be16(static_cast<std::uint16_t>(datagram.size()));
  writer.be16(0);
  writer.bytes(payload);
  put_be16(datagram, 6,
           checksum(datagram,
                    pseudo_sum(source.address.v4(), target.address.v4(), kUdp, datagram.size())));
  ++identification_;
  for (std::size_t at = 0; at < datagram.size(); at += fragment_bytes) {
    const std::size_t count = std::min(fragment_bytes, datagram.size() - at);
    const bool more = at + count < datagram.size();
    if (!more && lose_last_fragment) return;
    send_ipv4(mac, source.address.v4(), target.address.v4(), kUdp,
              ByteView(datagram).subspan(at, count),
              static_cast<std::uint16_t>(at / 8 | (more ? 0x2000 : 0)));
  }
}

void FramePeer::send_udp(const wire::Endpoint& source, const wire::Endpoint& target,
                         const wire::MacAddress& mac, ByteView payload) {
  send_udp_fragments(source, target, mac, payload, 0xffff & ~std::size_t{7});
}

// --- TCP

FramePeer::Connection* FramePeer::find(std::uint16_t port) const {
  for (auto i = connections_.rbegin(); i != connections_.rend(); ++i) {
    if ((*i)->port == port) return i->get();
  }
  return nullptr;
}

std::string FramePeer::received(std::uint16_t port) const {
  const Connection* c = find(port);
  return c != nullptr ? c->received : "";
}
bool FramePeer::client_closed(std::uint16_t port) const {
  const Connection* c = find(port);
  return c != nullptr && c->client_fin;
}
bool FramePeer::client_reset(std::uint16_t port) const {
  const Connection* c = find(port);
  return c != nullptr && c->client_rst;
}
bool FramePeer::finished(std::uint16_t port) const {
  const Connection* c = find(port);
  return c != nullptr && c->client_fin && c->fin_wanted && c->acknowledged == c->end();
}

void FramePeer::accept(Connection& c, std::uint32_t sequence, ByteView options) {
  const TcpBehaviour& b = tcp.at(c.port);
  ByteReader reader(options);
  while (!reader.at_end() && reader.ok()) {
    const std::uint8_t kind = reader.u8();
    if (kind == 0) break;
    if (kind == 1) continue;
    const std::uint8_t length = reader.u8();
    ByteReader value = reader.sub(length >= 2 ? length - 2u : 0);
    if (kind == 2) announced_mss = value.be16();
    if (kind == 3 && b.window_scale) c.scale = value.u8();
  }
  c.expected = sequence + 1;
  std::vector<std::byte> reply(4 + (b.window_scale ? 4u : 0u) + (b.sack ? 4u : 0u));
  ByteWriter writer(reply);
  writer.u8(2);
  writer.u8(4);
  writer.be16(b.mss);
  if (b.window_scale) {
    writer.u8(1);
    writer.u8(3);
    writer.u8(3);
    writer.u8(kOurScale);
  }
  if (b.sack) writer.be32(0x01010402);
  send_tcp(c, c.first, kSyn | kAck, reply, {});
  c.arm();
}

void FramePeer::input_tcp(const wire::MacAddress& mac, wire::Ipv4Address source, ByteView packet,
                          ByteView segment) {
  ByteReader reader(segment);
  const std::uint16_t source_port = reader.be16();
  const std::uint16_t port = reader.be16();
  const std::uint32_t sequence = reader.be32();
  const std::uint32_t acknowledgement = reader.be32();
  const std::size_t header = (reader.u8() >> 4) * std::size_t{4};
  const std::uint8_t flags = reader.u8();
  const std::uint16_t window = reader.be16();
  reader.skip(4);
  if (!reader.ok() || header < 20 || header > segment.size()) return;
  const ByteView options = reader.bytes(header - 20);
  const ByteView payload = reader.rest();
  const wire::Endpoint client{source, source_port};

  Connection* c = nullptr;
  for (auto& known : connections_) {
    if (known->client == client && known->port == port && !known->dead) c = known.get();
  }
  if ((flags & kSyn) != 0) {
    ++syns;
    if (host_unreachable) return send_unreachable(mac, source, 1, packet);
    const auto behaviour = tcp.find(port);
    if (behaviour != tcp.end() && behaviour->second.silent) return;
    if (c == nullptr) {
      connections_.push_back(std::make_unique<Connection>(*this, mac, client, port));
      c = connections_.back().get();
      client_sequences.push_back(sequence);
    }
    c->expected = sequence + 1;
    if (behaviour == tcp.end() || behaviour->second.refuse) {
      c->dead = true;
      return send_tcp(*c, 0, kRst | kAck, {}, {});
    }
    return accept(*c, sequence, options);
  }
  if (c == nullptr) return;
  if ((flags & kRst) != 0) {
    c->client_rst = c->dead = true;
    return c->disarm();
  }
  const TcpBehaviour& b = tcp.at(port);
  if (b.mute_after != 0 && c->highest >= b.mute_after) return c->disarm();
  if ((flags & kAck) == 0) return;
  ++acknowledgements;
  for (std::size_t i = 0; i + 1 < options.size();) {
    const auto kind = std::to_integer<std::uint8_t>(options[i]);
    if (kind == 5) sack_blocks += (std::to_integer<std::uint8_t>(options[i + 1]) - 2) / 8;
    if (kind == 0) break;
    i += kind == 1 ? 1 : std::max<std::size_t>(2, std::to_integer<std::uint8_t>(options[i + 1]));
  }
  c->established = true;
  c->window = std::uint32_t{window} << c->scale;
  largest_window = std::max(largest_window, c->window);

  // What it says of our data.
  const std::uint64_t offset =
      c->acknowledged +
      static_cast<std::int32_t>(acknowledgement -
                                (c->first + 1 + static_cast<std::uint32_t>(c->acknowledged)));
  if (offset > c->acknowledged && offset <= c->highest) {
    c->acknowledged = offset;
    c->sent = std::max(c->sent, offset);
    c->duplicates = 0;
    c->timeouts = 0;
    if (offset < c->recovery) {
      send_segment(*c, offset, std::min<std::uint64_t>(b.mss, c->highest - offset), kAck);
    }
    if (c->acknowledged < c->highest)
      c->arm();
    else
      c->disarm();
  } else if (offset == c->acknowledged && payload.empty() && c->highest > offset) {
    if (++c->duplicates == kDuplicatesForResend) {
      c->recovery = c->highest;
      send_segment(*c, offset, std::min<std::uint64_t>(b.mss, c->highest - offset), kAck);
    }
  }

  // What it sends: in order only, and only what our window has room for.
  bool answer = !payload.empty() || (flags & kFin) != 0;
  if (sequence == c->expected) {
    const ByteView taken = payload.first(std::min<std::size_t>(payload.size(), b.window));
    c->received.append(as_text(taken));
    c->expected += static_cast<std::uint32_t>(taken.size());
    if ((flags & kFin) != 0 && taken.size() == payload.size()) {
      ++c->expected;
      c->client_fin = true;
      if (b.close_on_close) c->fin_wanted = true;
    }
  }
  if (c->received.size() >= b.wait_for) pump(*c);
  if (answer) send_tcp(*c, c->first + 1 + static_cast<std::uint32_t>(c->sent), kAck, {}, {});
}

void FramePeer::pump(Connection& c) {
  const TcpBehaviour& b = tcp.at(c.port);
  if (c.dead || c.received.size() < b.wait_for) return;
  if (b.close_after) c.fin_wanted = true;
  const std::uint64_t limit = c.acknowledged + std::min<std::uint64_t>(c.window, b.in_flight_max);
  while (c.sent < c.end() && c.sent < limit) {
    if (b.reset_after != 0 && c.sent >= b.reset_after) {
      c.dead = true;
      c.disarm();
      return send_tcp(c, c.first + 1 + static_cast<std::uint32_t>(c.sent), kRst | kAck, {}, {});
    }
    if (b.mute_after != 0 && c.sent >= b.mute_after) return c.disarm();
    const std::uint64_t count = std::min<std::uint64_t>({b.mss, c.end() - c.sent, limit - c.sent});
    send_segment(c, c.sent, count, kAck);
    c.sent += count;
  }
}

// The FIN takes the place of a byte behind the data.
void FramePeer::send_segment(Connection& c, std::uint64_t offset, std::size_t count,
                             std::uint8_t flags) {
  const TcpBehaviour& b = tcp.at(c.port);
  const std::uint64_t data_end = b.send_bytes;
  if (offset < c.highest) ++retransmissions;
  c.highest = std::max(c.highest, offset + count);
  std::vector<std::byte> payload(
      offset < data_end ? std::min<std::uint64_t>(count, data_end - offset) : 0);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    const std::uint64_t at = offset + i;
    payload[i] = at < b.text.size() ? static_cast<std::byte>(b.text[at]) : pattern_byte(at);
  }
  if (offset + count > data_end) flags |= kFin;
  if (offset + count == data_end) flags |= kPsh;
  send_tcp(c, c.first + 1 + static_cast<std::uint32_t>(offset), flags, {}, payload);
  c.arm();
}

void FramePeer::announce_window(std::uint16_t port) {
  if (Connection* c = find(port)) {
    send_tcp(*c, c->first + 1 + static_cast<std::uint32_t>(c->sent), kAck, {}, {});
  }
}

void FramePeer::send_tcp(Connection& c, std::uint32_t sequence, std::uint8_t flags,
                         ByteView options, ByteView payload) {
  std::vector<std::byte> segment(20 + options.size() + payload.size());
  ByteWriter writer(segment);
  writer.be16(c.port);
  writer.be16(c.client.port);
  writer.be32(sequence);
  writer.be32(c.expected);
  writer.u8(static_cast<std::uint8_t>((20 + options.size()) / 4 << 4));
  writer.u8(flags);
  const auto behaviour = tcp.find(c.port);
  writer.be16(behaviour != tcp.end() ? behaviour->second.window : 0);
  writer.be32(0);
  writer.bytes(options);
  writer.bytes(payload);
  put_be16(segment, 16,
           checksum(segment, pseudo_sum(address_, c.client.address.v4(), kTcp, segment.size())));
  ++identification_;
  send_ipv4(c.mac, address_, c.client.address.v4(), kTcp, segment);
}

}  // namespace kedge::sim
