// SPDX-License-Identifier: BSD-2-Clause-Patent
// MacAddress: an EUI-48 link-layer address (IEEE 802).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::wire {

class MacAddress {
 public:
  static constexpr std::size_t kSize = 6;

  constexpr MacAddress() noexcept = default;
  constexpr explicit MacAddress(const std::array<std::uint8_t, kSize>& octets) noexcept
      : octets_(octets) {}
  static constexpr MacAddress broadcast() noexcept {
    return MacAddress({0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  }
  static MacAddress read(ByteReader& reader) noexcept;
  void write(ByteWriter& writer) const noexcept { writer.bytes(bytes()); }
  /// Accepts six pairs of hexadecimal digits with ':' or '-' between them, or twelve digits
  /// without. Errors: wire_bad_mac.
  static Result<MacAddress> parse(std::string_view text) noexcept;

  constexpr const std::array<std::uint8_t, kSize>& octets() const noexcept { return octets_; }
  ByteView bytes() const noexcept { return std::as_bytes(std::span(octets_)); }
  constexpr bool is_zero() const noexcept { return *this == MacAddress(); }
  constexpr bool is_broadcast() const noexcept { return *this == broadcast(); }
  /// True for broadcast too.
  constexpr bool is_multicast() const noexcept { return (octets_[0] & 0x01) != 0; }
  constexpr bool is_locally_administered() const noexcept { return (octets_[0] & 0x02) != 0; }

  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) noexcept = default;

 private:
  std::array<std::uint8_t, kSize> octets_{};
};

/// "52:54:00:12:34:56"
void format_value(TextSink& sink, const MacAddress& address) noexcept;

}  // namespace kedge::wire
