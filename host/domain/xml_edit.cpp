// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/xml_edit.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge::host {
namespace {

constexpr std::string_view kBlanks = " \t";

// Where the line of `at` begins.
std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// The blanks in front of `at`, if nothing else is on the line there; otherwise not found.
std::optional<std::string> indentation_at(std::string_view text, std::size_t at) {
  const std::size_t begin = line_begin(text, at);
  const std::string_view before = text.substr(begin, at - begin);
  if (before.find_first_not_of(kBlanks) != std::string_view::npos) return std::nullopt;
  return std::string(before);
}

std::string_view line_end_of(std::string_view text) {
  return text.contains("\r\n") ? "\r\n" : "\n";
}

// `xml` with its lines but the first moved to the right, and the text's own line ends.
std::string indented(std::string_view xml, std::string_view indentation, std::string_view text) {
  std::string result;
  for (const char c : xml) {
    if (c == '\n') {
      result += line_end_of(text);
      result += indentation;
    } else {
      result += c;
    }
  }
  return result;
}

std::string spliced(std::string_view text, std::size_t begin, std::size_t end,
                    std::string_view with) {
  std::string result(text.substr(0, begin));
  result += with;
  result += text.substr(end);
  return result;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == ':' || c == '.';
}

struct ValueRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The value of the attribute, between its quotes, in the start tag at [begin, end).
std::optional<ValueRange> find_value(std::string_view text, std::size_t begin, std::size_t end,
                                     std::string_view name) {
  std::size_t at = begin + 1;
  while (at < end && is_name_character(text[at])) ++at;
  while (at < end) {
    while (at < end && !is_name_character(text[at])) ++at;
    const std::size_t name_begin = at;
    while (at < end && is_name_character(text[at])) ++at;
    const bool found = text.substr(name_begin, at - name_begin) == name;
    const std::size_t quote = text.find_first_of("'\"", at);
    if (quote == std::string_view::npos || quote >= end) break;
    const std::size_t close = text.find(text[quote], quote + 1);
    if (close == std::string_view::npos || close >= end) break;
    if (found) return ValueRange{.begin = quote + 1, .end = close};
    at = close + 1;
  }
  return std::nullopt;
}

// The child behind which a new one goes; none: it becomes the first.
pugi::xml_node predecessor(pugi::xml_node parent, std::span<const std::string_view> behind) {
  pugi::xml_node last;
  for (const pugi::xml_node child : parent.children()) {
    if (child.type() != pugi::node_element) continue;
    if (std::ranges::find(behind, std::string_view(child.name())) != behind.end()) return last;
    last = child;
  }
  return last;
}

pugi::xml_node first_element(pugi::xml_node parent) {
  for (const pugi::xml_node child : parent.children()) {
    if (child.type() == pugi::node_element) return child;
  }
  return {};
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '\'':
        result += "&apos;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string with_attribute(const XmlDocument& document, pugi::xml_node element,
                           std::string_view name, std::string_view value) {
  const ElementRange range = document.range(element);
  const std::string& text = document.text();
  if (const auto found = find_value(text, range.begin, range.open_end, name)) {
    return spliced(text, found->begin, found->end, xml_escape(value));
  }
  std::size_t at = range.open_end - (range.empty_tag ? 2 : 1);
  while (at > range.begin && (text[at - 1] == ' ' || text[at - 1] == '\n')) --at;
  return spliced(text, at, at, fmt::format(" {}='{}'", name, xml_escape(value)));
}

std::string with_replaced(const XmlDocument& document, pugi::xml_node element,
                          std::string_view xml) {
  const ElementRange range = document.range(element);
  const std::string& text = document.text();
  const std::string indentation = indentation_at(text, range.begin).value_or("");
  return spliced(text, range.begin, range.close_end, indented(xml, indentation, text));
}

std::string without_element(const XmlDocument& document, pugi::xml_node element) {
  const ElementRange range = document.range(element);
  const std::string_view text = document.text();
  std::size_t end = range.close_end;
  while (end < text.size() && kBlanks.contains(text[end])) ++end;
  const std::string_view rest = text.substr(end);
  const std::size_t newline = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
  if (newline != 0 && indentation_at(text, range.begin)) {
    return spliced(text, line_begin(text, range.begin), end + newline, "");
  }
  return spliced(text, range.begin, range.close_end, "");
}

std::string with_child(const XmlDocument& document, pugi::xml_node parent, std::string_view xml,
                       std::span<const std::string_view> behind) {
  const std::string& text = document.text();
  const ElementRange range = document.range(parent);
  const std::string_view line_end = line_end_of(text);
  const std::string outer = indentation_at(text, range.begin).value_or("");
  const pugi::xml_node model = first_element(parent);
  const auto inner =
      model ? indentation_at(text, document.range(model).begin) : std::optional(outer + "  ");
  if (range.empty_tag) {
    const std::string name = parent.name();
    std::size_t at = range.open_end - 2;
    while (kBlanks.contains(text[at - 1])) --at;
    return spliced(text, at, range.open_end,
                   fmt::format(">{}{}{}{}{}</{}>", line_end, *inner, indented(xml, *inner, text),
                               line_end, outer, name));
  }
  const pugi::xml_node before = predecessor(parent, behind);
  const std::size_t at = before ? document.range(before).close_end : range.open_end;
  if (!inner) return spliced(text, at, at, indented(xml, "", text));  // all in one line
  std::string child = fmt::format("{}{}{}", line_end, *inner, indented(xml, *inner, text));
  // A parent without children may have its end tag on the same line.
  const std::size_t next = text.find_first_not_of(kBlanks, at);
  if (!model && next != std::string::npos && text[next] == '<') {
    child += fmt::format("{}{}", line_end, outer);
  }
  return spliced(text, at, at, child);
}

}  // namespace kedge::host
