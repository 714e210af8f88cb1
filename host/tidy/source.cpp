// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/source.h"

#include <algorithm>
#include <cstddef>

namespace kedge::host::tidy {
namespace {

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

// A copy of `text` in which comments and literals are spaces; line ends stay.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), code_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(code_);
  }

 private:
  char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void blank_to(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (code_[at_] != '\n') code_[at_] = ' ';
    }
  }

  std::size_t after(std::string_view mark, std::size_t from) const {
    const std::size_t found = text_.find(mark, from);
    return found == std::string_view::npos ? text_.size() : found + mark.size();
  }

  void step() {
    const char character = peek(0);
    if (character == '/' && peek(1) == '/') {
      const std::size_t end = text_.find('\n', at_);
      blank_to(end);
    } else if (character == '/' && peek(1) == '*') {
      blank_to(after("*/", at_ + 2));
    } else if (character == 'R' && peek(1) == '"' &&
               (at_ == 0 || !is_name_character(text_[at_ - 1]))) {
      const std::size_t parenthesis = text_.find('(', at_);
      if (parenthesis == std::string_view::npos) return blank_to(text_.size());
      const std::string mark =
          ")" + std::string(text_.substr(at_ + 2, parenthesis - at_ - 2)) + "\"";
      blank_to(after(mark, parenthesis));
    } else if (character == '"' ||
               (character == '\'' && (at_ == 0 || !is_name_character(text_[at_ - 1])))) {
      // An apostrophe after a digit is a separator: 1'000.
      blank_to(end_of_literal(character));
    } else {
      ++at_;
    }
  }

  std::size_t end_of_literal(char quote) const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    return end + 1;
  }

  std::string_view text_;
  std::string code_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Line> split_source(std::string_view text) {
  const std::string code = Blanker(text).run();
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(
        {std::string(text.substr(begin, end - begin)), code.substr(begin, end - begin)});
    begin = end + 1;
  }
  return lines;
}

std::optional<std::string> included_header(const Line& line) {
  // The name of a header in quotes is a literal: the blanked line tells whether this is code, the
  // real one the name.
  const std::size_t hash = line.code.find_first_not_of(" \t");
  if (hash == std::string::npos || line.code[hash] != '#') return std::nullopt;
  const std::size_t word = line.code.find_first_not_of(" \t", hash + 1);
  if (word == std::string::npos || line.code.compare(word, 7, "include") != 0) return std::nullopt;
  const std::size_t open = line.text.find_first_of("<\"", word + 7);
  if (open == std::string::npos) return std::nullopt;
  const std::size_t close = line.text.find(line.text[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string::npos) return std::nullopt;
  return line.text.substr(open + 1, close - open - 1);
}

bool contains_name(std::string_view code, std::string_view text) {
  for (std::size_t at = code.find(text); at != std::string_view::npos;
       at = code.find(text, at + 1)) {
    const std::size_t end = at + text.size();
    const bool begins = at == 0 || !is_name_character(code[at - 1]);
    const bool ends = end == code.size() || !is_name_character(code[end]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace kedge::host::tidy
