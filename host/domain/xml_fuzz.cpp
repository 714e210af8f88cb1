// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any XML is read or refused with a line, is explained without harm, and its elements are found
// again in its text.
#include "base/assert.h"
#include "domain/explain_json.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = XmlDocument::parse(text);
  if (!document) {
    KEDGE_ASSERT(document.error().what.starts_with("line ") || !document.error().what.empty());
    return 0;
  }
  for (pugi::xml_node node = document->root().first_child(); node; node = node.next_sibling()) {
    if (node.type() != pugi::node_element) continue;
    const ElementRange range = document->range(node);
    KEDGE_ASSERT(range.begin < range.open_end && range.open_end <= range.close_end);
    KEDGE_ASSERT(range.close_end <= text.size() && text[range.begin] == '<');
    KEDGE_ASSERT(text.substr(range.begin + 1).starts_with(node.name()));
  }
  auto domain = read_domain(*document);
  if (!domain) return 0;
  // No file is opened: the XML names them.
  HostFacts host = remote_host();
  const Explanation explanation = explain(*std::move(domain), host);
  KEDGE_ASSERT(!format_explanation(explanation).empty());
  KEDGE_ASSERT(json_explanation(explanation).is_object());
  return 0;
}
