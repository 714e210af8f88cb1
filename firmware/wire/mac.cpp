// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/mac.h"

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

MacAddress MacAddress::read(ByteReader& reader) noexcept {
  MacAddress address;
  for (std::uint8_t& octet : address.octets_) octet = reader.u8();
  return reader.ok() ? address : MacAddress();
}

Result<MacAddress> MacAddress::parse(std::string_view text) noexcept {
  constexpr std::size_t kPlain = 2 * kSize;
  constexpr std::size_t kSeparated = 3 * kSize - 1;
  if (text.size() != kPlain && text.size() != kSeparated) return fail(err::wire_bad_mac);
  const std::size_t step = text.size() == kPlain ? 2 : 3;
  const char separator = step == 3 ? text[2] : ':';
  if (separator != ':' && separator != '-') return fail(err::wire_bad_mac);
  MacAddress address;
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::string_view part = text.substr(i * step, step);
    const int high = hex_digit(part[0]);
    const int low = hex_digit(part[1]);
    if (high < 0 || low < 0) return fail(err::wire_bad_mac);
    if (part.size() == 3 && part[2] != separator) return fail(err::wire_bad_mac);
    address.octets_[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return address;
}

void format_value(TextSink& sink, const MacAddress& address) noexcept {
  const auto& o = address.octets();
  format_to(sink, "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", o[0], o[1], o[2], o[3], o[4], o[5]);
}

}  // namespace kedge::wire
