// SPDX-License-Identifier: BSD-2-Clause-Patent
// PxeBackend: what PXE Base Code needs of a network. PxeStackBackend is the real one.
//
// Every call blocks its caller until the operation has ended; none waits without a limit.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/time.h"
#include "client/sink.h"
#include "client/tftp/tftp_multicast.h"
#include "net/stack.h"

namespace kedge::uefi {

/// Follows an operation and may end it: the started image's callback. It may do what it wants, even
/// leave by gBS->Exit, so it is called only where the backend has nothing half done.
class PxeWatch {
 public:
  enum class Direction : bool { sent, received };
  /// A packet is sent, or was received: remembered, to be told. Callable anywhere.
  virtual void packet(Direction direction, ByteView packet) noexcept = 0;
  /// Tells the callback of the packets. False: the operation is to end.
  virtual bool tell() noexcept = 0;
  /// The same, and that time passes. False: the operation is to end.
  virtual bool waiting() noexcept = 0;

 protected:
  ~PxeWatch() = default;
};

/// An address and the packets that brought it: DHCP messages as they were on the wire, empty when
/// there were none.
struct PxeLease {
  net::Ipv4Configuration configuration;
  std::vector<std::byte> discover;
  std::vector<std::byte> ack;
  std::vector<std::byte> proxy_offer;
  std::vector<std::byte> boot_server_request;
  std::vector<std::byte> boot_server_reply;
};

/// Which boot server to look for (PXE 2.1, 2.4.4), in which ways.
struct PxeSearch {
  std::uint16_t type = 0;
  std::uint16_t layer = 0;
  wire::Ipv4Address multicast;  ///< the group; 0.0.0.0: not by multicast
  bool broadcast = false;
  std::vector<wire::Ipv4Address> servers;  ///< asked one by one
  /// When not empty, answers of other servers do not count.
  std::vector<wire::Ipv4Address> accepted;
};

struct PxeSearchResult {
  std::vector<std::byte> request;
  std::vector<std::byte> reply;
};

/// A file of a TFTP server, or at any URI that the clients know.
struct PxeFile {
  wire::Ipv4Address server;
  std::string name;               ///< of the file or directory, or an absolute URI
  std::uint16_t block_bytes = 0;  ///< of TFTP; 0: what is fastest
  bool directory = false;         ///< its listing
  wire::Ipv4Address group;        ///< MTFTP: where the server sends to; 0.0.0.0: one to one
  client::TftpGroup session;      ///< with it
};

/// What a server said when it refused.
struct PxeServerError {
  std::uint16_t code = 0;  ///< of TFTP
  std::string text;
};

struct PxeDatagram {
  wire::Ipv4Address source;
  std::uint16_t source_port = 0;
  wire::Ipv4Address destination;
  std::uint16_t destination_port = 0;
  ByteView payload;    ///< valid until the next call
  bool again = false;  ///< was given back by unread()
};

struct PxeUdpTarget {
  wire::Ipv4Address address;
  std::uint16_t port = 0;
  std::uint16_t source_port = 0;  ///< 0: the backend chooses
  std::uint8_t time_to_live = 0;
  std::uint8_t type_of_service = 0;
};

class PxeBackend {
 public:
  /// A server that this machine's UUID could be told to needs it.
  virtual bool has_uuid() const noexcept = 0;
  virtual wire::MacAddress mac() const noexcept = 0;
  virtual std::uint16_t mtu() const noexcept = 0;

  /// Errors: those of client::DhcpClient, pxe_aborted.
  virtual Result<PxeLease> dhcp(PxeWatch& watch) noexcept = 0;
  /// Errors: those of client::DhcpClient, pxe_aborted.
  virtual Result<PxeSearchResult> discover(const PxeSearch& search, PxeWatch& watch) noexcept = 0;
  /// Errors: net_bad_address, net_closed.
  virtual Result<void> configure(const net::Ipv4Configuration& configuration) noexcept = 0;

  /// Errors: those of the clients and of the sink, pxe_aborted. `refusal` is set when a server
  /// answered that it will not.
  virtual Result<void> read(const PxeFile& file, client::Sink& sink, PxeWatch& watch,
                            std::optional<PxeServerError>& refusal) noexcept = 0;
  virtual Result<void> write(const PxeFile& file, ByteView content, PxeWatch& watch,
                             std::optional<PxeServerError>& refusal) noexcept = 0;

  /// Sends one datagram, `payload` in pieces. Returns the source port. Errors: net_*.
  virtual Result<std::uint16_t> send(const PxeUdpTarget& target,
                                     std::span<const ByteView> payload) noexcept = 0;
  /// The next datagram to `port` (0: to any; from the first such call on, until close_ports(), all
  /// that nobody else takes are kept) that `accept` wants; others are dropped. Errors:
  /// async_timed_out after `timeout`, net_refused, pxe_aborted.
  virtual Result<PxeDatagram> receive(std::uint16_t port, Duration timeout,
                                      FunctionRef<bool(const PxeDatagram&)> accept,
                                      PxeWatch& watch) noexcept = 0;
  /// The datagram that receive() has returned last is the next one again, if that call wants it.
  virtual void unread(const PxeDatagram& datagram) noexcept = 0;
  /// What the interface lets in, and what it does by itself.
  virtual void set_mode(const net::InterfaceMode& mode) noexcept = 0;
  /// Asks whatever the mode. Errors: net_no_neighbour, pxe_aborted.
  virtual Result<wire::MacAddress> find_neighbour(wire::Ipv4Address address, Duration timeout,
                                                  PxeWatch& watch) noexcept = 0;
  /// Closes all UDP ports.
  virtual void close_ports() noexcept = 0;

 protected:
  ~PxeBackend() = default;
};

}  // namespace kedge::uefi
