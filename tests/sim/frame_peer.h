// SPDX-License-Identifier: BSD-2-Clause-Patent
// FramePeer: a scripted machine at the other end of a wire, at the level of frames.
//
// Answers ARP and ping, hands UDP datagrams to a function of the test, and serves TCP with
// behaviour that the test chooses. Independent of lwIP, so that both are not wrong in the same way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.h"
#include "link/device.h"
#include "wire/ip.h"
#include "wire/mac.h"

namespace kedge::sim {

/// The byte at `offset` of every long test transfer: never the same for long, cheap to check.
constexpr std::byte pattern_byte(std::uint64_t offset) {
  return static_cast<std::byte>((offset * 2654435761u + (offset >> 20)) >> 13);
}

/// What the TCP server of one port does.
struct TcpBehaviour {
  bool silent = false;            ///< does not answer SYNs
  bool refuse = false;            ///< answers SYNs by RST
  std::uint64_t send_bytes = 0;   ///< pattern bytes to send
  std::string text;               ///< in place of the first of them
  std::uint64_t wait_for = 0;     ///< bytes that must have come before it sends
  bool close_after = true;        ///< FIN behind the data
  bool close_on_close = true;     ///< FIN in answer to the client's
  std::uint64_t reset_after = 0;  ///< RST after that many bytes were sent; 0: never
  std::uint64_t mute_after = 0;   ///< stops speaking after that many bytes were sent; 0: never
  std::uint16_t mss = 1460;
  std::uint32_t in_flight_max = 256 * 1024;
  std::uint16_t window = 0xffff;  ///< for the client's data, may be changed during the test
  bool sack = true;
  bool window_scale = true;  ///< takes part in RFC 7323 scaling; without, windows end at 64 KiB
};

class FramePeer final : private async::Poller, private link::Receiver {
 public:
  struct Udp {
    wire::Endpoint source;
    wire::Endpoint destination;
    wire::MacAddress source_mac;
    ByteView payload;
  };

  FramePeer(async::Loop& loop, link::Device& device, wire::Ipv4Address address);
  ~FramePeer();

  /// Sees each datagram to us or to a broadcast address. Without one: ICMP port unreachable.
  std::function<void(const Udp&)> on_udp;
  std::function<void(ByteView)> on_frame;  ///< sees every frame first
  bool answer_arp = true;
  bool lose_last_fragment = false;
  bool host_unreachable = false;              ///< answers every SYN by ICMP host unreachable
  std::map<std::uint16_t, TcpBehaviour> tcp;  ///< by port; others refuse

  void send_udp(const wire::Endpoint& source, const wire::Endpoint& target,
                const wire::MacAddress& target_mac, ByteView payload);
  /// The same in IP fragments of at most `fragment_bytes` of payload, a multiple of 8.
  void send_udp_fragments(const wire::Endpoint& source, const wire::Endpoint& target,
                          const wire::MacAddress& target_mac, ByteView payload,
                          std::size_t fragment_bytes);
  void send_echo_request(wire::Ipv4Address target, const wire::MacAddress& target_mac,
                         ByteView payload);
  void send_raw(ByteView frame);
  /// Tells the client that the window has changed.
  void announce_window(std::uint16_t port);

  // What was seen.
  std::vector<std::vector<std::byte>> echo_replies;
  std::string received(std::uint16_t port) const;  ///< bytes that the last client of `port` sent
  bool client_closed(std::uint16_t port) const;    ///< FIN came
  bool client_reset(std::uint16_t port) const;     ///< RST came
  bool finished(std::uint16_t port) const;         ///< both directions ended and acknowledged
  unsigned syns = 0;
  unsigned bad_checksums = 0;
  unsigned partial_checksums = 0;  ///< right ones, left to the hardware
  unsigned acknowledgements = 0;
  unsigned sack_blocks = 0;
  unsigned retransmissions = 0;
  std::uint32_t largest_window = 0;  ///< that a client announced, scaled
  std::uint16_t announced_mss = 0;
  std::vector<std::uint32_t> client_sequences;  ///< initial sequence numbers

 private:
  struct Connection;
  class Retransmit;

  bool poll() noexcept override;
  void receive(link::Frame frame) noexcept override;
  void input_arp(ByteReader reader);
  void input_ipv4(const wire::MacAddress& source, ByteView packet, bool partial);
  void input_icmp(const wire::MacAddress& mac, wire::Ipv4Address source, ByteView message);
  void input_tcp(const wire::MacAddress& mac, wire::Ipv4Address source, ByteView packet,
                 ByteView segment);
  void accept(Connection& connection, std::uint32_t sequence, ByteView options);
  void pump(Connection& connection);
  void send_segment(Connection& connection, std::uint64_t offset, std::size_t count,
                    std::uint8_t flags);
  void send_tcp(Connection& connection, std::uint32_t sequence, std::uint8_t flags,
                ByteView options, ByteView payload);
  void send_unreachable(const wire::MacAddress& mac, wire::Ipv4Address target, std::uint8_t code,
                        ByteView packet);
  void send_ipv4(const wire::MacAddress& mac, wire::Ipv4Address source, wire::Ipv4Address target,
                 std::uint8_t protocol, ByteView payload, std::uint16_t fragment = 0);
  Connection* find(std::uint16_t port) const;

  async::Loop& loop_;
  link::Device& device_;
  wire::Ipv4Address address_;
  std::uint16_t identification_ = 1;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace kedge::sim
