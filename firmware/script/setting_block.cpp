// SPDX-License-Identifier: BSD-2-Clause-Patent
// The kinds of settings blocks and their places in the tree.
#include <algorithm>
#include <utility>

#include "script/settings.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

constexpr SettingTag kPriorityTag{{175, 1}, 2};

}  // namespace

SettingBlock::~SettingBlock() {
  detach();
  for (SettingBlock* block : children_) block->parent_ = nullptr;
}

std::string SettingBlock::full_name() const {
  if (parent_ == nullptr) return name_;
  const std::string above = parent_->full_name();
  return above.empty() ? name_ : above + "." + name_;
}

SettingBlock* SettingBlock::child(std::string_view name) const noexcept {
  for (SettingBlock* block : children_) {
    if (block->name_ == name) return block;
  }
  return nullptr;
}

void SettingBlock::attach(SettingBlock& block) noexcept {
  block.detach();
  block.parent_ = this;
  children_.push_back(&block);
  block.reorder();
}

void SettingBlock::detach() noexcept {
  if (parent_ == nullptr) return;
  std::erase(parent_->children_, this);
  SettingBlock* above = std::exchange(parent_, nullptr);
  above->reorder();
}

std::int64_t SettingBlock::priority() const noexcept {
  if (const auto own = fetch(SettingKey{"priority", kPriorityTag})) {
    const Result<std::int64_t> value = setting_number(SettingType::int8, own->raw);
    return value ? *value : 0;
  }
  // A block inherits the priority of its first child that has one: a DHCP server's wish for its
  // lease moves the whole interface.
  for (const SettingBlock* block : children_) {
    if (const std::int64_t value = block->priority(); value != 0) return value;
  }
  return 0;
}

bool SettingBlock::goes_before(const SettingBlock& other) const noexcept {
  const std::int64_t mine = priority();
  const std::int64_t others = other.priority();
  return mine != others ? mine > others : rank_ < other.rank_;
}

void SettingBlock::reorder() noexcept {
  for (SettingBlock* block = this; block->parent_ != nullptr; block = block->parent_) {
    std::vector<SettingBlock*>& siblings = block->parent_->children_;
    // Insertion sort: stable, and there are few.
    for (std::size_t i = 1; i < siblings.size(); ++i) {
      for (std::size_t j = i; j > 0 && siblings[j]->goes_before(*siblings[j - 1]); --j) {
        std::swap(siblings[j], siblings[j - 1]);
      }
    }
  }
}

Result<void> SettingBlock::store(const SettingKey&, SettingValue) noexcept {
  return fail(err::settings_read_only);
}

Result<void> SettingBlock::clear(const SettingKey&) noexcept {
  return fail(err::settings_read_only);
}

std::optional<SettingValue> StoredBlock::fetch(const SettingKey& key) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.key.same(key)) return entry.value;
  }
  return std::nullopt;
}

Result<void> StoredBlock::store(const SettingKey& key, SettingValue value) noexcept {
  if (value.raw.size() > kSettingBytesMax) return fail(err::settings_too_large);
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& candidate) { return candidate.key.same(key); });
  if (entry != entries_.end()) {
    entry->value = std::move(value);
  } else {
    if (entries_.size() >= kEntriesMax) return fail(err::settings_too_large);
    entries_.push_back({key, std::move(value)});
  }
  if (key.name == "priority") reorder();
  return {};
}

Result<void> StoredBlock::clear(const SettingKey& key) noexcept {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key.same(key); });
  if (key.name == "priority") reorder();
  return {};
}

void StoredBlock::clear_all() noexcept {
  entries_.clear();
  reorder();
}

void InterfaceBlock::set_fact(std::string_view name, RawValue raw) noexcept {
  // Facts are few and small: storing them cannot fail.
  (void)facts_.store(make_setting_key(name), {std::nullopt, std::move(raw)});
}

std::optional<SettingValue> InterfaceBlock::fetch(const SettingKey& key) const noexcept {
  std::optional<SettingValue> value = StoredBlock::fetch(key);
  return value ? value : facts_.fetch(key);
}

void ComputedBlock::remove(std::string_view name) noexcept {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; });
}

void ComputedBlock::add(std::string_view name, SettingType type, Compute compute,
                        void* context) noexcept {
  remove(name);
  entries_.push_back({std::string(name), type, compute, context, {}});
}

void ComputedBlock::add_text(std::string_view name, std::string text) noexcept {
  remove(name);
  entries_.push_back({std::string(name), SettingType::string, nullptr, nullptr, std::move(text)});
}

std::optional<SettingValue> ComputedBlock::fetch(const SettingKey& key) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.name != key.name) continue;
    RawValue raw = entry.compute != nullptr ? entry.compute(entry.context) : entry.text;
    if (raw.empty()) return std::nullopt;
    return SettingValue{entry.type, std::move(raw)};
  }
  return std::nullopt;
}

}  // namespace kedge::script
