// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/rules.h"

#include <charconv>
#include <optional>

#include "base/format.h"

namespace kedge::host::tidy {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(" \t");
    words.emplace_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string join(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i == from ? "" : " ") + words[i];
  return text;
}

// False when the line is none of the known ones.
bool add_rule(Rules& rules, const std::vector<std::string>& words) {
  const std::string& kind = words[0];
  const std::size_t count = words.size();
  if (kind == "level" && count == 3) {
    const std::optional<int> level = number(words[2]);
    if (level) rules.levels[words[1]] = *level;
    return level.has_value();
  }
  if (kind == "host" && count == 2) {
    rules.host_folders.insert(words[1]);
  } else if (kind == "header" && count >= 3) {
    rules.headers.push_back({words[1], {words.begin() + 2, words.end()}});
  } else if (kind == "freestanding" && count == 2) {
    rules.hosted_headers.insert(words[1]);
  } else if (kind == "word" && count >= 3) {
    rules.words.push_back({words[1], join(words, 2)});
  } else if (kind == "call" && count >= 3) {
    rules.calls.push_back({words[1], join(words, 2)});
  } else if (kind == "except" && count == 3) {
    rules.exceptions.emplace(words[1], words[2]);
  } else if (kind == "long" && count >= 4) {
    const std::optional<int> lines = number(words[2]);
    if (lines) rules.long_files[words[1]] = static_cast<std::size_t>(*lines);
    return lines.has_value();
  } else {
    return false;
  }
  return true;
}

}  // namespace

void add_rules(Rules& rules, std::string_view text) {
  std::size_t line_number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    ++line_number;
    if (line.starts_with('#')) continue;
    const std::vector<std::string> words = split(line);
    if (words.empty()) continue;
    if (!add_rule(rules, words)) {
      throw RulesError(kedge::format("line {}: not understood: {}", line_number, line));
    }
  }
}

}  // namespace kedge::host::tidy
