// SPDX-License-Identifier: BSD-2-Clause-Patent
// What all producers (our implementations of UEFI protocols) have in common: a table that the
// firmware sees, whose functions are generated from member functions of the object behind it.
#pragma once

#include <optional>
#include <type_traits>

#include "uefi/firmware.h"

namespace kedge::uefi {

/// The raw protocol comes first, so that a pointer to it is a pointer to the table.
template <class P, class Owner>
struct ProducerTable {
  static constexpr std::uint32_t kMagic = 0x6b656467;

  P raw{};
  Owner* owner = nullptr;
  std::uint32_t magic = 0;

  explicit ProducerTable(Owner& an_owner) noexcept : owner(&an_owner), magic(kMagic) {}
  ProducerTable(const ProducerTable&) = delete;
  ProducerTable& operator=(const ProducerTable&) = delete;
  ~ProducerTable() { magic = 0; }

  /// nullptr when `raw` is no table of this kind.
  static Owner* owner_of(P* raw) noexcept {
    static_assert(std::is_standard_layout_v<ProducerTable>);
    auto* table = reinterpret_cast<ProducerTable*>(raw);
    return table == nullptr || table->magic != kMagic ? nullptr : table->owner;
  }
};

/// The function of protocol P that calls a member function of its owner. The owner says by
/// `tpl()` at which level its functions run (nothing: at the caller's), and by `retired()` that an
/// operating system has taken over: then nothing of ours, and no boot service, is touched.
template <class P, auto kMethod>
struct Entry;
template <class P, class Owner, class... Args, EFI_STATUS (Owner::*kMethod)(Args...) noexcept>
struct Entry<P, kMethod> {
  static EFI_STATUS EFIAPI call(P* raw, Args... args) noexcept {
    Owner* owner = ProducerTable<P, Owner>::owner_of(raw);
    if (owner == nullptr) return EFI_INVALID_PARAMETER;
    if (owner->retired()) return EFI_DEVICE_ERROR;
    std::optional<TplGuard> guard;
    if (const std::optional<EFI_TPL> level = owner->tpl()) {
      guard.emplace(owner->firmware(), *level);
    }
    return (owner->*kMethod)(args...);
  }
};

}  // namespace kedge::uefi
