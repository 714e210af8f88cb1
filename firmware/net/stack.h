// SPDX-License-Identifier: BSD-2-Clause-Patent
// Stack: what protocol clients see of the network. lwIP implements it; tests script it.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "link/device.h"
#include "net/stream.h"
#include "net/udp_socket.h"
#include "port/entropy.h"

namespace kedge::net {

struct Ipv4Route {
  wire::Ipv4Address network;
  std::uint8_t prefix_bits = 0;
  wire::Ipv4Address gateway;  ///< 0.0.0.0: on link
};

/// What an interface needs to speak IPv4.
struct Ipv4Configuration {
  wire::Ipv4Address address;
  std::uint8_t prefix_bits = 0;
  wire::Ipv4Address gateway;  ///< 0.0.0.0: none
  std::vector<Ipv4Route>
      routes;             ///< classless static routes (RFC 3442); when given they replace gateway
  std::uint16_t mtu = 0;  ///< 0: the device's
};

/// How an interface behaves beyond having an address.
struct InterfaceMode {
  static constexpr std::size_t kGroupsMax = 9;
  /// ARP requests leave when a packet needs an answer. False: only find_neighbour() asks, and what
  /// would need an answer fails with net_no_neighbour.
  bool asks_neighbours = true;
  bool promiscuous = false;  ///< takes frames to other machines, as far as the device gives them
  /// Multicast groups whose member it is (RFC 2236), 0.0.0.0 for none. Packets to others are taken,
  /// too, when they come.
  std::array<wire::Ipv4Address, kGroupsMax> groups{};
  friend bool operator==(const InterfaceMode&, const InterfaceMode&) noexcept = default;
};

/// What the stack counts beside link::Statistics.
struct InterfaceStatistics {
  std::uint64_t copied_frames = 0;  ///< small ones, and those that came while many were lent out
  std::uint64_t malformed_frames = 0;
  std::uint64_t no_memory = 0;         ///< received frames lost because the heap was full
  std::uint64_t transmit_delayed = 0;  ///< frames that waited for room in the transmit ring
  std::uint64_t transmit_dropped = 0;  ///< frames that were lost because too many waited
};

/// One network interface: a device with addresses. Named net0, net1, ...
class Interface {
 public:
  virtual ~Interface() = default;

  virtual std::string_view name() const noexcept = 0;
  virtual unsigned index() const noexcept = 0;
  virtual link::Device& device() noexcept = 0;
  virtual bool is_open() const noexcept = 0;
  /// Starts the device and attaches it to the stack. Idempotent.
  virtual Result<void> open() noexcept = 0;
  /// Drops addresses and routes, ends its sockets, stops the device. Idempotent.
  virtual void close() noexcept = 0;
  /// Waits until the link is up (or of unknown state); net_no_link when `deadline` passes.
  virtual async::Task<Result<void>> wait_link(Instant deadline) noexcept = 0;

  /// Errors: net_bad_address, net_closed (not open). Connections of the old address end.
  virtual Result<void> configure(const Ipv4Configuration& configuration) noexcept = 0;
  virtual void clear_ipv4() noexcept = 0;
  /// The current configuration; address 0.0.0.0 when there is none.
  virtual const Ipv4Configuration& ipv4() const noexcept = 0;
  /// The link address of a machine on this link. Errors: net_no_neighbour when nobody has answered
  /// until `deadline`, net_closed.
  virtual async::Task<Result<wire::MacAddress>> find_neighbour(wire::Ipv4Address address,
                                                               Instant deadline) noexcept = 0;
  /// Lasts until close().
  virtual void set_mode(const InterfaceMode& mode) noexcept = 0;
  virtual const InterfaceMode& mode() const noexcept = 0;
  virtual InterfaceStatistics statistics() const noexcept { return {}; }
};

struct UdpOptions {
  Interface* interface = nullptr;  ///< send and receive on this one only (DHCP); nullptr: any
  std::uint16_t local_port = 0;    ///< 0: a random one of 49152..65535
  bool any_port = false;           ///< receives what comes to ports that no other socket has
  bool broadcast = false;          ///< may send to and receive from broadcast addresses
  std::uint8_t time_to_live = 0;   ///< of what is sent; 0: the stack's own
  std::uint8_t type_of_service = 0;
};

class Stack {
 public:
  /// Errors: net_port_in_use.
  virtual Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) noexcept = 0;
  /// Connects by TCP. Errors: net_refused, net_unreachable, net_no_neighbour (nobody answers ARP),
  /// async_timed_out, async_cancelled.
  virtual async::Task<Result<std::unique_ptr<Stream>>> connect(wire::Endpoint target,
                                                               Instant deadline) noexcept = 0;
  /// DNS servers in the order in which they should be asked, and the domains to append.
  virtual void set_resolver(std::vector<wire::IpAddress> servers,
                            std::vector<std::string> search) noexcept = 0;
  /// The addresses of `name` (or the literal that it is), best first, at least one. Names need a
  /// net::Resolver; without one: net_no_resolver.
  virtual async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name,
                                                                    Instant deadline) noexcept = 0;
  virtual port::Entropy& entropy() noexcept = 0;

 protected:
  ~Stack() = default;
};

}  // namespace kedge::net
