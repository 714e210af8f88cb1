// SPDX-License-Identifier: BSD-2-Clause-Patent
// DnsName: a domain name in its wire form (RFC 1035 3.1), with compression when read (4.1.4).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::wire {

/// A value of fixed size; the default is the root. Comparison ignores the case of ASCII letters
/// (RFC 4343).
class DnsName {
 public:
  static constexpr std::size_t kWireMax = 255;      // RFC 1035 2.3.4
  static constexpr std::size_t kLabelMax = 63;      // RFC 1035 2.3.4
  static constexpr std::size_t kPointersMax = 127;  // more cannot lead through different labels

  DnsName() noexcept : size_(1) {}

  /// From text such as "boot.example.org" or "boot.example.org."; "." is the root. Labels consist
  /// of printable ASCII without space and dot. Errors: wire_bad_host_name.
  static Result<DnsName> parse(std::string_view text) noexcept;
  /// Reads the name at `offset` of `message` and moves `offset` behind it. Compression pointers
  /// must lead backwards, so reading ends. Errors: wire_bad_dns_name.
  static Result<DnsName> read(ByteView message, std::size_t& offset) noexcept;
  /// Appends the uncompressed wire form.
  void write(ByteWriter& writer) const noexcept { writer.bytes(bytes()); }

  ByteView bytes() const noexcept { return std::as_bytes(std::span(octets_).first(size_)); }
  bool is_root() const noexcept { return size_ == 1; }

  friend bool operator==(const DnsName& a, const DnsName& b) noexcept;

 private:
  bool append_label(ByteView label) noexcept;
  void terminate() noexcept { octets_[size_++] = 0; }

  // Only the first size_ octets are meaningful; the last of them is the root label.
  std::array<std::uint8_t, kWireMax> octets_{};
  std::uint8_t size_;
};

/// "boot.example.org", "." for the root; bytes that text cannot hold become \DDD (RFC 1035 5.1).
void format_value(TextSink& sink, const DnsName& name) noexcept;

}  // namespace kedge::wire
