// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/parser.h"

#include "script/script_errors.h"

namespace kedge::script {
namespace {

std::optional<When> find_operator(std::string_view word) noexcept {
  if (word == "&&") return When::on_success;
  if (word == "||") return When::on_failure;
  if (word == ";") return When::always;
  return std::nullopt;
}

/// The label that a line begins with, without splitting the whole line; empty when there is none.
std::string_view line_label(std::string_view line) noexcept {
  constexpr std::string_view kSpace = " \t\r\v\f";
  const std::size_t start = line.find_first_not_of(kSpace);
  if (start == std::string_view::npos || line[start] != ':') return {};
  const std::size_t end = line.find_first_of(kSpace, start);
  return line.substr(start + 1, (end == std::string_view::npos ? line.size() : end) - start - 1);
}

}  // namespace

Result<Statement> parse_statement(const LogicalLine& line) noexcept {
  KEDGE_TRY(std::vector<Word> words, split_words(line));
  Statement statement;
  std::size_t next = 0;
  if (!words.empty() && words[0].text.starts_with(':')) {
    statement.label = std::move(words[0]);
    statement.label->text.erase(0, 1);
    ++next;
  }
  if (next == words.size()) return statement;
  statement.commands.emplace_back();
  for (; next < words.size(); ++next) {
    if (const std::optional<When> when = find_operator(words[next].text)) {
      statement.commands.push_back({*when, {}});
    } else {
      statement.commands.back().words.push_back(std::move(words[next]));
    }
  }
  return statement;
}

Result<LineReader> find_label(std::string_view script, std::string_view label) noexcept {
  LineReader reader(script);
  LogicalLine line;
  for (;;) {
    const LineReader before = reader;
    KEDGE_TRY(const bool more, reader.next(line));
    if (!more) return fail(err::script_no_label);
    const std::string_view candidate = line_label(line.text());
    // An empty label (a line with a lone colon) cannot be jumped to.
    if (!candidate.empty() && candidate == label) return before;
  }
}

}  // namespace kedge::script
