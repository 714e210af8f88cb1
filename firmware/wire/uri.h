// SPDX-License-Identifier: BSD-2-Clause-Patent
// URIs (RFC 3986): parsing, resolving of references, percent-coding, and the names of TFTP files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/format.h"
#include "base/result.h"
#include "wire/ip.h"

namespace kedge::wire {

inline constexpr std::size_t kUriBytesMax = 8192;
inline constexpr std::size_t kUriHostBytesMax = 255;  // a domain name (RFC 1035 2.3.4)

/// A URI or a relative reference, taken apart. Parsing is lenient where people type: characters
/// that a URI must not contain (spaces, backslashes, a lone '%') are percent-coded.
struct Uri {
  std::string scheme;  ///< lower case; empty in a relative reference
  bool has_authority = false;
  std::optional<std::string> user;      ///< decoded
  std::optional<std::string> password;  ///< decoded
  std::string host;                     ///< lower case; an IPv6 address without brackets and zone
  std::string zone;                     ///< of an IPv6 address (RFC 6874)
  std::optional<std::uint16_t> port;
  std::string path;  ///< percent-coded, as are query and fragment
  std::optional<std::string> query;
  std::optional<std::string> fragment;

  /// Errors: uri_too_long, uri_bad_host, uri_bad_port, uri_bad_userinfo.
  static Result<Uri> parse(std::string_view text) noexcept;
  /// The URI of a file on a TFTP server; `name` is literal, as in DHCP's boot file option.
  static Uri tftp(const IpAddress& server, std::string_view name) noexcept;

  bool is_absolute() const noexcept { return !scheme.empty(); }
  bool host_is_ipv6() const noexcept { return host.find(':') != std::string::npos; }
  /// The port, or the scheme's own; 0 for an unknown scheme.
  std::uint16_t port_or_default() const noexcept;
  /// The whole text, user name and password included; parse() gives the same value again.
  std::string to_string() const;
  /// "host", "host:8080", "[2001:db8::1]:8080": the port only when it is not the scheme's own. The
  /// zone is left out: it has a meaning on this machine only (RFC 6874 4).
  std::string host_and_port() const;
  /// Path and query as an HTTP request names them (RFC 9112 3.2.1).
  std::string request_target() const;
  /// What a TFTP server is asked for: the decoded path without the first slash; "?" and "#" are
  /// characters like others. tftp://server//x asks for "/x".
  std::string tftp_file_name() const;
  /// The decoded last part of the path: what an image is called. Empty when the path ends in "/".
  std::string last_segment() const;

  friend bool operator==(const Uri&, const Uri&) noexcept = default;
};

/// The URI that `reference` means in a document that came from `base` (RFC 3986 5.2).
Uri resolve(const Uri& base, const Uri& reference) noexcept;

/// Replaces valid %XX sequences by their bytes; anything else stays.
std::string percent_decode(std::string_view text);
/// Percent-codes everything but unreserved characters and those in `also_allowed`.
std::string percent_encode(std::string_view text, std::string_view also_allowed = {});

/// For people: the text without the password.
void format_value(TextSink& sink, const Uri& uri) noexcept;

}  // namespace kedge::wire
