// SPDX-License-Identifier: BSD-2-Clause-Patent
// Boot server discovery (PXE 2.1, 2.4.4): multicast, broadcast, then the listed servers in turn.
#include <algorithm>

#include "async/wait.h"
#include "client/dhcp/dhcp_client.h"
#include "client/dhcp/dhcp_errors.h"

namespace kedge::client {
namespace {

using Step = DhcpProgress::Step;

constexpr unsigned kTriesPerTarget = 2;
constexpr Duration kFirstWait = Duration::seconds(1);

/// The entry of the boot server list for a type.
std::optional<wire::PxeBootServer> listed(const wire::PxeOptions& options, std::uint16_t type) {
  wire::PxeBootServerReader reader(options.boot_servers);
  while (const auto server = reader.next()) {
    if (server->type == type) return server;
  }
  return std::nullopt;
}

std::vector<wire::Endpoint> targets_for(const wire::PxeOptions& options, std::uint16_t type) {
  std::vector<wire::Endpoint> targets;
  const wire::PxeDiscoveryControl control = options.control.value_or(wire::PxeDiscoveryControl());
  if (options.multicast && options.multicast->is_multicast() && !control.multicast_disabled()) {
    targets.push_back({*options.multicast, wire::kPxePort});
  }
  if (!control.broadcast_disabled()) {
    targets.push_back({wire::Ipv4Address::broadcast(), wire::kDhcpServerPort});
  }
  const auto entry = listed(options, type);
  for (std::size_t i = 0; entry && i < entry->address_count(); ++i) {
    if (entry->address(i).is_usable_host()) targets.push_back({entry->address(i), wire::kPxePort});
  }
  return targets;
}

bool acceptable(const DhcpPacket& reply, wire::Ipv4Address server, wire::PxeBootItem item,
                const wire::PxeOptions& options) {
  const auto type = reply.type();
  if (type != wire::DhcpMessageType::ack && type != wire::DhcpMessageType::offer) return false;
  const auto encapsulated = reply.option(wire::dhcp_option::kVendorEncapsulated);
  if (!encapsulated) return false;
  const auto answer = wire::PxeOptions::parse(*encapsulated);
  if (!answer || !answer->item || answer->item->type != item.type) return false;
  if (!options.control || !options.control->listed_servers_only()) return true;
  const auto entry = listed(options, item.type);
  for (std::size_t i = 0; entry && i < entry->address_count(); ++i) {
    if (entry->address(i) == server) return true;
  }
  return false;
}

}  // namespace

async::Task<Result<void>> DhcpClient::find_boot_server(DhcpLease& lease,
                                                       wire::PxeBootItem item) noexcept {
  const DhcpPacket* menu = lease.pxe_packet();
  if (menu == nullptr) co_return fail(err::dhcp_no_boot_server);
  KEDGE_CO_TRY(const wire::PxeOptions options,
               wire::PxeOptions::parse(*menu->option(wire::dhcp_option::kVendorEncapsulated)));
  const std::vector<wire::Endpoint> targets = targets_for(options, item.type);
  if (targets.empty()) co_return fail(err::dhcp_no_boot_server, item.type);
  if (identity_.mac.is_zero()) identity_.mac = interface_.device().mac();
  KEDGE_CO_CHECK(open_socket());
  transaction_ = stack_.entropy().u32();
  DhcpRequest request;
  request.type = wire::DhcpMessageType::request;
  request.transaction = transaction_;
  request.client = lease.address.address;
  request.boot_item = item;
  const Result<void> outcome = co_await ask_boot_servers(targets, request, options);
  socket_.reset();
  if (!outcome) co_return outcome.error();
  report({.step = Step::boot_server_answered, .server = reply_server_});
  lease.set_boot_server(std::move(reply_));
  co_return Result<void>();
}

async::Task<Result<void>> DhcpClient::ask_boot_servers(const std::vector<wire::Endpoint>& targets,
                                                       const DhcpRequest& request,
                                                       const wire::PxeOptions& options) noexcept {
  const auto attempts = static_cast<unsigned>(targets.size()) * kTriesPerTarget;
  for (unsigned attempt = 0; attempt < attempts; ++attempt) {
    const wire::Endpoint& target = targets[attempt / kTriesPerTarget];
    report({.step = Step::boot_server_request_sent,
            .attempt = attempt + 1,
            .attempts = attempts,
            .server = target.address.v4()});
    (void)send(request, target);  // what cannot be sent is like what is lost
    const Instant now = co_await async::current_time();
    const Instant until = now + kFirstWait * (attempt % kTriesPerTarget + 1);
    for (;;) {
      const Result<void> received = co_await receive(until, PortUnreachable::ends_wait);
      if (!received && received.error() == err::async_cancelled) co_return received.error();
      if (!received) break;
      if (acceptable(reply_, reply_server_, *request.boot_item, options)) {
        co_return Result<void>();
      }
    }
  }
  co_return fail(err::dhcp_boot_server_silent);
}

}  // namespace kedge::client
