// SPDX-License-Identifier: BSD-2-Clause-Patent
// PxeStackBackend: PXE Base Code's network on our own stack. Each call runs the loop until its
// operation has ended; the loop must not be running.
//
// What an image that was started wants to wait for is its own business: keys are not looked at,
// only its callback ends an operation early. Every operation has a deadline of its own.
//
// The stack works at TPL_CALLBACK, turn by turn, so that a timer of the image that uses Simple
// Network, which may not be used above that level (UEFI 2.10, table 7.1), finds nothing half done.
// Between two turns the level is the caller's, and there its callback is called. It may leave by
// gBS->Exit: what runs then, and all it refers to, is ours, and ends with us.
#pragma once

#include <memory>

#include "async/task.h"
#include "client/dhcp/dhcp_client.h"
#include "client/fetch.h"
#include "link/shared_device.h"
#include "uefi/firmware.h"
#include "uefi/pxe_backend.h"

namespace kedge::uefi {

/// What a lease means to PXE Base Code.
PxeLease pxe_lease(const client::DhcpLease& lease, const net::Ipv4Configuration& configuration);

class PxeStackBackend final : public PxeBackend {
 public:
  /// UDP ports that are open at a time. The one not used for longest gives way.
  static constexpr std::size_t kPortsMax = 8;
  /// How often the image's callback is told that time passes.
  static constexpr Duration kTellEvery = Duration::milliseconds(100);
  /// A server that is silent for so long is given up (UEFI 2.10, 24.3 Mtftp: "up to 10 seconds").
  static constexpr Duration kSilenceMax = Duration::seconds(10);

  struct Setup {
    const Firmware& firmware;
    async::Loop& loop;
    net::Stack& stack;
    net::Interface& interface;
    link::SharedDevice& shared;  ///< the interface's device is its host
    client::DhcpIdentity identity;
    client::FetchOptions options;
    /// How files of multicast sessions are read. nullptr: one to one.
    decltype(&client::tftp_get_from_group) read_group = nullptr;
  };
  /// What setup refers to must outlive it.
  explicit PxeStackBackend(Setup setup) noexcept;
  ~PxeStackBackend();

  /// The lease that the image got for itself; empty when it did not ask.
  std::optional<client::DhcpLease>& new_lease() noexcept { return new_lease_; }

  bool has_uuid() const noexcept override { return setup_.identity.uuid.has_value(); }
  wire::MacAddress mac() const noexcept override { return setup_.interface.device().mac(); }
  std::uint16_t mtu() const noexcept override { return setup_.interface.device().mtu(); }
  Result<PxeLease> dhcp(PxeWatch& watch) noexcept override;
  Result<PxeSearchResult> discover(const PxeSearch& search, PxeWatch& watch) noexcept override;
  Result<void> configure(const net::Ipv4Configuration& configuration) noexcept override;
  Result<void> read(const PxeFile& file, client::Sink& sink, PxeWatch& watch,
                    std::optional<PxeServerError>& refusal) noexcept override;
  Result<void> write(const PxeFile& file, ByteView content, PxeWatch& watch,
                     std::optional<PxeServerError>& refusal) noexcept override;
  Result<std::uint16_t> send(const PxeUdpTarget& target,
                             std::span<const ByteView> payload) noexcept override;
  Result<PxeDatagram> receive(std::uint16_t port, Duration timeout,
                              FunctionRef<bool(const PxeDatagram&)> accept,
                              PxeWatch& watch) noexcept override;
  Result<wire::MacAddress> find_neighbour(wire::Ipv4Address address, Duration timeout,
                                          PxeWatch& watch) noexcept override;
  void unread(const PxeDatagram& datagram) noexcept override { unread_ = datagram; }
  void set_mode(const net::InterfaceMode& mode) noexcept override;
  void close_ports() noexcept override;

 private:
  struct Port {
    std::uint16_t number = 0;
    std::uint8_t time_to_live = 0;
    std::uint8_t type_of_service = 0;
    std::unique_ptr<net::UdpSocket> socket;
  };
  class Works;
  class Work;
  class Ended;
  template <class T>
  struct Running;

  /// Runs the task of work_ to its end.
  template <class T>
  Result<T> run(async::Task<Result<T>> task) noexcept;
  /// A new work_.
  Work& begin(PxeWatch& watch) noexcept;
  Result<PxeLease> take_lease(client::DhcpLease lease) noexcept;
  /// The port's entry, the most recently used one then. 0: a new one.
  Result<Port*> open_port(const PxeUdpTarget& wanted) noexcept;
  Result<void> read_from_group(const PxeFile& file, Work& work) noexcept;
  Result<void> open_for_reading(std::uint16_t port) noexcept;
  async::Task<Result<PxeDatagram>> receive_on(
      std::uint16_t port, Instant deadline, FunctionRef<bool(const PxeDatagram&)> accept) noexcept;
  Result<wire::Uri> uri_of(const PxeFile& file) const noexcept;

  Setup setup_;
  client::Fetcher fetcher_;
  std::vector<Port> ports_;                      // the least recently used first
  std::unique_ptr<net::UdpSocket> other_ports_;  // once somebody has read from any
  std::unique_ptr<std::byte[]> payload_;         // of what was received
  std::optional<PxeDatagram> unread_;
  std::optional<client::DhcpLease> new_lease_;
  std::unique_ptr<Work> work_;  // the operation that runs, or that a callback has left
};

}  // namespace kedge::uefi
