// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Reads packet captures (draft-ietf-opsawg-pcap) far enough to count what went over the wire.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"

namespace kedge::host::e2e {

struct CapturedFrame {
  double at = 0;      // seconds since 1970
  std::string bytes;  // from the Ethernet header on
};

// A file that ends in the middle of a record (its writer was stopped) gives the records before it.
Outcome<std::vector<CapturedFrame>> read_pcap(const std::filesystem::path& file);
Outcome<std::vector<CapturedFrame>> parse_pcap(std::string_view content);

struct DhcpSeen {
  double at = 0;
  int type = 0;              // RFC 2132 9.6: 1 DISCOVER, 2 OFFER, 3 REQUEST, 5 ACK, 6 NAK
  std::string client;        // MAC address of the client, "52:54:00:12:34:56"
  std::string user_class;    // option 77
  std::string vendor_class;  // option 60
};

inline constexpr int kDhcpDiscover = 1;
inline constexpr int kDhcpRequest = 3;
inline constexpr int kDhcpNak = 6;

// Every DHCPv4 message among the frames.
std::vector<DhcpSeen> find_dhcp(const std::vector<CapturedFrame>& frames);
std::size_t count_dhcp(const std::vector<DhcpSeen>& messages, int type);

}  // namespace kedge::host::e2e
