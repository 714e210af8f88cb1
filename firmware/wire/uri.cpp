// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/uri.h"

#include <algorithm>
#include <charconv>

#include "wire/uri_errors.h"

namespace kedge::wire {
namespace {

constexpr std::string_view kSubDelims = "!$&'()*+,;=";         // RFC 3986 2.2
constexpr std::string_view kPathAllowed = "!$&'()*+,;=:@/";    // pchar and "/", RFC 3986 3.3
constexpr std::string_view kQueryAllowed = "!$&'()*+,;=:@/?";  // RFC 3986 3.4, 3.5

constexpr bool is_alpha(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_unreserved(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
constexpr bool contains(std::string_view set, char c) noexcept {
  return set.find(c) != std::string_view::npos;
}
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), to_lower);
  return result;
}

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/// The byte that %XX at the start of `text` stands for, or -1.
int coded_byte(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_coded(std::string& target, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  target += '%';
  target += kDigits[byte >> 4];
  target += kDigits[byte & 15];
}

/// Keeps what is valid, codes the rest: people type spaces and backslashes.
std::string clean(std::string_view text, std::string_view allowed) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_unreserved(c) || contains(allowed, c) || coded_byte(text.substr(i)) >= 0) {
      result += c;
    } else {
      append_coded(result, c);
    }
  }
  return result;
}

/// Length of a scheme at the start of `text`, without its colon; 0 when there is none.
std::size_t scheme_length(std::string_view text) noexcept {
  if (text.empty() || !is_alpha(text[0])) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return i;
    if (!is_alpha(text[i]) && !is_digit(text[i]) && !contains("+-.", text[i])) return 0;
  }
  return 0;
}

Result<void> parse_port(std::string_view text, Uri& uri) noexcept {
  if (text.empty()) return {};
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail(err::uri_bad_port);
  }
  uri.port = port;
  return {};
}

Result<void> parse_userinfo(std::string_view text, Uri& uri) noexcept {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>') {
      return fail(err::uri_bad_userinfo);
    }
  }
  const std::size_t colon = text.find(':');
  uri.user = percent_decode(text.substr(0, colon));
  if (colon != std::string_view::npos) uri.password = percent_decode(text.substr(colon + 1));
  return {};
}

/// "[address]" or "[address%25zone]" (RFC 6874); a bare '%' before the zone is accepted as well.
Result<void> parse_literal(std::string_view text, Uri& uri) noexcept {
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    std::string_view zone = text.substr(percent + 1);
    if (zone.starts_with("25")) zone.remove_prefix(2);
    uri.zone = percent_decode(zone);
    if (uri.zone.empty() || !std::ranges::all_of(uri.zone, is_unreserved)) {
      return fail(err::uri_bad_host);
    }
    text = text.substr(0, percent);
  }
  const auto address = Ipv6Address::parse(text);
  if (!address.ok()) return fail(err::uri_bad_host);
  uri.host = format("{}", *address);
  return {};
}

Result<void> parse_host(std::string_view text, Uri& uri) noexcept {
  uri.host = lower(percent_decode(text));
  const bool valid = std::ranges::all_of(
      uri.host, [](char c) { return is_unreserved(c) || contains(kSubDelims, c); });
  if (!valid || uri.host.size() > kUriHostBytesMax) return fail(err::uri_bad_host);
  return {};
}

Result<void> parse_authority(std::string_view text, Uri& uri) noexcept {
  uri.has_authority = true;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    KEDGE_CHECK(parse_userinfo(text.substr(0, at), uri));
    text.remove_prefix(at + 1);
  }
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(err::uri_bad_host);
    KEDGE_CHECK(parse_literal(text.substr(1, end - 1), uri));
    text.remove_prefix(end + 1);
    if (text.empty()) return {};
    if (text[0] != ':') return fail(err::uri_bad_host);
    return parse_port(text.substr(1), uri);
  }
  const std::size_t colon = text.find(':');
  KEDGE_CHECK(parse_host(text.substr(0, colon), uri));
  return colon == std::string_view::npos ? Result<void>() : parse_port(text.substr(colon + 1), uri);
}

/// RFC 3986 5.2.4, on whole segments.
std::string remove_dot_segments(std::string_view input) {
  std::string output;
  while (!input.empty()) {
    if (input.starts_with("../")) {
      input.remove_prefix(3);
    } else if (input.starts_with("./") || input.starts_with("/./")) {
      input.remove_prefix(2);
    } else if (input == "/.") {
      input = "/";
    } else if (input.starts_with("/../") || input == "/..") {
      input = input.size() == 3 ? std::string_view("/") : input.substr(3);
      output.resize(output.find_last_of('/') == std::string::npos ? 0 : output.find_last_of('/'));
    } else if (input == "." || input == "..") {
      input = {};
    } else {
      const std::size_t next = input.find('/', 1);
      output += input.substr(0, next);
      input = next == std::string_view::npos ? std::string_view() : input.substr(next);
    }
  }
  return output;
}

/// RFC 3986 5.2.3
std::string merge(const Uri& base, std::string_view reference) {
  if (base.has_authority && base.path.empty()) return "/" + std::string(reference);
  const std::size_t slash = base.path.find_last_of('/');
  std::string result = slash == std::string::npos ? std::string() : base.path.substr(0, slash + 1);
  return result += reference;
}

void append_host(std::string& target, const Uri& uri, bool with_zone) {
  if (!uri.host_is_ipv6()) {
    target += uri.host;
    return;
  }
  target += '[';
  target += uri.host;
  if (with_zone && !uri.zone.empty()) target += "%25" + uri.zone;
  target += ']';
}

std::string write(const Uri& uri, bool with_password) {
  std::string text;
  if (!uri.scheme.empty()) text += uri.scheme + ":";
  if (uri.has_authority) {
    text += "//";
    if (uri.user) {
      text += percent_encode(*uri.user, kSubDelims);
      if (uri.password && with_password) text += ":" + percent_encode(*uri.password, kSubDelims);
      text += '@';
    }
    append_host(text, uri, true);
    if (uri.port) text += format(":{}", *uri.port);
  } else if (uri.path.starts_with("//")) {
    text += "/.";  // else the path would read as an authority (RFC 3986 3.3)
  } else if (uri.scheme.empty() && scheme_length(uri.path) > 0) {
    text += "./";  // else its first segment would read as a scheme (RFC 3986 4.2)
  }
  text += uri.path;
  if (uri.query) text += "?" + *uri.query;
  if (uri.fragment) text += "#" + *uri.fragment;
  return text;
}

}  // namespace

Result<Uri> Uri::parse(std::string_view text) noexcept {
  while (!text.empty() && contains(" \t\r\n", text.front())) text.remove_prefix(1);
  while (!text.empty() && contains(" \t\r\n", text.back())) text.remove_suffix(1);
  if (text.size() > kUriBytesMax) return fail(err::uri_too_long);
  Uri uri;
  if (const std::size_t length = scheme_length(text); length > 0) {
    uri.scheme = lower(text.substr(0, length));
    text.remove_prefix(length + 1);
  }
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    uri.fragment = clean(text.substr(hash + 1), kQueryAllowed);
    text = text.substr(0, hash);
  }
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    uri.query = clean(text.substr(mark + 1), kQueryAllowed);
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t slash = std::min(text.find('/'), text.size());
    KEDGE_CHECK(parse_authority(text.substr(0, slash), uri));
    text.remove_prefix(slash);
  }
  uri.path = clean(text, kPathAllowed);
  return uri;
}

Uri Uri::tftp(const IpAddress& server, std::string_view name) noexcept {
  Uri uri;
  uri.scheme = "tftp";
  uri.has_authority = true;
  uri.host = format("{}", server);
  uri.path = "/" + percent_encode(name, kPathAllowed);
  return uri;
}

std::uint16_t Uri::port_or_default() const noexcept {
  if (port) return *port;
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  if (scheme == "tftp") return 69;
  return 0;
}

std::string Uri::to_string() const {
  return write(*this, true);
}

std::string Uri::host_and_port() const {
  std::string text;
  append_host(text, *this, false);
  Uri without_port;
  without_port.scheme = scheme;
  if (port && *port != without_port.port_or_default()) text += format(":{}", *port);
  return text;
}

std::string Uri::request_target() const {
  std::string target = path.starts_with('/') ? path : "/" + path;
  if (query) target += "?" + *query;
  return target;
}

std::string Uri::tftp_file_name() const {
  std::string name = percent_decode(path.starts_with('/') ? std::string_view(path).substr(1)
                                                          : std::string_view(path));
  if (query) name += "?" + percent_decode(*query);
  if (fragment) name += "#" + percent_decode(*fragment);
  return name;
}

std::string Uri::last_segment() const {
  const std::size_t slash = path.find_last_of('/');
  return percent_decode(slash == std::string::npos ? path : path.substr(slash + 1));
}

Uri resolve(const Uri& base, const Uri& reference) noexcept {
  Uri target = reference;
  if (reference.scheme.empty()) {
    target.scheme = base.scheme;
    if (!reference.has_authority) {
      target.has_authority = base.has_authority;
      target.user = base.user;
      target.password = base.password;
      target.host = base.host;
      target.zone = base.zone;
      target.port = base.port;
      if (reference.path.empty()) {
        target.path = base.path;
        if (!reference.query) target.query = base.query;
        return target;
      }
      if (!reference.path.starts_with('/')) target.path = merge(base, reference.path);
    }
  }
  target.path = remove_dot_segments(target.path);
  return target;
}

std::string percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = coded_byte(text.substr(i));
    result += byte >= 0 ? static_cast<char>(byte) : text[i];
    if (byte >= 0) i += 2;
  }
  return result;
}

std::string percent_encode(std::string_view text, std::string_view also_allowed) {
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c) || contains(also_allowed, c)) {
      result += c;
    } else {
      append_coded(result, c);
    }
  }
  return result;
}

void format_value(TextSink& sink, const Uri& uri) noexcept {
  sink.append(write(uri, false));
}

}  // namespace kedge::wire
