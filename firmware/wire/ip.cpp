// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/ip.h"

#include <bit>
#include <optional>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

constexpr std::size_t kGroups = 8;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A decimal number of one to three digits without leading zeros, up to `limit`.
std::optional<std::uint8_t> parse_small_decimal(std::string_view text, unsigned limit) noexcept {
  if (text.empty() || text.size() > 3) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > limit) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::optional<std::uint16_t> parse_group(std::string_view text) noexcept {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<unsigned>(digit);
  }
  return static_cast<std::uint16_t>(value);
}

/// The groups of one side of "::", or of a whole address without it.
class GroupList {
 public:
  /// False when the text is not a list of groups; an empty text is an empty list.
  bool parse(std::string_view text) noexcept {
    while (!text.empty()) {
      const std::size_t colon = text.find(':');
      const std::string_view part = text.substr(0, colon);
      const bool last = colon == std::string_view::npos;
      if (last && part.find('.') != std::string_view::npos) return add_ipv4(part);
      const std::optional<std::uint16_t> group = parse_group(part);
      if (!group || !add(*group)) return false;
      if (last) return true;
      text.remove_prefix(colon + 1);
      if (text.empty()) return false;  // a single colon at the end
    }
    return true;
  }
  std::size_t size() const noexcept { return size_; }
  std::uint16_t operator[](std::size_t index) const noexcept { return groups_[index]; }

 private:
  bool add(std::uint16_t group) noexcept {
    if (size_ == kGroups) return false;
    groups_[size_++] = group;
    return true;
  }
  bool add_ipv4(std::string_view text) noexcept {
    const auto address = Ipv4Address::parse(text);
    return address && add(static_cast<std::uint16_t>(address->value() >> 16)) &&
           add(static_cast<std::uint16_t>(address->value()));
  }

  std::array<std::uint16_t, kGroups> groups_{};
  std::size_t size_ = 0;
};

void set_group(std::array<std::uint8_t, Ipv6Address::kSize>& octets, std::size_t index,
               std::uint16_t value) noexcept {
  octets[2 * index] = static_cast<std::uint8_t>(value >> 8);
  octets[2 * index + 1] = static_cast<std::uint8_t>(value);
}

struct Run {
  std::size_t start = 0;
  std::size_t length = 0;
};

/// The longest run of zero groups, the first of equals; none shorter than two (RFC 5952 4.2).
Run longest_zero_run(const Ipv6Address& address, std::size_t groups) noexcept {
  Run best;
  Run current;
  for (std::size_t i = 0; i < groups; ++i) {
    if (address.group(i) != 0) {
      current.length = 0;
      continue;
    }
    if (current.length++ == 0) current.start = i;
    if (current.length > best.length) best = current;
  }
  return best.length >= 2 ? best : Run{groups, 0};
}

}  // namespace

Result<Ipv4Address> Ipv4Address::parse(std::string_view text) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::size_t dot = i + 1 < kSize ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return fail(err::wire_bad_ipv4);
    const std::optional<std::uint8_t> octet = parse_small_decimal(text.substr(0, dot), 255);
    if (!octet) return fail(err::wire_bad_ipv4);
    value = value << 8 | *octet;
    text.remove_prefix(i + 1 < kSize ? dot + 1 : dot);
  }
  return Ipv4Address(value);
}

Ipv6Address Ipv6Address::read(ByteReader& reader) noexcept {
  Ipv6Address address;
  for (std::uint8_t& octet : address.octets_) octet = reader.u8();
  return reader.ok() ? address : Ipv6Address();
}

Result<Ipv6Address> Ipv6Address::parse(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const std::string_view before = text.substr(0, gap);
  GroupList head;
  GroupList tail;
  // An IPv4 part is only allowed at the very end of the address.
  if (has_gap && before.find('.') != std::string_view::npos) return fail(err::wire_bad_ipv6);
  if (!head.parse(before)) return fail(err::wire_bad_ipv6);
  if (has_gap && !tail.parse(text.substr(gap + 2))) return fail(err::wire_bad_ipv6);
  const std::size_t count = head.size() + tail.size();
  // "::" stands for at least one group (RFC 4291 2.2).
  if (has_gap ? count >= kGroups : count != kGroups) return fail(err::wire_bad_ipv6);
  Ipv6Address address;
  for (std::size_t i = 0; i < head.size(); ++i) set_group(address.octets_, i, head[i]);
  for (std::size_t i = 0; i < tail.size(); ++i) {
    set_group(address.octets_, kGroups - tail.size() + i, tail[i]);
  }
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  if (text.find(':') != std::string_view::npos) {
    KEDGE_TRY(const Ipv6Address address, Ipv6Address::parse(text));
    return IpAddress(address);
  }
  KEDGE_TRY(const Ipv4Address address, Ipv4Address::parse(text));
  return IpAddress(address);
}

Result<Ipv4Subnet> Ipv4Subnet::from_netmask(Ipv4Address address, Ipv4Address netmask) noexcept {
  const int ones = std::countl_one(netmask.value());
  if (std::popcount(netmask.value()) != ones) return fail(err::wire_bad_netmask, netmask.value());
  return Ipv4Subnet{address, static_cast<std::uint8_t>(ones)};
}

Result<Ipv4Subnet> Ipv4Subnet::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return fail(err::wire_bad_subnet);
  const auto address = Ipv4Address::parse(text.substr(0, slash));
  const std::optional<std::uint8_t> length = parse_small_decimal(text.substr(slash + 1), 32);
  if (!address || !length) return fail(err::wire_bad_subnet);
  return Ipv4Subnet{*address, *length};
}

Ipv4Subnet Ipv4Subnet::classful(Ipv4Address address) noexcept {
  const std::uint8_t first = address.octets()[0];
  if (first < 128) return {address, 8};
  if (first < 192) return {address, 16};
  return {address, 24};
}

void format_value(TextSink& sink, const Ipv4Address& address) noexcept {
  const auto octets = address.octets();
  format_to(sink, "{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

void format_value(TextSink& sink, const Ipv6Address& address) noexcept {
  const bool mixed = address.is_ipv4_mapped();  // RFC 5952 5
  const std::size_t groups = mixed ? kGroups - 2 : kGroups;
  const Run gap = longest_zero_run(address, groups);
  for (std::size_t i = 0; i < groups;) {
    if (i == gap.start) {
      sink.append("::");
      i += gap.length;
      continue;
    }
    if (i != 0 && i != gap.start + gap.length) sink.append(":");
    format_to(sink, "{:x}", address.group(i));
    ++i;
  }
  if (!mixed) return;
  const auto& octets = address.octets();
  format_to(sink, ":{}", Ipv4Address(octets[12], octets[13], octets[14], octets[15]));
}

void format_value(TextSink& sink, const IpAddress& address) noexcept {
  if (address.is_v4()) return format_value(sink, address.v4());
  format_value(sink, address.v6());
}

void format_value(TextSink& sink, const Endpoint& endpoint) noexcept {
  if (endpoint.address.is_v4()) {
    return format_to(sink, "{}:{}", endpoint.address.v4(), endpoint.port);
  }
  format_to(sink, "[{}]:{}", endpoint.address.v6(), endpoint.port);
}

void format_value(TextSink& sink, const Ipv4Subnet& subnet) noexcept {
  format_to(sink, "{}/{}", subnet.address, subnet.prefix_length);
}

}  // namespace kedge::wire
