// SPDX-License-Identifier: BSD-2-Clause-Patent
// InterfaceSlot: one network interface of the application with its settings and its lease.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/dhcp/dhcp_lease.h"
#include "net/stack.h"
#include "script/settings.h"
#include "wire/vlan.h"

namespace kedge::app {

/// What is known of a NIC beside what its driver says.
struct NicFacts {
  std::string bus;  ///< "0000:00:03.0"; empty when unknown
  std::optional<std::uint16_t> vendor;
  std::optional<std::uint16_t> device;
  wire::VlanTag vlan{};
};

struct InterfaceSlot {
  InterfaceSlot(net::Interface& network_interface, NicFacts nic_facts)
      : interface(network_interface),
        facts(std::move(nic_facts)),
        settings(std::string(network_interface.name())) {}

  net::Interface& interface;
  NicFacts facts;
  script::InterfaceBlock settings;
  script::StoredBlock dhcp{"dhcp"};
  std::optional<client::DhcpLease> lease;
};

}  // namespace kedge::app
