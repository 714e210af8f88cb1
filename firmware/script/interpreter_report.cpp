// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the interpreter tells a person about failures, and the settings that it provides.
#include <algorithm>

#include "script/interpreter.h"
#include "script/script_errors.h"

namespace kedge::script {
namespace {

/// Failures that are answers rather than problems: no message where a script expects them.
bool is_answer(const Error& error) noexcept {
  return error == err::script_false || error == err::script_other_key ||
         error == err::script_key_timeout || error == err::script_exit;
}

/// Control characters would disturb the console, and a tab would move the mark.
char printable(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f ? ' ' : character;
}

}  // namespace

void Interpreter::report(const Error& error, std::string_view command, Place place,
                         bool handled) noexcept {
  last_error_ = error.code();
  const bool interactive = frame_ != nullptr && frame_->interactive;
  if (is_answer(error) && (handled || interactive)) return;
  // Who ends everything by Ctrl-C, or a script that ends itself by a status, knows why.
  if (stop_all_ && error.kind() == ErrorKind::cancelled) return;
  if (error == err::script_exit && frame_ != nullptr && frame_->flow == Flow::end_script) return;
  port::Console& console = environment_.console;
  if (complaint_) place = complaint_->place;
  if (!interactive && frame_ != nullptr) {
    format_to(console, "{}:{}:{}: ", frame_->name, place.line, place.column);
  }
  if (!command.empty()) format_to(console, "{}: ", command);
  if (complaint_ && !complaint_->text.empty()) {
    format_to(console, "{} (K-{:08x})\n", complaint_->text, error.code());
  } else {
    format_to(console, "{}\n", error);
  }
  complaint_.reset();
  // The script that started a failing script fails with the same error: once explained is enough.
  const bool explained = std::exchange(explained_, error.code()) == error.code();
  if (handled || error.kind() == ErrorKind::cancelled) explained_ = 0;
  if (handled || interactive || explained || error.kind() == ErrorKind::cancelled) return;
  write_excerpt(place);
  if (error.site().help[0] != '\0')
    format_to(console, "  {}\n", std::string_view(error.site().help));
}

void Interpreter::write_excerpt(Place place) noexcept {
  if (frame_ == nullptr || frame_->line == nullptr || place.column == 0) return;
  std::string_view text = frame_->line->physical(place.line);
  if (text.empty()) return;
  constexpr std::size_t kIndent = 4;
  const std::size_t width = environment_.console.columns() - kIndent - 1;
  std::size_t column = std::min<std::size_t>(place.column - 1, text.size());
  if (column + 8 > width) {  // show the neighbourhood of the mark
    const std::size_t skipped = column - std::min(column, width / 2);
    text.remove_prefix(skipped);
    column -= skipped;
  }
  std::string excerpt(kIndent, ' ');
  for (const char character : text.substr(0, width)) excerpt += printable(character);
  excerpt += '\n';
  excerpt.append(kIndent + column, ' ');
  excerpt += "^\n";
  environment_.console.append(excerpt);
}

RawValue Interpreter::compute_errno(void* self) {
  const std::uint32_t code = static_cast<Interpreter*>(self)->last_error_;
  RawValue raw(4, '\0');
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<char>(code >> (24 - 8 * i) & 0xff);
  return raw;
}

RawValue Interpreter::compute_working_uri(void* self) {
  return static_cast<Interpreter*>(self)->environment_.images.working_uri();
}

RawValue Interpreter::compute_working_folder(void* self) {
  RawValue uri = compute_working_uri(self);
  uri.resize(std::min(uri.find_first_of("?#"), uri.size()));
  uri.resize(uri.rfind('/') + 1);
  return uri;
}

}  // namespace kedge::script
