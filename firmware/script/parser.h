// SPDX-License-Identifier: BSD-2-Clause-Patent
// Parser: a line of a script as a label and commands joined by &&, || and ;
//
//   line    = [ ":" label ] [ command { ( "&&" | "||" | ";" ) command } ]
//   command = { word }
//
// Operators are words of their own. An empty command succeeds, so that "dhcp ||" never fails. All
// operators have the same precedence; a command that is skipped leaves the outcome as it was.
#pragma once

#include <optional>
#include <vector>

#include "script/lexer.h"

namespace kedge::script {

/// When a command runs, given the outcome of what ran before it in its line.
enum class When : std::uint8_t { always, on_success, on_failure };

struct Command {
  When when = When::always;
  std::vector<Word> words;
};

struct Statement {
  std::optional<Word> label;  ///< without the colon
  std::vector<Command> commands;
};

/// Errors: script_too_many_words.
Result<Statement> parse_statement(const LogicalLine& line) noexcept;

/// A reader whose next line is the one with `label`, the first from the top of `script`. Errors:
/// script_no_label, and those of LineReader.
Result<LineReader> find_label(std::string_view script, std::string_view label) noexcept;

}  // namespace kedge::script
