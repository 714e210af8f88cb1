// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/settings.h"

#include <algorithm>

#include "base/format.h"
#include "script/settings_errors.h"

namespace kedge::script {

std::string FoundSetting::full_name() const {
  const std::string block = origin->full_name();
  return format("{}{}{}:{}", block, block.empty() ? "" : "/", key.name, setting_type_name(type));
}

std::optional<FoundSetting> SettingsTree::search(const SettingBlock& block, const SettingKey& key,
                                                 std::size_t depth) noexcept {
  if (depth > SettingBlock::kDepthMax) return std::nullopt;
  if (std::optional<SettingValue> value = block.fetch(key)) {
    const NamedSetting* named = find_named_setting(key);
    const SettingType fallback = named != nullptr ? named->type : SettingType::hex;
    return FoundSetting{&block, key, value->type.value_or(fallback), std::move(value->raw)};
  }
  for (const SettingBlock* child : block.children()) {
    if (auto found = search(*child, key, depth + 1)) return found;
  }
  return std::nullopt;
}

/// The boot server belongs to the boot file: when one server names the file (ProxyDHCP, say) and
/// another gives the address, the file's own server is meant. What a script has set wins.
std::optional<FoundSetting> SettingsTree::search_next_server(const SettingKey& key) noexcept {
  if (root_.fetch(key)) return std::nullopt;
  const auto filename = search(root_, make_setting_key("filename"), 0);
  if (!filename || filename->origin == &root_) return std::nullopt;
  return search(*filename->origin, key, 0);
}

Result<FoundSetting> SettingsTree::fetch(std::string_view name) noexcept {
  KEDGE_TRY(SettingName parsed, parse_setting_name(name));
  const SettingBlock* block = find_block(parsed.block);
  if (block == nullptr) return fail(err::settings_no_block);
  std::optional<FoundSetting> found;
  if (block == &root_ && parsed.key.name == "next-server") found = search_next_server(parsed.key);
  if (!found) found = search(*block, parsed.key, 0);
  if (!found) return fail(err::settings_not_set);
  if (parsed.type) found->type = *parsed.type;
  return *std::move(found);
}

Result<std::string> SettingsTree::fetch_text(std::string_view name) noexcept {
  KEDGE_TRY(const FoundSetting found, fetch(name));
  return format_setting(found.type, found.raw);
}

std::string SettingsTree::text(std::string_view name) noexcept {
  Result<std::string> result = fetch_text(name);
  return result ? *std::move(result) : std::string();
}

Result<void> SettingsTree::set(std::string_view name, std::string_view text,
                               SettingType default_type) noexcept {
  if (text.empty()) return clear(name);
  KEDGE_TRY(const SettingName parsed, parse_setting_name(name));
  const NamedSetting* named = find_named_setting(parsed.key);
  const SettingType type = parsed.type.value_or(named != nullptr ? named->type : default_type);
  KEDGE_TRY(RawValue raw, parse_setting(type, text));
  KEDGE_TRY(SettingBlock* const block, find_or_create_block(parsed.block));
  return block->store(parsed.key, {type, std::move(raw)});
}

Result<void> SettingsTree::clear(std::string_view name) noexcept {
  KEDGE_TRY(const SettingName parsed, parse_setting_name(name));
  SettingBlock* block = find_block(parsed.block);
  if (block == nullptr) return {};
  return block->clear(parsed.key);
}

SettingBlock* SettingsTree::find_block(std::string_view path) noexcept {
  SettingBlock* block = &root_;
  while (block != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find_first_of("./"), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    block = block == &root_ && name == "netX" ? net_x_ : block->child(name);
  }
  return block;
}

Result<SettingBlock*> SettingsTree::find_or_create_block(std::string_view path) noexcept {
  if (SettingBlock* block = find_block(path)) return block;
  SettingBlock* block = &root_;
  for (std::size_t depth = 0; !path.empty(); ++depth) {
    const std::size_t end = std::min(path.find_first_of("./"), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    // netX follows the interfaces: it cannot be made, only opened.
    if (name.empty() || (block == &root_ && name == "netX" && net_x_ == nullptr)) {
      return fail(err::settings_no_block);
    }
    SettingBlock* next = block == &root_ && name == "netX" ? net_x_ : block->child(name);
    if (next == nullptr) {
      if (script_blocks_.size() >= kScriptBlocksMax || depth >= SettingBlock::kDepthMax) {
        return fail(err::settings_too_large);
      }
      next = script_blocks_.emplace_back(std::make_unique<StoredBlock>(std::string(name))).get();
      block->attach(*next);
    }
    block = next;
  }
  return block;
}

}  // namespace kedge::script
