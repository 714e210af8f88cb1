// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/launch.h"

#include "app/boot_file.h"
#include "uefi/file.h"

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
  // In our own way of writing, to be compared with what DHCP names.
  if (const auto uri = wire::Uri::parse(context.nodes.uri); uri.ok() && uri->is_absolute()) {
    launch.own_uri = uri->to_string();
  }
  if (!context.pxe.has_value() || context.pxe->ipv6) return launch;
  launch.dhcp_ack = context.pxe->dhcp_ack;
  launch.proxy_offer = context.pxe->proxy_offer;
  launch.pxe_reply = context.pxe->pxe_reply;
  if (launch.own_uri.empty()) {
    if (const auto lease = cached_lease(launch); lease.has_value()) {
      const client::BootInformation& boot = lease->boot;
      const std::string server =
          boot.next_server.is_any() ? boot.next_server_name : format("{}", boot.next_server);
      const Result<wire::Uri> uri = boot_file_uri(server, boot.filename);
      if (uri.ok()) launch.own_uri = uri->to_string();
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
