// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/setting_type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/format.h"
#include "script/setting_codec.h"
#include "script/settings_errors.h"
#include "wire/ip.h"

namespace kedge::script {
namespace {

constexpr std::array<std::string_view, 18> kTypeNames = {
    "string", "uristring", "ipv4",   "ipv6",   "int8",   "int16", "int32", "uint8",    "uint16",
    "uint32", "hex",       "hexhyp", "hexraw", "base64", "uuid",  "guid",  "busdevfn", "dnssl"};
static_assert(kTypeNames.size() == static_cast<std::size_t>(SettingType::dnssl) + 1);

struct IntegerShape {
  std::uint8_t bytes;
  bool is_signed;
};

constexpr IntegerShape integer_shape(SettingType type) noexcept {
  switch (type) {
    case SettingType::int8:
      return {1, true};
    case SettingType::int16:
      return {2, true};
    case SettingType::int32:
      return {4, true};
    case SettingType::uint8:
      return {1, false};
    case SettingType::uint16:
      return {2, false};
    default:
      return {4, false};
  }
}

RawValue big_endian(std::uint64_t value, std::size_t bytes) {
  RawValue raw(bytes, '\0');
  for (std::size_t i = bytes; i-- > 0; value >>= 8) raw[i] = static_cast<char>(value & 0xff);
  return raw;
}

Result<RawValue> parse_integer(SettingType type, std::string_view text) noexcept {
  KEDGE_TRY(const std::int64_t value, parse_number(text));
  const IntegerShape shape = integer_shape(type);
  const std::int64_t limit = std::int64_t{1} << (8 * shape.bytes - (shape.is_signed ? 1 : 0));
  if (value >= limit || value < (shape.is_signed ? -limit : 0)) {
    return fail(err::settings_bad_value);
  }
  return big_endian(static_cast<std::uint64_t>(value), shape.bytes);
}

/// Big-endian bytes of any length as a number; bytes beyond the eighth must only extend the sign.
Result<std::int64_t> integer_value(const RawValue& raw, bool is_signed) noexcept {
  if (raw.empty()) return std::int64_t{0};
  const bool negative = is_signed && (static_cast<unsigned char>(raw[0]) & 0x80) != 0;
  const unsigned char extension = negative ? 0xff : 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto byte = static_cast<unsigned char>(raw[i]);
    if (raw.size() - i > sizeof value && byte != extension) return fail(err::settings_bad_value);
    value = value << 8 | byte;
  }
  const auto result = static_cast<std::int64_t>(value);
  if ((result < 0) != negative) return fail(err::settings_bad_value);  // does not fit 63 bits
  return result;
}

Result<std::string> format_addresses(const RawValue& raw, std::size_t size) noexcept {
  if (raw.empty() || raw.size() % size != 0) return fail(err::settings_bad_value);
  std::string text;
  StringSink sink(text);
  ByteReader reader(as_byte_view(raw));
  while (!reader.at_end()) {
    if (!text.empty()) sink.append(" ");
    if (size == wire::Ipv4Address::kSize) {
      format_value(sink, wire::Ipv4Address::read(reader));
    } else {
      format_value(sink, wire::Ipv6Address::read(reader));
    }
  }
  return text;
}

template <class Address>
Result<RawValue> parse_addresses(std::string_view text) noexcept {
  RawValue raw;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) {
      const Result<Address> address = Address::parse(text.substr(0, end));
      if (!address) return fail(err::settings_bad_value);
      std::array<std::byte, Address::kSize> bytes;
      ByteWriter writer(bytes);
      address->write(writer);
      raw.append(as_text(bytes));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (raw.empty()) return fail(err::settings_bad_value);
  return raw;
}

/// PCI segment, bus, device and function, packed as in a 32-bit PCI address.
Result<std::string> format_busdevfn(const RawValue& raw) noexcept {
  KEDGE_TRY(const std::int64_t value, integer_value(raw, false));
  if (raw.empty() || value > 0xffffffff) return fail(err::settings_bad_value);
  return format("{:04x}:{:02x}:{:02x}.{:x}", value >> 16, value >> 8 & 0xff, value >> 3 & 0x1f,
                value & 0x7);
}

bool take_hex(std::string_view& text, std::uint32_t max, char separator, std::uint32_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (problem != std::errc{} || value > max) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (separator == '\0') return text.empty();
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(1);
  return true;
}

Result<RawValue> parse_busdevfn(std::string_view text) noexcept {
  std::uint32_t segment = 0;
  std::uint32_t bus = 0;
  std::uint32_t device = 0;
  std::uint32_t function = 0;
  if (!take_hex(text, 0xffff, ':', segment) || !take_hex(text, 0xff, ':', bus) ||
      !take_hex(text, 0x1f, '.', device) || !take_hex(text, 0x7, '\0', function)) {
    return fail(err::settings_bad_value);
  }
  return big_endian(segment << 16 | bus << 8 | device << 3 | function, 4);
}

}  // namespace

std::optional<SettingType> find_setting_type(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i) {
    if (kTypeNames[i] == name) return static_cast<SettingType>(i);
  }
  return std::nullopt;
}

std::string_view setting_type_name(SettingType type) noexcept {
  return kTypeNames[static_cast<std::size_t>(type)];
}

Result<std::int64_t> parse_number(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int radix = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    radix = 16;
    text.remove_prefix(2);
  }
  // from_chars would take a second sign.
  if (text.empty() || text[0] == '-') return fail(err::settings_bad_value);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value, radix);
  if (problem != std::errc{} || stopped != end) return fail(err::settings_bad_value);
  return negative ? -value : value;
}

Result<RawValue> parse_setting(SettingType type, std::string_view text) noexcept {
  if (text.size() > kSettingBytesMax) return fail(err::settings_too_large);
  switch (type) {
    case SettingType::string:
      return RawValue(text);
    case SettingType::uristring:
      return decode_percent(text);
    case SettingType::ipv4:
      return parse_addresses<wire::Ipv4Address>(text);
    case SettingType::ipv6:
      return parse_addresses<wire::Ipv6Address>(text);
    case SettingType::hex:
    case SettingType::hexhyp:
    case SettingType::hexraw:
      return decode_hex(text);
    case SettingType::base64:
      return decode_base64(text);
    case SettingType::uuid:
      return decode_uuid(text, false);
    case SettingType::guid:
      return decode_uuid(text, true);
    case SettingType::busdevfn:
      return parse_busdevfn(text);
    case SettingType::dnssl:
      return encode_name_list(text);
    default:
      return parse_integer(type, text);
  }
}

Result<std::string> format_setting(SettingType type, const RawValue& raw) noexcept {
  switch (type) {
    case SettingType::string:
      return raw.substr(0, raw.find('\0'));  // some DHCP servers send the NUL
    case SettingType::uristring:
      return encode_percent(std::string_view(raw).substr(0, raw.find('\0')));
    case SettingType::ipv4:
      return format_addresses(raw, wire::Ipv4Address::kSize);
    case SettingType::ipv6:
      return format_addresses(raw, wire::Ipv6Address::kSize);
    case SettingType::hex:
      return encode_hex(raw, ':');
    case SettingType::hexhyp:
      return encode_hex(raw, '-');
    case SettingType::hexraw:
      return encode_hex(raw, '\0');
    case SettingType::base64:
      return encode_base64(raw);
    case SettingType::uuid:
      return encode_uuid(raw, false);
    case SettingType::guid:
      return encode_uuid(raw, true);
    case SettingType::busdevfn:
      return format_busdevfn(raw);
    case SettingType::dnssl:
      return decode_name_list(raw);
    case SettingType::int8:
    case SettingType::int16:
    case SettingType::int32: {
      KEDGE_TRY(const std::int64_t value, integer_value(raw, true));
      return format("{}", value);
    }
    default: {
      KEDGE_TRY(const std::int64_t value, integer_value(raw, false));
      return format("0x{:x}", value);
    }
  }
}

Result<std::int64_t> setting_number(SettingType type, const RawValue& raw) noexcept {
  if (is_integer_type(type)) return integer_value(raw, integer_shape(type).is_signed);
  KEDGE_TRY(const std::string text, format_setting(type, raw));
  return parse_number(text);
}

}  // namespace kedge::script
