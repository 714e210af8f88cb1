// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dns_name.h"

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

constexpr std::uint8_t kPointerMark = 0xc0;  // RFC 1035 4.1.4: the two high bits of a length octet

std::uint8_t lower(std::uint8_t c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c - 'A' + 'a') : c;
}

bool is_printable(std::uint8_t c) noexcept {
  return c > 0x20 && c < 0x7f;
}

}  // namespace

bool DnsName::append_label(ByteView label) noexcept {
  // The root label still has to fit behind it.
  if (label.size() > kLabelMax || size_ + 1 + label.size() + 1 > kWireMax) return false;
  octets_[size_++] = static_cast<std::uint8_t>(label.size());
  for (const std::byte b : label) octets_[size_++] = std::to_integer<std::uint8_t>(b);
  return true;
}

Result<DnsName> DnsName::parse(std::string_view text) noexcept {
  if (text == ".") return DnsName();
  if (text.ends_with('.')) text.remove_suffix(1);
  DnsName name;
  name.size_ = 0;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty()) return fail(err::wire_bad_host_name);
    for (const char c : label) {
      if (!is_printable(static_cast<std::uint8_t>(c))) return fail(err::wire_bad_host_name);
    }
    if (!name.append_label(as_byte_view(label))) return fail(err::wire_bad_host_name);
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  name.terminate();
  return name;
}

Result<DnsName> DnsName::read(ByteView message, std::size_t& offset) noexcept {
  DnsName name;
  name.size_ = 0;
  std::size_t at = offset;
  std::size_t lowest = offset;  // each pointer must lead below all that was read before it
  std::size_t end = 0;          // behind the first pointer, where the caller goes on
  for (std::size_t pointers = 0; pointers <= kPointersMax;) {
    if (at >= message.size()) return fail(err::wire_bad_dns_name);
    const std::uint8_t length = std::to_integer<std::uint8_t>(message[at]);
    if ((length & kPointerMark) == kPointerMark) {
      if (message.size() - at < 2) return fail(err::wire_bad_dns_name);
      if (end == 0) end = at + 2;
      at = static_cast<std::size_t>(length & ~kPointerMark) << 8 |
           std::to_integer<std::size_t>(message[at + 1]);
      if (at >= lowest) return fail(err::wire_bad_dns_name);
      lowest = at;
      ++pointers;
      continue;
    }
    if (length > kLabelMax) return fail(err::wire_bad_dns_name);  // 0x40, 0x80: reserved
    if (message.size() - at - 1 < length) return fail(err::wire_bad_dns_name);
    if (length == 0) {
      name.terminate();
      offset = end != 0 ? end : at + 1;
      return name;
    }
    if (!name.append_label(message.subspan(at + 1, length))) return fail(err::wire_bad_dns_name);
    at += 1u + length;
  }
  return fail(err::wire_bad_dns_name);
}

bool operator==(const DnsName& a, const DnsName& b) noexcept {
  if (a.size_ != b.size_) return false;
  for (std::size_t i = 0; i < a.size_; ++i) {
    if (lower(a.octets_[i]) != lower(b.octets_[i])) return false;
  }
  return true;
}

void format_value(TextSink& sink, const DnsName& name) noexcept {
  if (name.is_root()) return sink.append(".");
  ByteReader reader(name.bytes());
  for (std::uint8_t length = reader.u8(); length != 0; length = reader.u8()) {
    for (const char c : as_text(reader.bytes(length))) {
      const auto octet = static_cast<std::uint8_t>(c);
      if (!is_printable(octet)) {
        format_to(sink, "\\{:03}", octet);
      } else if (c == '.' || c == '\\') {
        format_to(sink, "\\{}", c);
      } else {
        format_to(sink, "{}", c);
      }
    }
    if (reader.remaining() > 1) sink.append(".");
  }
}

}  // namespace kedge::wire
