// SPDX-License-Identifier: BSD-2-Clause-Patent
// DhcpClient: gets an IPv4 address and boot information (RFC 2131, PXE 2.1) for one interface.
//
//   state      sends                              leaves by
//   discover   DISCOVER, 1 s and doubling         best offer (see dhcp_offers.h) | tries used up
//   request    REQUEST to the offer's server      ACK -> configured | NAK, silence -> discover
//   again proxy      REQUEST to port 4011, if the offer  answer | silence: goes on without
//              of a PXE server names no boot file
//   bound
#pragma once

#include <memory>

#include "async/task.h"
#include "client/dhcp/dhcp_lease.h"
#include "client/dhcp/dhcp_offers.h"
#include "client/dhcp/dhcp_request.h"
#include "net/stack.h"

namespace kedge::client {

struct DhcpSettings {
  Duration link_wait = Duration::seconds(15);
  Duration discover_first = Duration::seconds(1);  ///< wait after the first DISCOVER; then doubled
  unsigned discover_tries = 4;
  Duration request_first = Duration::milliseconds(500);
  unsigned request_tries = 5;
  ProxyPolicy proxy = ProxyPolicy::automatic;
  /// How long after a DISCOVER a ProxyDHCP server may answer, where one may be expected: twice what
  /// the DHCP server took, but within these bounds.
  Duration proxy_window_min = Duration::milliseconds(500);
  Duration proxy_window_max = Duration::seconds(2);
  Duration proxy_request_first = Duration::milliseconds(500);
  unsigned proxy_request_tries = 3;
  /// New beginnings after a NAK or a silent server.
  unsigned restarts = 3;
  Duration restart_pause = Duration::seconds(1);
  bool broadcast = false;  ///< ask servers to broadcast their replies (RFC 2131 4.1)
};

/// A step that a person may want to see.
struct DhcpProgress {
  enum class Step : std::uint8_t {
    waiting_for_link,
    discover_sent,
    offered,
    proxy_offered,
    waiting_for_proxy,
    request_sent,
    refused,
    restarting,
    bound,
    proxy_request_sent,
    proxy_answered,
    proxy_silent,
    boot_server_request_sent,
    boot_server_answered,
  };
  Step step;
  unsigned attempt = 0;  ///< 1 is the first; only of the steps that send
  unsigned attempts = 0;
  wire::Ipv4Address server{};
  wire::Ipv4Address address{};  ///< offered or bound
};

/// A line such as "DHCP: DISCOVER sent, try 2 of 4".
void format_value(TextSink& sink, const DhcpProgress& progress) noexcept;

class DhcpObserver {
 public:
  virtual void dhcp_progress(const DhcpProgress& progress) noexcept = 0;
  /// A message that is about to be sent, or was received and is for us.
  virtual void dhcp_message(bool received, ByteView message) noexcept {
    (void)received;
    (void)message;
  }

 protected:
  ~DhcpObserver() = default;
};

/// Where to look for PXE boot servers, in this order, and which answers count.
struct BootServerSearch {
  wire::PxeBootItem item;
  wire::Ipv4Address multicast;  ///< the group; 0.0.0.0: not by multicast
  bool broadcast = false;
  std::vector<wire::Ipv4Address> servers;   ///< asked one by one
  std::vector<wire::Ipv4Address> accepted;  ///< when not empty, answers of others do not count
};

/// What was sent and what came back.
struct BootServerAnswer {
  std::vector<std::byte> request;
  DhcpPacket reply;
};

/// One acquisition at a time; lives until it has ended. The interface is opened and, when the lease
/// is there, configured; after a failure it has no address.
class DhcpClient {
 public:
  DhcpClient(net::Stack& stack, net::Interface& interface, DhcpIdentity identity,
             DhcpSettings settings = {}, DhcpObserver* observer = nullptr) noexcept
      : stack_(stack),
        interface_(interface),
        identity_(std::move(identity)),
        settings_(settings),
        observer_(observer) {}
  DhcpClient(const DhcpClient&) = delete;
  DhcpClient& operator=(const DhcpClient&) = delete;

  /// Errors: dhcp_*, net_no_link, what the interface cannot do, async_cancelled.
  async::Task<Result<DhcpLease>> acquire() noexcept;

  /// Asks the PXE boot servers of the lease's menu for `item` and adds the answer to the lease
  /// (PXE 2.1, 2.4.4). Errors: dhcp_no_boot_server, dhcp_boot_server_silent, wire_bad_pxe_options.
  async::Task<Result<void>> find_boot_server(DhcpLease& lease, wire::PxeBootItem item) noexcept;
  /// The same, for a client that has `own` as its address and knows where to look. `search` must
  /// outlive the task. Errors: dhcp_no_boot_server, dhcp_boot_server_silent.
  async::Task<Result<BootServerAnswer>> find_boot_server(const BootServerSearch& search,
                                                         wire::Ipv4Address own) noexcept;

  /// Tells the server that the address is free. Nothing answers; call before the interface closes.
  Result<void> release(const DhcpLease& lease) noexcept;

 private:
  enum class RequestOutcome : std::uint8_t { bound, refused, silent };
  enum class PortUnreachable : std::uint8_t { ignored, ends_wait };

  async::Task<Result<void>> run(DhcpLease& lease) noexcept;
  async::Task<Result<void>> finish(const DhcpOffers& offers, DhcpLease& lease) noexcept;
  async::Task<Result<void>> wait_link() noexcept;
  async::Task<Result<void>> discover(DhcpOffers& offers) noexcept;
  async::Task<Result<void>> collect(DhcpOffers& offers, Instant until, Instant& settled) noexcept;
  async::Task<Result<RequestOutcome>> request(DhcpOffers& offers) noexcept;
  async::Task<Result<RequestOutcome>> await_verdict(DhcpOffers& offers, Instant until) noexcept;
  /// Leaves `answer` empty when the server is silent.
  async::Task<Result<void>> ask_proxy(wire::Ipv4Address server, wire::Ipv4Address own,
                                      std::optional<DhcpPacket>& answer) noexcept;
  async::Task<Result<void>> ask_boot_servers(const std::vector<wire::Endpoint>& targets,
                                             const DhcpRequest& request,
                                             const BootServerSearch& search) noexcept;
  /// Waits for the next reply to us and puts it into reply_ and reply_server_.
  async::Task<Result<void>> receive(Instant until,
                                    PortUnreachable reaction = PortUnreachable::ignored) noexcept;

  Result<void> open_socket() noexcept;
  Result<void> send(const DhcpRequest& request, const wire::Endpoint& target) noexcept;
  Result<void> send_discover(unsigned attempt) noexcept;
  bool take_reply(const net::Datagram& datagram) noexcept;
  void consider(DhcpOffers& offers, Instant now, Instant& settled) noexcept;
  Error discovery_failure(const DhcpOffers& offers) const noexcept;
  std::optional<wire::Ipv4Address> proxy_to_ask(const DhcpOffers& offers,
                                                const DhcpLease& lease) const noexcept;
  void report(DhcpProgress progress) noexcept {
    if (observer_ != nullptr) observer_->dhcp_progress(progress);
  }

  net::Stack& stack_;
  net::Interface& interface_;
  DhcpIdentity identity_;
  DhcpSettings settings_;
  DhcpObserver* observer_;
  std::unique_ptr<net::UdpSocket> socket_;
  std::array<std::byte, wire::kDhcpRequestMax> buffer_;
  DhcpPacket reply_;
  wire::Ipv4Address reply_server_;   // server identifier of reply_, or where it came from
  std::vector<std::byte> discover_;  // the last one sent
  std::uint32_t transaction_ = 0;
  std::uint16_t seconds_ = 0;
  Instant started_;
  Instant discover_sent_;
  std::optional<Error> send_error_;  // of the last DISCOVER
};

}  // namespace kedge::client
