// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error values: what failed, where in our sources, and what a person can do about it.
//
// A code is a stable number, printed as "K-1a032040": kind in bits 30-24, module in 23-12,
// site in 11-4, rest zero. Sites are never renumbered; docs/errors.md lists them all.
#pragma once

#include <cstdint>

namespace kedge {

/// The class of a failure; what a caller may decide on. Values are part of the printed code.
enum class ErrorKind : std::uint8_t {
  internal = 1,
  not_found = 2,
  timed_out = 3,
  refused = 4,
  no_memory = 5,
  malformed = 6,
  cancelled = 7,
  unsupported = 8,
  denied = 9,
  busy = 10,
  closed = 11,
  unreachable = 12,
  too_large = 13,
  io = 14,
  no_link = 15,
  invalid = 16,
  exists = 17,
  again = 18,
};

/// Who reports the failure. Values are part of the printed code: append only.
enum class Module : std::uint16_t {
  base = 1,
  async = 2,
  wire = 3,
  hw = 4,
  image = 5,
  link = 6,
  virtio = 7,
  net = 8,
  dns = 9,
  dhcp = 10,
  tftp = 11,
  http = 12,
  script = 13,
  settings = 14,
  uefi = 15,
  app = 16,
  host = 17,
  uri = 18,
  tls = 19,
  nic = 20,
  personality = 21,
  pxe = 22,
};

/// One place that can fail: declared once, as a constant in the module's *_errors.h.
struct ErrorSite {
  std::uint32_t code;
  const char* text;  ///< what happened, in words, without a full stop
  const char* help;  ///< what to do about it, one sentence; may be empty
};

/// Builds the stable code of a site; `site` is 1..255 and unique within the module.
constexpr std::uint32_t site_code(ErrorKind kind, Module module, std::uint8_t site) noexcept {
  return static_cast<std::uint32_t>(kind) << 24 | static_cast<std::uint32_t>(module) << 12 |
         static_cast<std::uint32_t>(site) << 4;
}

/// A text with static storage: only a literal, or what else is known when compiling, makes one.
class StaticText {
 public:
  consteval StaticText(const char* text) : text_(text) {}  // NOLINT: implicit by design
  const char* get() const noexcept { return text_; }

 private:
  const char* text_;
};

/// A failure on its way up: two words, trivially copyable, so that it travels in registers.
class [[nodiscard]] Error {
 public:
  /// `detail` is what the peer said: an HTTP status, a TFTP error code, low bits of an EFI status.
  /// `site` must have static storage.
  constexpr explicit Error(const ErrorSite& site, std::uint32_t detail = 0) noexcept
      : site_(&site), rest_{.detail = detail} {}

  constexpr const ErrorSite& site() const noexcept { return *site_; }
  constexpr std::uint32_t code() const noexcept { return site_->code; }
  constexpr ErrorKind kind() const noexcept { return static_cast<ErrorKind>(site_->code >> 24); }
  constexpr std::uint32_t detail() const noexcept { return rest_.detail; }

  /// Adds what was being done. The first one stays: the innermost explains most.
  Error with_context(StaticText what) const noexcept;
  /// What was being done, or null.
  const char* context() const noexcept {
    return rest_.context == 0 ? nullptr : reinterpret_cast<const char*>(site_) + rest_.context;
  }

  friend constexpr bool operator==(const Error& error, const ErrorSite& site) noexcept {
    return error.code() == site.code;
  }

 private:
  template <class>
  friend class Result;
  /// What an error is beside its site.
  struct Rest {
    std::uint32_t detail = 0;
    // From the site to the text, both constants of one program: half of a pointer's size.
    std::int32_t context = 0;
  };
  constexpr Error(const ErrorSite* site, Rest rest) noexcept : site_(site), rest_(rest) {}

  const ErrorSite* site_;
  Rest rest_;
};
static_assert(sizeof(Error) == 16);

}  // namespace kedge
