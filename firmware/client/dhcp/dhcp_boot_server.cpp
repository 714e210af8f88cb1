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

/// What the server's PXE options allow and name.
BootServerSearch search_in(const wire::PxeOptions& options, wire::PxeBootItem item) {
  BootServerSearch search;
  search.item = item;
  const wire::PxeDiscoveryControl control = options.control.value_or(wire::PxeDiscoveryControl());
  if (options.multicast && !control.multicast_disabled()) search.multicast = *options.multicast;
  search.broadcast = !control.broadcast_disabled();
  const auto entry = listed(options, item.type);
  for (std::size_t i = 0; entry && i < entry->address_count(); ++i) {
    if (entry->address(i).is_usable_host()) search.servers.push_back(entry->address(i));
  }
  if (!control.listed_servers_only()) return search;
  search.accepted = search.servers;
  // An empty list accepts nobody, which is not the same as no list.
  if (search.accepted.empty()) search.accepted.push_back(wire::Ipv4Address::any());
  return search;
}

std::vector<wire::Endpoint> targets_of(const BootServerSearch& search) {
  std::vector<wire::Endpoint> targets;
  if (search.multicast.is_multicast()) targets.push_back({search.multicast, wire::kPxePort});
  if (search.broadcast) {
    targets.push_back({wire::Ipv4Address::broadcast(), wire::kDhcpServerPort});
  }
  for (const wire::Ipv4Address server : search.servers) targets.push_back({server, wire::kPxePort});
  return targets;
}

bool acceptable(const DhcpPacket& reply, wire::Ipv4Address server, const BootServerSearch& search) {
  const auto type = reply.type();
  if (type != wire::DhcpMessageType::ack && type != wire::DhcpMessageType::offer) return false;
  const auto encapsulated = reply.option(wire::dhcp_option::kVendorEncapsulated);
  if (!encapsulated) return false;
  const auto answer = wire::PxeOptions::parse(*encapsulated);
  if (!answer || !answer->item || answer->item->type != search.item.type) return false;
  return search.accepted.empty() ||
         std::ranges::find(search.accepted, server) != search.accepted.end();
}

}  // namespace

async::Task<Result<void>> DhcpClient::find_boot_server(DhcpLease& lease,
                                                       wire::PxeBootItem item) noexcept {
  const DhcpPacket* menu = lease.pxe_packet();
  if (menu == nullptr) co_return fail(err::dhcp_no_boot_server);
  KEDGE_CO_TRY(const wire::PxeOptions options,
               wire::PxeOptions::parse(*menu->option(wire::dhcp_option::kVendorEncapsulated)));
  const BootServerSearch search = search_in(options, item);
  KEDGE_CO_TRY(BootServerAnswer answer, co_await find_boot_server(search, lease.address.address));
  lease.set_boot_server(std::move(answer.reply));
  co_return Result<void>();
}

async::Task<Result<BootServerAnswer>> DhcpClient::find_boot_server(const BootServerSearch& search,
                                                                   wire::Ipv4Address own) noexcept {
  const std::vector<wire::Endpoint> targets = targets_of(search);
  if (targets.empty()) co_return fail(err::dhcp_no_boot_server, search.item.type);
  if (identity_.mac.is_zero()) identity_.mac = interface_.device().mac();
  KEDGE_CO_CHECK(open_socket());
  transaction_ = stack_.entropy().u32();
  DhcpRequest request;
  request.type = wire::DhcpMessageType::request;
  request.transaction = transaction_;
  request.client = own;
  request.boot_item = search.item;
  const Result<void> outcome = co_await ask_boot_servers(targets, request, search);
  socket_.reset();
  if (!outcome) co_return outcome.error();
  report({.step = Step::boot_server_answered, .server = reply_server_});
  BootServerAnswer answer;
  // All targets were sent the same.
  KEDGE_CO_TRY(const ByteView sent, write_dhcp_request(buffer_, identity_, request));
  answer.request.assign(sent.begin(), sent.end());
  answer.reply = std::move(reply_);
  co_return std::move(answer);
}

async::Task<Result<void>> DhcpClient::ask_boot_servers(const std::vector<wire::Endpoint>& targets,
                                                       const DhcpRequest& request,
                                                       const BootServerSearch& search) noexcept {
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
      if (acceptable(reply_, reply_server_, search)) co_return Result<void>();
    }
  }
  co_return fail(err::dhcp_boot_server_silent);
}

}  // namespace kedge::client
