// SPDX-License-Identifier: BSD-2-Clause-Patent
// What an image is told of where it came from: DHCP messages with another server and boot file.
#pragma once

#include "client/dhcp/dhcp_packet.h"

namespace kedge::client {

/// The message as it would be had its server named `file` on `server` to boot from. Other fields
/// and options stay; options that name a boot file or its server give way. Errors:
/// dhcp_request_too_large when it does not fit any more.
Result<std::vector<std::byte>> with_boot_file(const DhcpPacket& packet, wire::Ipv4Address server,
                                              std::string_view file);

}  // namespace kedge::client
