// SPDX-License-Identifier: BSD-2-Clause-Patent
// Setting types in both directions, names, and expansion. What parses formats, and what was
// formatted parses to the same bytes again (lists of names and NULs in strings excepted).
#include "script/expand.h"
#include "script/settings.h"

namespace {

using namespace kedge;
using namespace kedge::script;

void check_types(SettingType type, const std::string& input) {
  if (const Result<RawValue> raw = parse_setting(type, input); raw.ok()) {
    const Result<std::string> text = format_setting(type, *raw);
    const bool may_be_empty =
        type == SettingType::string || type == SettingType::uristring || type == SettingType::dnssl;
    KEDGE_ASSERT(text.ok() || raw->empty() || may_be_empty);
  }
  const Result<std::string> text = format_setting(type, input);
  if (!text || type == SettingType::dnssl || text->size() > kSettingBytesMax) return;
  const bool is_text = type == SettingType::string || type == SettingType::uristring;
  const Result<RawValue> raw = parse_setting(type, *text);
  if (is_integer_type(type) || type == SettingType::busdevfn) {
    // Integers may come in any length; what fits the type keeps its value.
    if (raw.ok()) KEDGE_ASSERT(*format_setting(type, *raw) == *text);
    return;
  }
  KEDGE_ASSERT(raw.ok());
  KEDGE_ASSERT(*raw == (is_text ? input.substr(0, input.find('\0')) : input));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto type = static_cast<SettingType>(data[0] % (static_cast<int>(SettingType::dnssl) + 1));
  const std::size_t split = 2 + data[1] % (size - 1);
  const std::string first(reinterpret_cast<const char*>(data) + 2, std::min(split, size) - 2);
  const std::string second(reinterpret_cast<const char*>(data) + std::min(split, size),
                           size - std::min(split, size));
  check_types(type, second);

  SettingsTree tree;
  StoredBlock net0("net0");
  tree.root().attach(net0);
  tree.set_net_x(&net0);
  (void)tree.set("a", second);
  (void)tree.set("b:hex", "24:7b:61:7d");  // ${a}
  if (tree.set(first, second).ok() && !second.empty()) KEDGE_ASSERT(tree.fetch(first).ok());
  if (const Result<std::string> text = expand(second, tree); text.ok()) {
    KEDGE_ASSERT(text->size() <= kExpandedBytesMax + second.size());
  }
  (void)tree.clear(first);
  return 0;
}
