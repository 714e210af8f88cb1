// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/launch.h"

#include "uefi/file.h"
#include "wire/uri.h"

namespace kedge::app {
namespace {

constexpr std::size_t kScriptBytesMax = 1 << 20;

std::optional<std::string> read_autoexec(const uefi::Firmware& firmware,
                                         const uefi::ChainloadContext& context) noexcept {
  // Beside us first, then at the top of the volume.
  for (const std::string& folder : {context.folder(), std::string("\\")}) {
    if (folder.empty()) continue;
    const auto content =
        uefi::read_file(firmware, context.device, folder + "autoexec.ipxe", kScriptBytesMax);
    if (content.ok() && !content->empty()) return std::string(as_text(*content));
  }
  return std::nullopt;
}

}  // namespace

LaunchContext describe_launch(const uefi::Firmware& firmware,
                              const uefi::ChainloadContext& context) noexcept {
  LaunchContext launch;
  launch.command_line = context.arguments;
  launch.local_autoexec = read_autoexec(firmware, context);
  launch.boot_mac = context.mac;
  launch.own_uri = context.nodes.uri;
  if (!context.pxe.has_value() || context.pxe->ipv6) return launch;
  launch.dhcp_ack = context.pxe->dhcp_ack;
  launch.proxy_offer = context.pxe->proxy_offer;
  launch.pxe_reply = context.pxe->pxe_reply;
  if (launch.own_uri.empty()) {
    if (const auto lease = cached_lease(launch); lease.has_value() && !lease->boot.filename.empty()) {
      launch.own_uri = wire::Uri::tftp(lease->boot.next_server, lease->boot.filename).to_string();
    }
  }
  return launch;
}

std::optional<client::DhcpLease> cached_lease(const LaunchContext& launch) noexcept {
  if (launch.dhcp_ack.empty() || !launch.boot_mac.has_value()) return std::nullopt;
  auto lease = client::DhcpLease::from_cache(launch.dhcp_ack, launch.proxy_offer, launch.pxe_reply,
                                             *launch.boot_mac);
  if (!lease.ok()) return std::nullopt;
  return *std::move(lease);
}

}  // namespace kedge::app
