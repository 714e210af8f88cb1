// SPDX-License-Identifier: BSD-2-Clause-Patent
// Source: bytes of a file that an image may ask for, wherever they are.
#pragma once

#include <cstring>

#include "base/bytes.h"

namespace kedge::uefi {

class Source {
 public:
  virtual std::uint64_t size() const noexcept = 0;
  /// Fills `out` from `offset`; the caller keeps within size(). False when the bytes are not to be
  /// had.
  virtual bool read(std::uint64_t offset, ByteSpan out) noexcept = 0;

 protected:
  ~Source() = default;
};

/// Bytes in one piece of memory.
class MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView bytes) noexcept : bytes_(bytes) {}
  std::uint64_t size() const noexcept override { return bytes_.size(); }
  bool read(std::uint64_t offset, ByteSpan out) noexcept override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) return false;
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return true;
  }

 private:
  ByteView bytes_;
};

}  // namespace kedge::uefi
