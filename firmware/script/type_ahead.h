// SPDX-License-Identifier: BSD-2-Clause-Patent
// TypeAhead: lets Ctrl-C be noticed between commands without losing the keys typed before it.
#pragma once

#include <array>

#include "port/console.h"

namespace kedge::script {

class TypeAhead final : public port::Input {
 public:
  static constexpr std::size_t kKeysMax = 16;

  explicit TypeAhead(port::Input& input) noexcept : input_(input) {}

  /// Takes the keys that were pressed; true when Ctrl-C was among them. The others are kept for
  /// poll_key() and read_key(), those before a Ctrl-C are dropped.
  bool take_interrupt() noexcept {
    for (std::size_t count = 0; count < kKeysMax; ++count) {
      const std::optional<port::Key> key = input_.poll_key();
      if (!key) return false;
      if (key->code == port::Key::kCtrlC) {
        size_ = 0;
        return true;
      }
      if (size_ < kKeysMax) keys_[size_++] = *key;
    }
    return false;
  }
  std::optional<port::Key> poll_key() noexcept override {
    if (size_ == 0) return input_.poll_key();
    const port::Key key = keys_[0];
    for (std::size_t i = 1; i < size_; ++i) keys_[i - 1] = keys_[i];
    --size_;
    return key;
  }
  async::Task<Result<port::Key>> read_key(Instant deadline) noexcept override {
    if (size_ != 0) co_return *poll_key();
    co_return co_await input_.read_key(deadline);
  }

 private:
  port::Input& input_;
  std::array<port::Key, kKeysMax> keys_{};
  std::size_t size_ = 0;
};

}  // namespace kedge::script
