// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/tftp.h"

#include <algorithm>

#include "base/format.h"
#include "wire/http_text.h"
#include "wire/tftp_errors.h"

namespace kedge::wire {
namespace {

using http_text::equals_ignoring_case;  // option names do not depend on case (RFC 2347)

constexpr std::size_t kDigitsMax = 20;

/// A text up to NUL. A server may forget the NUL at the end of the packet.
std::string_view take_text(ByteReader& reader) noexcept {
  const std::string_view rest = as_text(reader.rest());
  return rest.substr(0, rest.find('\0'));
}

Result<void> parse_options(ByteView bytes, TftpOptions& options) noexcept {
  std::string_view text = as_text(bytes);
  const auto next = [&text]() -> std::optional<std::string_view> {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return part;
  };
  for (std::size_t count = 0; !text.empty(); ++count) {
    const auto name = next();
    if (name && name->empty()) return {};  // padding after the last option
    const auto value = next();
    if (!name || !value || count == kTftpOptionsMax) return fail(err::tftp_malformed);
    const auto number = http_text::parse_decimal(*value);
    const auto small = number && *number <= UINT32_MAX
                           ? std::optional(static_cast<std::uint32_t>(*number))
                           : std::nullopt;
    bool known = true;
    if (equals_ignoring_case(*name, "blksize")) {
      options.block_bytes = small;
    } else if (equals_ignoring_case(*name, "windowsize")) {
      options.window_blocks = small;
    } else if (equals_ignoring_case(*name, "timeout")) {
      options.timeout_s = small;
    } else if (equals_ignoring_case(*name, "tsize")) {
      options.transfer_bytes = number;
      if (!number) return fail(err::tftp_malformed);
      continue;
    } else {
      known = false;
    }
    if (known && !small) return fail(err::tftp_malformed);
  }
  return {};
}

void write_text(ByteWriter& writer, std::string_view text) noexcept {
  writer.text(text);
  writer.u8(0);
}

void write_option(ByteWriter& writer, std::string_view name,
                  std::optional<std::uint64_t> value) noexcept {
  if (!value) return;
  // Not std::to_chars: its tables are half a kilobyte of an option ROM.
  char digits[kDigitsMax];
  BufferSink number(digits);
  format_to(number, "{}", *value);
  write_text(writer, name);
  write_text(writer, number.text());
}

}  // namespace

Result<TftpPacket> TftpPacket::parse(ByteView datagram) noexcept {
  ByteReader reader(datagram);
  TftpPacket packet;
  packet.opcode = TftpOpcode{reader.be16()};
  switch (packet.opcode) {
    case TftpOpcode::data:
      packet.number = reader.be16();
      packet.data = reader.rest();
      break;
    case TftpOpcode::acknowledgement:
      packet.number = reader.be16();
      break;
    case TftpOpcode::error:
      packet.number = reader.be16();
      packet.text = take_text(reader);
      break;
    case TftpOpcode::option_acknowledgement:
      KEDGE_CHECK(parse_options(reader.rest(), packet.options));
      break;
    default:
      reader.fail();
  }
  if (!reader.ok()) return fail(err::tftp_malformed);
  return packet;
}

Result<void> write_tftp_request(ByteWriter& writer, std::string_view name,
                                const TftpOptions& options, TftpOpcode opcode) noexcept {
  if (name.empty() || name.size() > kTftpNameBytesMax || name.find('\0') != name.npos) {
    return fail(err::tftp_bad_name);
  }
  writer.be16(static_cast<std::uint16_t>(opcode));
  write_text(writer, name);
  write_text(writer, "octet");
  write_option(writer, "tsize", options.transfer_bytes);
  write_option(writer, "blksize", options.block_bytes);
  write_option(writer, "windowsize", options.window_blocks);
  write_option(writer, "timeout", options.timeout_s);
  if (!writer.ok()) return fail(err::tftp_bad_name);
  return {};
}

void write_tftp_data_header(ByteWriter& writer, std::uint16_t block) noexcept {
  writer.be16(static_cast<std::uint16_t>(TftpOpcode::data));
  writer.be16(block);
}

void write_tftp_acknowledgement(ByteWriter& writer, std::uint16_t block) noexcept {
  writer.be16(static_cast<std::uint16_t>(TftpOpcode::acknowledgement));
  writer.be16(block);
}

void write_tftp_error(ByteWriter& writer, std::uint16_t code, std::string_view text) noexcept {
  writer.be16(static_cast<std::uint16_t>(TftpOpcode::error));
  writer.be16(code);
  write_text(writer, text);
}

}  // namespace kedge::wire
