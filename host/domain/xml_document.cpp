// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/xml_document.h"

#include <fmt/format.h>

#include <algorithm>

namespace kedge::host {
namespace {

// Behind a comment, CDATA section or processing instruction at `at`; `at` itself for tags.
std::size_t skip_special(std::string_view text, std::size_t at) {
  struct Special {
    std::string_view begin;
    std::string_view end;
  };
  constexpr Special kSpecials[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
  for (const Special& special : kSpecials) {
    if (!text.substr(at).starts_with(special.begin)) continue;
    const std::size_t end = text.find(special.end, at + special.begin.size());
    return end == std::string_view::npos ? text.size() : end + special.end.size();
  }
  return at;
}

// How deep the tree is and how many elements it has, without recursion.
Outcome<void> check_limits(const XmlDocument& document) {
  std::size_t elements = 0;
  int depth = 0;
  pugi::xml_node node = document.root();
  while (node) {
    if (++elements > kXmlElementsMax) return failure("the XML has too many elements");
    if (depth > kXmlDepthMax) {
      return failure(fmt::format("line {}: XML elements are nested more than {} deep",
                                 document.line(node), kXmlDepthMax));
    }
    if (node.first_child()) {
      node = node.first_child();
      ++depth;
      continue;
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      --depth;
      if (depth <= 0) return {};
    }
    node = node.next_sibling();
  }
  return {};
}

}  // namespace

std::size_t tag_end(std::string_view text, std::size_t at) {
  char quote = '\0';
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return text.size();
}

Outcome<XmlDocument> XmlDocument::parse(std::string text) {
  if (text.size() > kXmlBytesMax) {
    return failure(fmt::format("the XML has more than {} bytes", kXmlBytesMax));
  }
  XmlDocument document;
  document.text_ = std::move(text);
  document.line_begins_.push_back(0);
  for (std::size_t at = document.text_.find('\n'); at != std::string::npos;
       at = document.text_.find('\n', at + 1)) {
    document.line_begins_.push_back(at + 1);
  }
  if (const std::size_t zero = document.text_.find('\0'); zero != std::string::npos) {
    return failure(fmt::format("line {}: a zero byte: this is no XML", document.line_at(zero)));
  }
  document.tree_ = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result result =
      document.tree_->load_buffer(document.text_.data(), document.text_.size(),
                                  pugi::parse_default | pugi::parse_comments, pugi::encoding_utf8);
  if (!result) {
    const auto offset = static_cast<std::size_t>(std::max<std::ptrdiff_t>(result.offset, 0));
    return failure(fmt::format("line {}: {}", document.line_at(offset), result.description()));
  }
  if (!document.root()) return failure("line 1: no XML element");
  KEDGE_HOST_CHECK(check_limits(document));
  return document;
}

int XmlDocument::line_at(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(line_begins_, offset);
  return static_cast<int>(after - line_begins_.begin());
}

int XmlDocument::line(pugi::xml_node node) const {
  return node ? line_at(static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0)))
              : 0;
}

ElementRange XmlDocument::range(pugi::xml_node element) const {
  const std::string_view text = text_;
  // pugixml's offset is that of the name, behind the '<'.
  const auto name = static_cast<std::size_t>(std::max<std::ptrdiff_t>(element.offset_debug(), 1));
  ElementRange range{.begin = name - 1};
  range.open_end = tag_end(text, range.begin);
  range.empty_tag = range.open_end >= 2 && text[range.open_end - 2] == '/';
  range.close_end = range.open_end;
  if (range.empty_tag) return range;
  std::size_t open = 1;
  for (std::size_t at = range.open_end; open > 0;) {
    at = text.find('<', at);
    if (at == std::string_view::npos) {
      range.close_end = text.size();
      break;
    }
    if (const std::size_t behind = skip_special(text, at); behind != at) {
      at = behind;
      continue;
    }
    const std::size_t end = tag_end(text, at);
    if (text.substr(at).starts_with("</")) {
      --open;
    } else if (text[end - 2] != '/') {
      ++open;
    }
    at = range.close_end = end;
  }
  return range;
}

}  // namespace kedge::host
