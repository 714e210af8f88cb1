// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An XML document of bounded size and depth that knows where in its text each element stands, so
// that findings can name lines and changes can leave everything else as it was written.
#pragma once

#include <cstddef>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kXmlBytesMax = 4U << 20;  // libvirt's own limit for strings
inline constexpr int kXmlDepthMax = 64;
inline constexpr std::size_t kXmlElementsMax = 200'000;

// Where an element stands in the text.
struct ElementRange {
  std::size_t begin = 0;      // its '<'
  std::size_t open_end = 0;   // behind the '>' of its start tag
  std::size_t close_end = 0;  // behind the whole element
  bool empty_tag = false;     // <name/>
};

class XmlDocument {
 public:
  // Failures name the line. Entities of a document type are not expanded.
  static Outcome<XmlDocument> parse(std::string text);

  pugi::xml_node root() const { return tree_->document_element(); }
  const std::string& text() const { return text_; }
  // 1 is the first line.
  int line(pugi::xml_node node) const;
  int line_at(std::size_t offset) const;
  ElementRange range(pugi::xml_node element) const;

 private:
  XmlDocument() = default;

  std::string text_;
  std::unique_ptr<pugi::xml_document> tree_;
  std::vector<std::size_t> line_begins_;
};

// Behind the '>' of the tag whose '<' is at `at`; quoted values may contain '>'.
std::size_t tag_end(std::string_view text, std::size_t at);

}  // namespace kedge::host
