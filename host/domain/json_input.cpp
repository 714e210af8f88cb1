// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/json_input.h"

#include <fmt/format.h>

namespace kedge::host {

Outcome<nlohmann::json> parse_json(std::string_view text, std::size_t bytes_max, int depth_max) {
  using nlohmann::json;
  if (text.size() > bytes_max) return failure(fmt::format("more than {} bytes", bytes_max));
  // Depth first, on the text: the parser's own values are destroyed recursively.
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > depth_max) {
      return failure(fmt::format("offset {}: JSON nested more than {} deep", at, depth_max));
    }
  }
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return failure(fmt::format("offset {}: this is no JSON", error.byte));
  } catch (const json::exception&) {  // numbers beyond what a double holds
    return failure("a number in the JSON is too large");
  }
}

}  // namespace kedge::host
