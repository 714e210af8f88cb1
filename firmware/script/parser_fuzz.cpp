// SPDX-License-Identifier: BSD-2-Clause-Patent
// Lexer and parser: no input is too strange; places lie within the script; joining a command's
// words and parsing them again gives the same words.
#include "script/parser.h"

#include <algorithm>

namespace {

using namespace kedge;
using namespace kedge::script;

void check_again(const Statement& statement) {
  std::string text;
  for (const Command& command : statement.commands) {
    if (&command != &statement.commands[0]) {
      text += command.when == When::always       ? " ; "
              : command.when == When::on_success ? " && "
                                                 : " || ";
    }
    for (const Word& word : command.words) text += word.text + " ";
  }
  // A first word that looks like a label would be taken for one, and a final backslash continues.
  if (text.size() > kLineBytesMax || text.starts_with(':') || text.ends_with('\\')) return;
  LogicalLine line;
  LineReader reader(text);
  if (text.empty() || !*reader.next(line)) return;
  const Result<Statement> again = parse_statement(line);
  KEDGE_ASSERT(again.ok() && again->commands.size() == statement.commands.size());
  for (std::size_t i = 0; i < again->commands.size(); ++i) {
    const Command& a = again->commands[i];
    const Command& b = statement.commands[i];
    KEDGE_ASSERT(a.when == b.when && a.words.size() == b.words.size());
    for (std::size_t j = 0; j < a.words.size(); ++j)
      KEDGE_ASSERT(a.words[j].text == b.words[j].text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::uint32_t>(std::count(script.begin(), script.end(), '\n') + 1);
  LineReader reader(script);
  LogicalLine line;
  for (;;) {
    const Result<bool> more = reader.next(line);
    if (!more || !*more) break;
    const Result<Statement> statement = parse_statement(line);
    if (!statement) continue;
    for (const Command& command : statement->commands) {
      for (const Word& word : command.words) {
        KEDGE_ASSERT(word.place.line >= 1 && word.place.line <= lines && word.place.column >= 1);
        KEDGE_ASSERT(word.place.column <= line.physical(word.place.line).size());
      }
    }
    check_again(*statement);
    if (statement->label && !statement->label->text.empty()) {
      KEDGE_ASSERT(find_label(script, statement->label->text).ok());
    }
  }
  (void)script_text(as_byte_view(script));
  return 0;
}
