// SPDX-License-Identifier: BSD-2-Clause-Patent
// DHCPv4 option blocks: numbers, a reader for blocks of tag-length-value options, and the forms of
// the options that have structure (RFC 2132, 3397, 3442, 4578, 3925).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wire/dns_name.h"
#include "wire/ip.h"

namespace kedge::wire {

/// Option numbers that Kedge sends or understands (IANA "BOOTP Vendor Extensions and DHCP
/// Options").
namespace dhcp_option {
inline constexpr std::uint8_t kPad = 0;
inline constexpr std::uint8_t kSubnetMask = 1;
inline constexpr std::uint8_t kRouters = 3;
inline constexpr std::uint8_t kDnsServers = 6;
inline constexpr std::uint8_t kLogServers = 7;
inline constexpr std::uint8_t kHostName = 12;
inline constexpr std::uint8_t kDomainName = 15;
inline constexpr std::uint8_t kRootPath = 17;
inline constexpr std::uint8_t kInterfaceMtu = 26;
inline constexpr std::uint8_t kNtpServers = 42;
inline constexpr std::uint8_t kVendorEncapsulated = 43;
inline constexpr std::uint8_t kRequestedAddress = 50;
inline constexpr std::uint8_t kLeaseTime = 51;
inline constexpr std::uint8_t kOverload = 52;
inline constexpr std::uint8_t kMessageType = 53;
inline constexpr std::uint8_t kServerId = 54;
inline constexpr std::uint8_t kParameterRequestList = 55;
inline constexpr std::uint8_t kMessage = 56;
inline constexpr std::uint8_t kMaximumMessageSize = 57;
inline constexpr std::uint8_t kRenewalTime = 58;
inline constexpr std::uint8_t kRebindingTime = 59;
inline constexpr std::uint8_t kVendorClass = 60;
inline constexpr std::uint8_t kClientId = 61;
inline constexpr std::uint8_t kTftpServerName = 66;
inline constexpr std::uint8_t kBootFileName = 67;
inline constexpr std::uint8_t kUserClass = 77;
inline constexpr std::uint8_t kClientArchitecture = 93;  // RFC 4578 2.1
inline constexpr std::uint8_t kClientInterface = 94;     // RFC 4578 2.2
inline constexpr std::uint8_t kClientMachineId = 97;     // RFC 4578 2.3
inline constexpr std::uint8_t kDomainSearch = 119;       // RFC 3397
inline constexpr std::uint8_t kClasslessRoutes = 121;    // RFC 3442
inline constexpr std::uint8_t kPxeFirst = 128;           // 128-135: reserved for PXE (RFC 4578 2.4)
inline constexpr std::uint8_t kPxeLast = 135;
inline constexpr std::uint8_t kEtherboot = 175;                 // encapsulated, iPXE's
inline constexpr std::uint8_t kInitiatorIqn = 203;              // iPXE's
inline constexpr std::uint8_t kMicrosoftClasslessRoutes = 249;  // 121 under its pre-standard number
inline constexpr std::uint8_t kEnd = 255;
}  // namespace dhcp_option

/// Tags inside option 175, as in the dhcpd.conf that users of iPXE have.
namespace etherboot_option {
inline constexpr std::uint8_t kPriority = 1;  // signed: the highest offer wins
inline constexpr std::uint8_t kFeatureIscsi = 17;
inline constexpr std::uint8_t kFeatureHttp = 19;
inline constexpr std::uint8_t kFeatureHttps = 20;
inline constexpr std::uint8_t kFeatureTftp = 21;
inline constexpr std::uint8_t kFeatureDns = 23;
inline constexpr std::uint8_t kFeatureEfi = 36;
inline constexpr std::uint8_t kFeatureVlan = 38;
inline constexpr std::uint8_t kFeatureMenu = 39;
inline constexpr std::uint8_t kFeatureNfs = 41;
inline constexpr std::uint8_t kNoProxyDhcp = 176;
inline constexpr std::uint8_t kBusId = 177;
}  // namespace etherboot_option

struct DhcpOptionView {
  std::uint8_t code = 0;
  ByteView value;
};

/// Steps through one block of options: the options field, an overloaded `file` or `sname`, or the
/// value of an encapsulating option. PAD is skipped, END or the end of the block ends it (servers
/// leave END out). A last option that claims more bytes than there are is dropped and reported.
class DhcpOptionReader {
 public:
  explicit DhcpOptionReader(ByteView block) noexcept : reader_(block) {}

  std::optional<DhcpOptionView> next() noexcept;
  bool truncated() const noexcept { return truncated_; }

 private:
  ByteReader reader_;
  bool truncated_ = false;
};

/// The first option `code` of a block; for encapsulated blocks, whose options do not repeat.
std::optional<ByteView> find_dhcp_option(ByteView block, std::uint8_t code) noexcept;

/// Values of fixed size; nothing when the length is wrong. Longer values are cut: RFC 3396 makes
/// repeated options one long value, whose beginning is the first.
std::optional<std::uint8_t> dhcp_u8(ByteView value) noexcept;
std::optional<std::uint16_t> dhcp_u16(ByteView value) noexcept;
std::optional<std::uint32_t> dhcp_u32(ByteView value) noexcept;
std::optional<Ipv4Address> dhcp_address(ByteView value) noexcept;
/// A text without the NULs that some servers add (RFC 2132 2).
std::string_view dhcp_text(ByteView value) noexcept;

/// One route of option 121. RFC 3442: destination descriptor (prefix length and the significant
/// octets of the network), router.
struct ClasslessRoute {
  Ipv4Subnet destination;
  Ipv4Address router;

  friend bool operator==(const ClasslessRoute&, const ClasslessRoute&) noexcept = default;
};

constexpr std::size_t kClasslessRoutesMax = 64;

/// Steps through option 121. After the last route ok() tells whether the whole value made sense; if
/// not, the routes must not be used.
class ClasslessRouteReader {
 public:
  explicit ClasslessRouteReader(ByteView value) noexcept : reader_(value) {}

  std::optional<ClasslessRoute> next() noexcept;
  bool ok() const noexcept { return reader_.ok(); }

 private:
  ByteReader reader_;
  std::size_t count_ = 0;
};

void write_classless_route(ByteWriter& writer, const ClasslessRoute& route) noexcept;

constexpr std::size_t kDomainSearchMax = 16;

/// Steps through option 119: names that may be compressed against each other (RFC 3397 2).
class DomainSearchReader {
 public:
  explicit DomainSearchReader(ByteView value) noexcept : value_(value) {}

  std::optional<DnsName> next() noexcept;
  bool ok() const noexcept { return ok_; }

 private:
  ByteView value_;
  std::size_t offset_ = 0;
  std::size_t count_ = 0;
  bool ok_ = true;
};

}  // namespace kedge::wire
