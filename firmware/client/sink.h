// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sink: where a download goes. The one copy on the way from the network is made by write().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::client {

/// Grows at its end only. Survives a broken transfer, so that the client can go on where it
/// stopped.
class Sink {
 public:
  /// Announces the whole size, once it is known, so that room can be made in one step. Fails early
  /// with base_no_memory when it can never fit.
  virtual Result<void> expect(std::uint64_t total_bytes) noexcept = 0;
  /// Appends.
  virtual Result<void> write(ByteView data) noexcept = 0;
  /// Bytes written so far.
  virtual std::uint64_t size() const noexcept = 0;
  /// Drops everything: the transfer starts again at offset zero.
  virtual void clear() noexcept = 0;

 protected:
  ~Sink() = default;
};

/// Told of a transfer's progress, often; must be cheap and decides itself what a person sees.
class Progress {
 public:
  /// `total` is absent while unknown.
  virtual void advanced(std::uint64_t bytes, std::optional<std::uint64_t> total) noexcept = 0;
  /// A remarkable event in words: "redirected to http://...", "connection lost, resuming at ...".
  virtual void note(std::string_view text) noexcept = 0;
  /// The server refuses: its own code (of TFTP or HTTP) and, if it gave any, its words.
  virtual void refused(std::uint32_t code, std::string_view text) noexcept {
    (void)code;
    (void)text;
  }

 protected:
  ~Progress() = default;
};

}  // namespace kedge::client
