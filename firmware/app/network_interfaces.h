// SPDX-License-Identifier: BSD-2-Clause-Patent
// NetworkInterfaces: what scripts may do with NICs, on the stack; DHCP and the settings it yields.
#pragma once

#include <memory>
#include <vector>

#include "app/interface_slot.h"
#include "client/dhcp/dhcp_client.h"
#include "script/environment.h"

namespace kedge::app {

/// What all interfaces say of this machine to a DHCP server.
struct MachineIdentity {
  client::DhcpArchitecture architecture = client::DhcpArchitecture::x64_uefi;
  std::optional<std::array<std::uint8_t, 16>> uuid;  ///< SMBIOS, in its own byte order
};

class NetworkInterfaces final : public script::Interfaces {
 public:
  static constexpr Duration kLinkWait = Duration::seconds(15);
  static constexpr Duration kResolveTimeout = Duration::seconds(20);

  NetworkInterfaces(net::Stack& stack, script::SettingsTree& settings, port::Console& console,
                    MachineIdentity identity) noexcept;
  ~NetworkInterfaces();

  /// Adds the next interface, with what is known of its NIC.
  void add(net::Interface& interface, NicFacts facts) noexcept;
  /// A lease that the firmware already has for the NIC with this address: the first configuration
  /// uses it instead of asking again.
  void offer_cached_lease(const wire::MacAddress& mac, client::DhcpLease lease) noexcept;
  /// Closes everything and forgets all leases, before the NICs go back to the firmware.
  void close_all() noexcept;
  InterfaceSlot& slot(std::size_t index) noexcept { return *slots_[index]; }
  /// The interface that boots: the one with the latest lease, else the first with an address.
  InterfaceSlot* booting() noexcept;
  /// Makes a lease the slot's own; its address must be configured already.
  void use_lease(InterfaceSlot& slot, client::DhcpLease lease) noexcept;
  /// What a DHCP server is told of the machine by the slot's interface.
  client::DhcpIdentity identity_of(InterfaceSlot& slot) noexcept;

  std::size_t count() noexcept override { return slots_.size(); }
  script::InterfaceInfo describe(std::size_t index) noexcept override;
  async::Task<Result<void>> open(std::size_t index) noexcept override;
  void close(std::size_t index) noexcept override;
  async::Task<Result<void>> wait_link(std::size_t index,
                                      std::optional<Duration> timeout) noexcept override;
  async::Task<Result<void>> configure(std::size_t index,
                                      script::ConfigureRequest request) noexcept override;
  std::vector<std::string> routes() noexcept override;
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name) noexcept override;

 private:
  Result<void> open_now(InterfaceSlot& slot) noexcept;
  async::Task<Result<void>> obtain_address(InterfaceSlot& slot,
                                           std::optional<Duration> timeout) noexcept;
  async::Task<Result<void>> run_dhcp(InterfaceSlot& slot, std::optional<Duration> timeout) noexcept;
  /// Makes the slot's lease the one that proxydhcp, pxebs and the resolver speak for.
  void lead(InterfaceSlot& slot) noexcept;
  void forget_lease(InterfaceSlot& slot) noexcept;
  void announce(const InterfaceSlot& slot, std::string_view source) noexcept;
  void set_facts(InterfaceSlot& slot) noexcept;

  net::Stack& stack_;
  script::SettingsTree& settings_;
  port::Console& console_;
  MachineIdentity identity_;
  std::vector<std::unique_ptr<InterfaceSlot>> slots_;
  // Shared by all interfaces, as scripts know them: of the leader's lease.
  script::StoredBlock proxydhcp_{"proxydhcp"};
  script::StoredBlock pxebs_{"pxebs"};
  const InterfaceSlot* leader_ = nullptr;
  std::optional<wire::MacAddress> cached_mac_;
  std::optional<client::DhcpLease> cached_lease_;
};

}  // namespace kedge::app
