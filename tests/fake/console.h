// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakeConsole: what a person would see, as text; rewritten lines replace the last one.
#pragma once

#include <string>

#include "port/console.h"

namespace kedge::fake {

class FakeConsole final : public port::Console {
 public:
  void append(std::string_view text) noexcept override { shown += text; }
  void rewrite_line(std::string_view text) noexcept override {
    shown.erase(shown.rfind('\n') == std::string::npos ? 0 : shown.rfind('\n') + 1);
    shown += text;
    ++rewrites;
  }
  unsigned columns() const noexcept override { return 80; }

  bool shows(std::string_view text) const { return shown.find(text) != std::string::npos; }

  std::string shown;
  int rewrites = 0;
};

}  // namespace kedge::fake
