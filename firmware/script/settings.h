// SPDX-License-Identifier: BSD-2-Clause-Patent
// The settings tree: blocks of settings with parents and priorities; the first block that has a
// setting wins.
//
//   (root)            what scripts set
//     net0            facts of the interface and what scripts set for it
//       dhcp          options of its lease          ... proxydhcp, pxebs, smbios, ...
//     builtin         version, platform, cwuri, errno
//
// A lookup asks a block and then its children, depth first. Siblings stand in the order of their
// `priority` setting (highest first), then of their rank, then of their attachment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "script/setting_key.h"

namespace kedge::script {

class SettingsTree;

struct SettingValue {
  /// The type that belongs to the value; absent for raw bytes such as DHCP options.
  std::optional<SettingType> type;
  RawValue raw;
};

/// One block of settings. Leaves the tree when destroyed; its children then stand alone.
class SettingBlock {
 public:
  static constexpr std::size_t kDepthMax = 8;
  static constexpr int kRankBuiltin = 100;

  explicit SettingBlock(std::string name, int rank = 0) noexcept
      : name_(std::move(name)), rank_(rank) {}
  SettingBlock(const SettingBlock&) = delete;
  SettingBlock& operator=(const SettingBlock&) = delete;
  virtual ~SettingBlock();

  const std::string& name() const noexcept { return name_; }
  /// "net0.dhcp"; empty for the root.
  std::string full_name() const;
  SettingBlock* parent() const noexcept { return parent_; }
  const std::vector<SettingBlock*>& children() const noexcept { return children_; }
  SettingBlock* child(std::string_view name) const noexcept;

  /// Adds a block below this one; children that were attached to it stay.
  void attach(SettingBlock& block) noexcept;
  void detach() noexcept;
  /// Puts this block's place among its siblings right, and its ancestors' places among theirs. To
  /// be called after its `priority` may have changed; store(), clear() and attach() do so.
  void reorder() noexcept;

  /// This block's own value, not its children's.
  virtual std::optional<SettingValue> fetch(const SettingKey& key) const noexcept = 0;
  /// Errors: settings_read_only, settings_too_large.
  virtual Result<void> store(const SettingKey& key, SettingValue value) noexcept;
  virtual Result<void> clear(const SettingKey& key) noexcept;

 private:
  std::int64_t priority() const noexcept;
  bool goes_before(const SettingBlock& other) const noexcept;

  std::string name_;
  int rank_;
  SettingBlock* parent_ = nullptr;
  std::vector<SettingBlock*> children_;
};

/// A block that keeps values: what scripts set, facts of an interface, options of a DHCP packet.
class StoredBlock : public SettingBlock {
 public:
  static constexpr std::size_t kEntriesMax = 1024;

  using SettingBlock::SettingBlock;
  std::optional<SettingValue> fetch(const SettingKey& key) const noexcept override;
  Result<void> store(const SettingKey& key, SettingValue value) noexcept override;
  Result<void> clear(const SettingKey& key) noexcept override;
  /// Forgets everything, for a new lease.
  void clear_all() noexcept;

 private:
  struct Entry {
    SettingKey key;
    SettingValue value;
  };
  std::vector<Entry> entries_;
};

/// netN: facts that the driver knows, below what scripts set. `clear net0/mac` shows the fact
/// again.
class InterfaceBlock final : public StoredBlock {
 public:
  using StoredBlock::StoredBlock;
  /// Facts are called mac, chip, busid, ... and have the type of the named setting.
  void set_fact(std::string_view name, RawValue raw) noexcept;
  std::optional<SettingValue> fetch(const SettingKey& key) const noexcept override;

 private:
  StoredBlock facts_{"facts"};
};

/// Values that are computed when they are asked for, by name.
class ComputedBlock final : public SettingBlock {
 public:
  using Compute = RawValue (*)(void* context);

  using SettingBlock::SettingBlock;
  /// Adds a value, or replaces the one of that name. An empty result counts as not set.
  void add(std::string_view name, SettingType type, Compute compute, void* context) noexcept;
  void add_text(std::string_view name, std::string text) noexcept;
  void remove(std::string_view name) noexcept;
  std::optional<SettingValue> fetch(const SettingKey& key) const noexcept override;

 private:
  struct Entry {
    std::string name;
    SettingType type;
    Compute compute;
    void* context;
    std::string text;
  };
  std::vector<Entry> entries_;
};

/// What a lookup found, and where.
struct FoundSetting {
  const SettingBlock* origin;
  SettingKey key;
  SettingType type;
  RawValue raw;

  /// "net0.dhcp/ip:ipv4"
  std::string full_name() const;
};

/// The tree, its root block and its built-in settings.
class SettingsTree {
 public:
  /// Blocks that scripts may create by naming them.
  static constexpr std::size_t kScriptBlocksMax = 64;

  SettingsTree() noexcept { root_.attach(builtin_); }

  StoredBlock& root() noexcept { return root_; }
  ComputedBlock& builtin() noexcept { return builtin_; }
  /// The block that `netX` means: that of the most recently opened interface. nullptr: none; to be
  /// set before the block goes away.
  void set_net_x(SettingBlock* block) noexcept { net_x_ = block; }

  /// Looks up "net0/ip", "net0.dhcp/66:string", "filename". Errors: settings_not_set,
  /// settings_no_block, settings_bad_name, settings_unknown_type.
  Result<FoundSetting> fetch(std::string_view name) noexcept;
  /// The same, as text of the setting's type.
  Result<std::string> fetch_text(std::string_view name) noexcept;
  /// The same, for code that has no use for errors: empty when not set.
  std::string text(std::string_view name) noexcept;

  /// Parses `text` as the setting's type and stores it; an empty text clears. A setting of no known
  /// type becomes `default_type`. Blocks that do not exist are created.
  Result<void> set(std::string_view name, std::string_view text,
                   SettingType default_type = SettingType::string) noexcept;
  Result<void> clear(std::string_view name) noexcept;

  /// The block called `path` ("net0.dhcp"; empty: the root), or nullptr.
  SettingBlock* find_block(std::string_view path) noexcept;

 private:
  std::optional<FoundSetting> search(const SettingBlock& block, const SettingKey& key,
                                     std::size_t depth) noexcept;
  std::optional<FoundSetting> search_next_server(const SettingKey& key) noexcept;
  Result<SettingBlock*> find_or_create_block(std::string_view path) noexcept;

  // The root outlives its children.
  StoredBlock root_{""};
  ComputedBlock builtin_{"builtin", SettingBlock::kRankBuiltin};
  SettingBlock* net_x_ = nullptr;
  std::vector<std::unique_ptr<StoredBlock>> script_blocks_;
};

}  // namespace kedge::script
