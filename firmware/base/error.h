// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error values: what failed, where in our sources, and what a person can do about it.
//
// A code is a stable number, printed as "K-1a032040": kind in bits 30-24, module in 23-12,
// site in 11-4, rest zero. Sites are never renumbered; docs/errors.md lists them all.
#pragma once

#include <array>
#include <cstddef>
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

/// A failure on its way up: a small trivially copyable value, no allocation.
class [[nodiscard]] Error {
 public:
  static constexpr std::size_t kContextMax = 3;

  /// `detail` is what the peer said: an HTTP status, a TFTP error code, low bits of an EFI status.
  constexpr explicit Error(const ErrorSite& site, std::uint32_t detail = 0) noexcept
      : site_(&site), detail_(detail) {}

  constexpr const ErrorSite& site() const noexcept { return *site_; }
  constexpr std::uint32_t code() const noexcept { return site_->code; }
  constexpr ErrorKind kind() const noexcept { return static_cast<ErrorKind>(site_->code >> 24); }
  constexpr std::uint32_t detail() const noexcept { return detail_; }

  /// Adds what was being done, outermost last; `what` must have static storage. When the chain is
  /// full the newest entry replaces the last: the innermost contexts explain most.
  constexpr Error with_context(const char* what) const noexcept {
    Error copy = *this;
    const std::size_t slot =
        copy.context_count_ < kContextMax ? copy.context_count_++ : kContextMax - 1;
    copy.context_[slot] = what;
    return copy;
  }
  constexpr std::size_t context_count() const noexcept { return context_count_; }
  constexpr const char* context(std::size_t index) const noexcept { return context_[index]; }

  friend constexpr bool operator==(const Error& error, const ErrorSite& site) noexcept {
    return error.code() == site.code;
  }

 private:
  const ErrorSite* site_;
  std::uint32_t detail_;
  std::uint32_t context_count_ = 0;
  std::array<const char*, kContextMax> context_{};
};
static_assert(sizeof(Error) <= 48);

}  // namespace kedge
