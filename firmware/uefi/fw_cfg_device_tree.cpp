// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_place.h"

namespace kedge::uefi {
namespace {

// Devicetree Specification 0.4, 5.2 and 5.4.
constexpr std::uint32_t kMagic = 0xd00dfeed;
constexpr std::uint32_t kVersionMin = 17;  // the first that tells the size of its parts
constexpr std::uint32_t kBeginNode = 1;
constexpr std::uint32_t kEndNode = 2;
constexpr std::uint32_t kProperty = 3;
constexpr std::uint32_t kNop = 4;
constexpr std::uint32_t kTokensMax = 100'000;
constexpr std::uint32_t kCellsMax = 2;
constexpr std::string_view kCompatible = "qemu,fw-cfg-mmio";

// What is remembered of the child of the root that is being read.
struct Child {
  bool is_device = false;
  bool is_enabled = true;
  ByteView reg;
};

class TreeSearch {
 public:
  explicit TreeSearch(ByteView tree) noexcept : structure_({}), strings_{} {
    ByteReader header(tree);
    const bool is_tree = header.be32() == kMagic;
    header.skip(4);
    const std::uint32_t structure = header.be32();
    const std::uint32_t strings = header.be32();
    header.skip(4);
    const bool has_sizes = header.be32() >= kVersionMin;
    header.skip(8);
    const std::uint32_t strings_bytes = header.be32();
    const std::uint32_t structure_bytes = header.be32();
    if (!header.ok() || !is_tree || !has_sizes) return;
    structure_ = part(tree, structure, structure_bytes);
    strings_ = as_text(part(tree, strings, strings_bytes).rest());
  }

  std::optional<FwCfgPlace> run() noexcept {
    unsigned depth = 0;
    Child child;
    for (std::uint32_t i = 0; i < kTokensMax && structure_.ok(); ++i) {
      switch (structure_.be32()) {
        case kBeginNode:
          (void)text();
          // Addresses further down would need the translations of the buses between.
          if (++depth == 2) child = {};
          break;
        case kEndNode:
          if (depth == 2) {
            if (const auto found = place(child)) return found;
          }
          if (depth == 0) return std::nullopt;
          --depth;
          break;
        case kProperty:
          property(depth, child);
          break;
        case kNop:
          break;
        default:
          return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  static ByteReader part(ByteView tree, std::uint32_t offset, std::uint32_t bytes) noexcept {
    ByteReader reader(tree);
    reader.skip(offset);
    return reader.sub(bytes);
  }
  void align() noexcept { structure_.skip((4 - structure_.offset() % 4) % 4); }
  // A node's name.
  std::string_view text() noexcept {
    ByteReader look = structure_;
    const std::string_view rest = as_text(look.rest());
    const std::size_t size = rest.find('\0');
    if (size == std::string_view::npos) structure_.fail();
    structure_.skip(size + 1);
    align();
    return rest.substr(0, size);
  }
  void property(unsigned depth, Child& child) noexcept {
    const std::uint32_t bytes = structure_.be32();
    const std::uint32_t name_offset = structure_.be32();
    const ByteView value = structure_.bytes(bytes);
    align();
    if (!structure_.ok() || name_offset >= strings_.size()) return;
    std::string_view name = strings_.substr(name_offset);
    name = name.substr(0, name.find('\0'));
    if (depth == 1) {
      if (name == "#address-cells") address_cells_ = ByteReader(value).be32();
      if (name == "#size-cells") size_cells_ = ByteReader(value).be32();
    } else if (depth == 2) {
      if (name == "compatible") child.is_device = has_text(as_text(value), kCompatible);
      if (name == "status") child.is_enabled = as_text(value).starts_with("ok");
      if (name == "reg") child.reg = value;
    }
  }
  // Devicetree Specification 2.2.4: a string list.
  static bool has_text(std::string_view list, std::string_view wanted) noexcept {
    while (!list.empty()) {
      const std::string_view one = list.substr(0, list.find('\0'));
      if (one == wanted) return true;
      list.remove_prefix(one.size() < list.size() ? one.size() + 1 : list.size());
    }
    return false;
  }
  std::optional<FwCfgPlace> place(const Child& child) const noexcept {
    if (!child.is_device || !child.is_enabled) return std::nullopt;
    ByteReader reader(child.reg);
    const auto number = [&reader](std::uint32_t cells) {
      if (cells == 0 || cells > kCellsMax) reader.fail();
      return cells == 1 ? reader.be32() : reader.be64();
    };
    FwCfgPlace found;
    found.address = number(address_cells_);
    found.bytes = number(size_cells_);
    if (!reader.ok() || !found.is_usable()) return std::nullopt;
    return found;
  }

  ByteReader structure_;
  std::string_view strings_;
  std::uint32_t address_cells_ = 2;  // 2.3.5: what counts where nothing is said
  std::uint32_t size_cells_ = 1;
};

}  // namespace

std::optional<FwCfgPlace> find_fw_cfg_in_device_tree(ByteView tree) noexcept {
  return TreeSearch(tree).run();
}

}  // namespace kedge::uefi
