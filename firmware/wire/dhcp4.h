// SPDX-License-Identifier: BSD-2-Clause-Patent
// DHCPv4 and BOOTP messages (RFC 951, 1542, 2131, 2132, 3396): a checked view and a builder.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "wire/dhcp4_options.h"
#include "wire/ip.h"
#include "wire/mac.h"

namespace kedge::wire {

inline constexpr std::uint16_t kDhcpServerPort = 67;
inline constexpr std::uint16_t kDhcpClientPort = 68;
inline constexpr std::uint16_t kPxePort = 4011;  // PXE 2.1, 2.2.3: proxy and boot servers

inline constexpr std::size_t kDhcpHeaderBytes = 236;  // up to the magic cookie
inline constexpr std::size_t kBootpMessageMin = 300;  // RFC 1542 2.1: shorter ones may be dropped
/// What every server must take: a 576 byte IP packet (RFC 2131 2) less IP and UDP headers.
inline constexpr std::size_t kDhcpRequestMax = 548;
/// Servers may send up to what option 57 allows; larger ones than a frame holds are refused.
inline constexpr std::size_t kDhcpMessageMax = 1472;

enum class DhcpMessageType : std::uint8_t {
  discover = 1,
  offer = 2,
  request = 3,
  decline = 4,
  ack = 5,
  nak = 6,
  release = 7,
  inform = 8,
};

enum class BootpOperation : std::uint8_t { request = 1, reply = 2 };

/// The fixed fields, without `sname` and `file`.
struct Dhcp4Header {
  static constexpr std::uint16_t kBroadcastFlag = 0x8000;
  static constexpr std::uint8_t kEthernet = 1;  // hardware type

  BootpOperation operation = BootpOperation::request;
  std::uint8_t hardware_type = kEthernet;
  std::uint8_t hardware_length = MacAddress::kSize;
  std::uint8_t hops = 0;
  std::uint32_t transaction = 0;
  std::uint16_t seconds = 0;
  std::uint16_t flags = 0;
  Ipv4Address client;   ///< ciaddr
  Ipv4Address yours;    ///< yiaddr
  Ipv4Address server;   ///< siaddr: where to load from next
  Ipv4Address gateway;  ///< giaddr: relay agent
  std::array<std::uint8_t, 16> hardware_address{};

  /// chaddr as an Ethernet address; zero when type or length say that it is none.
  MacAddress mac() const noexcept;
  void set_mac(const MacAddress& mac) noexcept;
};

/// A received message: views of bytes that must outlive it.
class Dhcp4View {
 public:
  static constexpr std::size_t kBlocksMax = 3;

  /// Accepts BOOTP messages without options too. Errors: wire_bad_dhcp.
  static Result<Dhcp4View> parse(ByteView message) noexcept;

  const Dhcp4Header& header() const noexcept { return header_; }
  /// The text in `sname` and `file`; empty when option 52 makes them hold options.
  std::string_view server_name() const noexcept { return server_name_; }
  std::string_view file() const noexcept { return file_; }
  bool has_options() const noexcept { return block_count_ != 0; }
  /// The option blocks in the order in which repeated options are joined: options field, `file`,
  /// `sname` (RFC 3396 5).
  std::span<const ByteView> option_blocks() const noexcept {
    return std::span(blocks_).first(block_count_);
  }
  /// The first fragment of option `code`.
  std::optional<ByteView> option(std::uint8_t code) const noexcept;
  /// Option 53; nothing in a BOOTP message.
  std::optional<DhcpMessageType> type() const noexcept;

 private:
  Dhcp4Header header_;
  std::string_view server_name_;
  std::string_view file_;
  std::array<ByteView, kBlocksMax> blocks_{};
  std::size_t block_count_ = 0;
};

/// Steps through all options of a message, block after block.
class Dhcp4OptionWalk {
 public:
  explicit Dhcp4OptionWalk(const Dhcp4View& message) noexcept
      : blocks_(message.option_blocks()), reader_(blocks_.empty() ? ByteView() : blocks_[0]) {}

  std::optional<DhcpOptionView> next() noexcept;

 private:
  std::span<const ByteView> blocks_;
  std::size_t block_ = 0;
  DhcpOptionReader reader_;
};

/// Writes a message into a buffer whose size is the limit.
class Dhcp4Builder {
 public:
  Dhcp4Builder(ByteSpan buffer, const Dhcp4Header& header, std::string_view server_name = {},
               std::string_view file = {}) noexcept;

  /// Values over 255 bytes become several options (RFC 3396 4).
  void option(std::uint8_t code, ByteView value) noexcept;
  void option_u8(std::uint8_t code, std::uint8_t value) noexcept;
  void option_u16(std::uint8_t code, std::uint16_t value) noexcept;
  void option_u32(std::uint8_t code, std::uint32_t value) noexcept;
  void option_address(std::uint8_t code, Ipv4Address value) noexcept {
    option_u32(code, value.value());
  }
  void option_text(std::uint8_t code, std::string_view value) noexcept {
    option(code, as_byte_view(value));
  }
  void type(DhcpMessageType type) noexcept {
    option_u8(dhcp_option::kMessageType, static_cast<std::uint8_t>(type));
  }
  /// Ends the options and pads to the BOOTP minimum if the buffer has room for it. Errors:
  /// base_no_space.
  Result<ByteView> finish() noexcept;

 private:
  ByteWriter writer_;
};

}  // namespace kedge::wire
