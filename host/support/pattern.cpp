// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/pattern.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <regex>

namespace kedge::host {

struct Pattern::Compiled {
  std::regex regex;
};

Outcome<Pattern> Pattern::compile(std::string_view text) {
  try {  // std::regex reports mistakes by exception only
    auto compiled = std::make_shared<const Compiled>(
        std::regex(text.begin(), text.end(), std::regex::ECMAScript | std::regex::optimize));
    return Pattern(std::string(text), std::move(compiled));
  } catch (const std::regex_error& error) {
    return failure(fmt::format("bad regular expression '{}': {}", text, error.what()),
                   "the syntax is ECMAScript's; put a backslash before . * + ? ( ) [ ] { } ^ $ | "
                   "where the character itself is meant");
  }
}

Pattern Pattern::must_compile(std::string_view text) {
  auto pattern = compile(text);
  if (!pattern) {
    fmt::print(stderr, "{}\n", pattern.error().what);
    std::abort();
  }
  return *std::move(pattern);
}

Pattern Pattern::literal(std::string_view text) {
  constexpr std::string_view kSpecial = R"(.*+?()[]{}^$|\/)";
  std::string escaped;
  for (const char c : text) {
    if (kSpecial.contains(c)) escaped += '\\';
    escaped += c;
  }
  return must_compile(escaped);
}

std::optional<PatternMatch> Pattern::search(std::string_view subject) const {
  std::cmatch found;
  const char* const begin = subject.data();
  if (!std::regex_search(begin, begin + subject.size(), found, compiled_->regex)) {
    return std::nullopt;
  }
  PatternMatch match{.begin = static_cast<std::size_t>(found.position(0)),
                     .end = static_cast<std::size_t>(found.position(0) + found.length(0)),
                     .groups = {}};
  for (const auto& group : found) match.groups.push_back(group.str());
  return match;
}

}  // namespace kedge::host
