// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A regular expression (ECMAScript syntax) whose mistakes are reported, not thrown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"

namespace kedge::host {

struct PatternMatch {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::string> groups;  // [0] is the whole match
};

class Pattern {
 public:
  static Outcome<Pattern> compile(std::string_view text);
  // For patterns written in our own sources: a mistake there ends the program.
  static Pattern must_compile(std::string_view text);
  // Matches exactly this text.
  static Pattern literal(std::string_view text);

  std::optional<PatternMatch> search(std::string_view subject) const;
  const std::string& text() const { return text_; }

 private:
  struct Compiled;
  Pattern(std::string text, std::shared_ptr<const Compiled> compiled)
      : text_(std::move(text)), compiled_(std::move(compiled)) {}

  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace kedge::host
