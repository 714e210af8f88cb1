// SPDX-License-Identifier: BSD-2-Clause-Patent
// MemorySink and RecordingProgress: where test downloads go, and what a person would have read.
#pragma once

#include <string>
#include <vector>

#include "client/sink.h"

namespace kedge::fake {

class MemorySink final : public client::Sink {
 public:
  std::string data;
  std::vector<std::uint64_t> expected;
  std::size_t limit = 1 << 28;
  unsigned cleared = 0;

  Result<void> expect(std::uint64_t total) noexcept override {
    expected.push_back(total);
    return total > limit ? Result<void>(fail(err::base_no_memory)) : Result<void>();
  }
  Result<void> write(ByteView bytes) noexcept override {
    if (data.size() + bytes.size() > limit) return fail(err::base_no_memory);
    data += as_text(bytes);
    return {};
  }
  std::uint64_t size() const noexcept override { return data.size(); }
  void clear() noexcept override {
    data.clear();
    ++cleared;
  }
};

class RecordingProgress final : public client::Progress {
 public:
  std::vector<std::string> notes;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total;

  void advanced(std::uint64_t bytes, std::optional<std::uint64_t> of) noexcept override {
    last = bytes;
    total = of;
  }
  void note(std::string_view text) noexcept override { notes.emplace_back(text); }
};

}  // namespace kedge::fake
