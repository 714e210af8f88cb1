// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/lexer.h"

#include <algorithm>

#include "script/script_errors.h"

namespace kedge::script {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kSpace = " \t\r\n\v\f";

}  // namespace

Place LogicalLine::place(std::size_t offset) const noexcept {
  const Part* found = nullptr;
  for (const Part& part : parts_) {
    if (part.offset > offset) break;
    found = &part;
  }
  if (found == nullptr) return {};
  return {found->line, static_cast<std::uint32_t>(offset - found->offset + 1)};
}

std::string_view LogicalLine::physical(std::uint32_t line) const noexcept {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].line != line) continue;
    const std::size_t end = i + 1 < parts_.size() ? parts_[i + 1].offset : text_.size();
    return std::string_view(text_).substr(parts_[i].offset, end - parts_[i].offset);
  }
  return {};
}

Result<bool> LineReader::next(LogicalLine& line) noexcept {
  line.text_.clear();
  line.parts_.clear();
  for (bool more = true; more && offset_ < script_.size();) {
    const std::size_t end = std::min(script_.find('\n', offset_), script_.size());
    std::string_view part = script_.substr(offset_, end - offset_);
    offset_ = std::min(end + 1, script_.size());
    line.parts_.push_back({line.text_.size(), line_++});
    if (part.ends_with('\r')) part.remove_suffix(1);
    more = part.ends_with('\\');
    if (more) part.remove_suffix(1);
    if (line.text_.size() + part.size() > kLineBytesMax) return fail(err::script_line_too_long);
    if (part.find('\0') != std::string_view::npos) return fail(err::script_bad_character);
    line.text_ += part;
  }
  return !line.parts_.empty();
}

Result<std::vector<Word>> split_words(const LogicalLine& line) noexcept {
  std::vector<Word> words;
  const std::string_view text = line.text();
  for (std::size_t end = 0;;) {
    const std::size_t start = text.find_first_not_of(kSpace, end);
    if (start == std::string_view::npos || text[start] == '#') return words;
    if (words.size() >= kWordsMax) return fail(err::script_too_many_words);
    end = std::min(text.find_first_of(kSpace, start), text.size());
    words.push_back({std::string(text.substr(start, end - start)), line.place(start)});
  }
}

bool is_script(ByteView content) noexcept {
  std::string_view text = as_text(content);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!text.starts_with("#!ipxe") && !text.starts_with("#!gpxe")) return false;
  return text.size() == 6 || kSpace.find(text[6]) != std::string_view::npos;
}

Result<std::string_view> script_text(ByteView content) noexcept {
  if (!is_script(content)) return fail(err::script_no_magic);
  if (content.size() > kScriptBytesMax) return fail(err::script_too_large);
  std::string_view text = as_text(content);
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace kedge::script
