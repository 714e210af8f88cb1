// SPDX-License-Identifier: BSD-2-Clause-Patent
// DhcpLease: what DHCP, ProxyDHCP and PXE boot servers said, ready for use and in full.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/dhcp/dhcp_packet.h"
#include "net/stack.h"

namespace kedge::client {

/// Which packet says what to boot.
enum class BootSource : std::uint8_t { none, dhcp, proxy, boot_server };

struct BootInformation {
  BootSource source = BootSource::none;
  /// Both always come from the same packet. The server is 0.0.0.0 when only its name is known.
  wire::Ipv4Address next_server;
  std::string filename;
  /// Host name of the server (option 66 or `sname`); empty when there is none or it is an address.
  std::string next_server_name;
};

struct DhcpLease {
  std::vector<std::byte> discover;        ///< the DHCPDISCOVER that it began with; may be empty
  DhcpPacket dhcp;                        ///< DHCPACK, or BOOTP reply
  std::optional<DhcpPacket> proxy;        ///< ProxyDHCP's offer, or its answer on port 4011
  std::optional<DhcpPacket> boot_server;  ///< PXE boot server's answer

  wire::Ipv4Subnet address;            ///< our address with the length of the network prefix
  wire::Ipv4Address gateway;           ///< 0.0.0.0: none
  std::vector<net::Ipv4Route> routes;  ///< option 121 (or 249); replace the gateway
  std::vector<wire::IpAddress> dns_servers;
  std::string domain;
  std::vector<std::string> search;  ///< option 119, else the domain
  std::vector<wire::Ipv4Address> ntp_servers;
  std::vector<wire::Ipv4Address> log_servers;
  std::uint16_t mtu = 0;  ///< 0: not given, or below what IPv4 needs
  std::string hostname;
  std::string root_path;
  wire::Ipv4Address server_id;         ///< 0.0.0.0 for BOOTP
  std::optional<Duration> lease_time;  ///< nothing: for ever, or BOOTP
  std::optional<Duration> renewal_time;
  std::optional<Duration> rebinding_time;
  BootInformation boot;

  /// Derives everything from the packets. Errors: dhcp_unusable_lease.
  static Result<DhcpLease> from_packets(DhcpPacket dhcp, std::optional<DhcpPacket> proxy,
                                        std::optional<DhcpPacket> boot_server);
  /// The lease that the firmware's PXE Base Code holds: its DHCPACK, and its ProxyOffer and
  /// PxeReply where it has them (else empty). Trailing zeros do no harm. Errors: wire_bad_dhcp,
  /// dhcp_foreign_packet when the packets were not sent to `mac`, dhcp_unusable_lease.
  static Result<DhcpLease> from_cache(ByteView ack, ByteView proxy_offer, ByteView pxe_reply,
                                      const wire::MacAddress& mac);

  /// Adds a boot server's answer, which then decides what to boot.
  void set_boot_server(DhcpPacket packet);
  net::Ipv4Configuration configuration() const;
  /// The packet that has PXE vendor options (menu, boot servers), or nullptr.
  const DhcpPacket* pxe_packet() const noexcept;
};

}  // namespace kedge::client
