// SPDX-License-Identifier: BSD-2-Clause-Patent
// IP addresses of both families, endpoints and IPv4 subnets: values with strict text forms.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::wire {

class Ipv4Address {
 public:
  static constexpr std::size_t kSize = 4;
  /// "255.255.255.255"
  static constexpr std::size_t kTextMax = 15;

  constexpr Ipv4Address() noexcept = default;
  constexpr Ipv4Address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) noexcept
      : value_(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d) {}
  /// From the number whose most significant octet is the address's first.
  constexpr explicit Ipv4Address(std::uint32_t value) noexcept : value_(value) {}
  static constexpr Ipv4Address any() noexcept { return Ipv4Address(); }
  static constexpr Ipv4Address broadcast() noexcept { return Ipv4Address(0xffffffff); }
  static constexpr Ipv4Address loopback() noexcept { return Ipv4Address(127, 0, 0, 1); }
  static Ipv4Address read(ByteReader& reader) noexcept { return Ipv4Address(reader.be32()); }
  void write(ByteWriter& writer) const noexcept { writer.be32(value_); }
  /// Four decimal numbers up to 255, without leading zeros, which some readers take for octal.
  /// Errors: wire_bad_ipv4.
  static Result<Ipv4Address> parse(std::string_view text) noexcept;

  constexpr std::uint32_t value() const noexcept { return value_; }
  constexpr std::array<std::uint8_t, kSize> octets() const noexcept {
    return {static_cast<std::uint8_t>(value_ >> 24), static_cast<std::uint8_t>(value_ >> 16),
            static_cast<std::uint8_t>(value_ >> 8), static_cast<std::uint8_t>(value_)};
  }
  constexpr bool is_any() const noexcept { return value_ == 0; }
  constexpr bool is_broadcast() const noexcept { return value_ == 0xffffffff; }
  constexpr bool is_multicast() const noexcept { return value_ >> 28 == 0xe; }  // 224.0.0.0/4
  constexpr bool is_loopback() const noexcept { return value_ >> 24 == 127; }
  constexpr bool is_link_local() const noexcept { return value_ >> 16 == 0xa9fe; }  // RFC 3927
  /// Can stand for one host: not any, not multicast, not 240.0.0.0/4, not 0.0.0.0/8, not loopback.
  constexpr bool is_usable_host() const noexcept {
    return value_ >> 24 != 0 && value_ >> 28 < 0xe && !is_loopback();
  }

  friend constexpr auto operator<=>(Ipv4Address, Ipv4Address) noexcept = default;

 private:
  std::uint32_t value_ = 0;
};

class Ipv6Address {
 public:
  static constexpr std::size_t kSize = 16;
  /// Eight groups of four digits, or six and an IPv4 address.
  static constexpr std::size_t kTextMax = 45;

  constexpr Ipv6Address() noexcept = default;
  constexpr explicit Ipv6Address(const std::array<std::uint8_t, kSize>& octets) noexcept
      : octets_(octets) {}
  static constexpr Ipv6Address any() noexcept { return Ipv6Address(); }
  static constexpr Ipv6Address loopback() noexcept {
    return Ipv6Address({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }
  static Ipv6Address read(ByteReader& reader) noexcept;
  void write(ByteWriter& writer) const noexcept { writer.bytes(bytes()); }
  /// The text forms of RFC 4291 2.2; no zone, no brackets. Errors: wire_bad_ipv6.
  static Result<Ipv6Address> parse(std::string_view text) noexcept;

  constexpr const std::array<std::uint8_t, kSize>& octets() const noexcept { return octets_; }
  ByteView bytes() const noexcept { return std::as_bytes(std::span(octets_)); }
  /// Group 0..7, the numbers between the colons.
  constexpr std::uint16_t group(std::size_t index) const noexcept {
    return static_cast<std::uint16_t>(octets_[2 * index] << 8 | octets_[2 * index + 1]);
  }
  constexpr bool is_any() const noexcept { return *this == any(); }
  constexpr bool is_multicast() const noexcept { return octets_[0] == 0xff; }
  constexpr bool is_loopback() const noexcept { return *this == loopback(); }
  constexpr bool is_link_local() const noexcept { return (group(0) & 0xffc0) == 0xfe80; }
  /// ::ffff:0:0/96 (RFC 4291 2.5.5.2)
  constexpr bool is_ipv4_mapped() const noexcept {
    for (std::size_t i = 0; i < 10; ++i) {
      if (octets_[i] != 0) return false;
    }
    return group(5) == 0xffff;
  }

  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) noexcept = default;

 private:
  std::array<std::uint8_t, kSize> octets_{};
};

enum class IpFamily : std::uint8_t { v4, v6 };

/// An address of either family. Converts implicitly from both; the default is IPv4's 0.0.0.0.
class IpAddress {
 public:
  constexpr IpAddress() noexcept = default;
  constexpr IpAddress(Ipv4Address address) noexcept : v4_(address) {}  // NOLINT: implicit by design
  constexpr IpAddress(const Ipv6Address& address) noexcept             // NOLINT: implicit by design
      : family_(IpFamily::v6), v6_(address) {}
  /// Either family; the error is that of the family which the text resembles.
  static Result<IpAddress> parse(std::string_view text) noexcept;

  constexpr IpFamily family() const noexcept { return family_; }
  constexpr bool is_v4() const noexcept { return family_ == IpFamily::v4; }
  constexpr bool is_v6() const noexcept { return family_ == IpFamily::v6; }
  /// The address of that family; 0.0.0.0 or :: when it is of the other.
  constexpr Ipv4Address v4() const noexcept { return v4_; }
  constexpr const Ipv6Address& v6() const noexcept { return v6_; }
  constexpr bool is_any() const noexcept { return is_v4() ? v4_.is_any() : v6_.is_any(); }
  constexpr bool is_multicast() const noexcept {
    return is_v4() ? v4_.is_multicast() : v6_.is_multicast();
  }

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

 private:
  IpFamily family_ = IpFamily::v4;
  Ipv4Address v4_;
  Ipv6Address v6_;
};

/// An address and a UDP or TCP port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

/// An IPv4 address with the length of its network prefix, 0..32.
struct Ipv4Subnet {
  Ipv4Address address;
  std::uint8_t prefix_length = 0;

  /// Errors: wire_bad_netmask when the one bits do not stand together at the start.
  static Result<Ipv4Subnet> from_netmask(Ipv4Address address, Ipv4Address netmask) noexcept;
  /// "192.168.1.10/24"; host bits are kept. Errors: wire_bad_subnet.
  static Result<Ipv4Subnet> parse(std::string_view text) noexcept;
  /// The netmask that its class implies (RFC 791), for servers that send none.
  static Ipv4Subnet classful(Ipv4Address address) noexcept;

  constexpr Ipv4Address netmask() const noexcept {
    return Ipv4Address(prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_length));
  }
  constexpr Ipv4Address network() const noexcept {
    return Ipv4Address(address.value() & netmask().value());
  }
  constexpr Ipv4Address directed_broadcast() const noexcept {
    return Ipv4Address(address.value() | ~netmask().value());
  }
  constexpr bool contains(Ipv4Address other) const noexcept {
    return (other.value() & netmask().value()) == network().value();
  }
  friend constexpr auto operator<=>(const Ipv4Subnet&, const Ipv4Subnet&) noexcept = default;
};

/// "192.168.1.10"
void format_value(TextSink& sink, const Ipv4Address& address) noexcept;
/// The canonical form of RFC 5952.
void format_value(TextSink& sink, const Ipv6Address& address) noexcept;
void format_value(TextSink& sink, const IpAddress& address) noexcept;
/// "192.168.1.10:80" or "[2001:db8::10]:80"
void format_value(TextSink& sink, const Endpoint& endpoint) noexcept;
/// "192.168.1.10/24"
void format_value(TextSink& sink, const Ipv4Subnet& subnet) noexcept;

}  // namespace kedge::wire
