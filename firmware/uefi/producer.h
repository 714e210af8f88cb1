// SPDX-License-Identifier: BSD-2-Clause-Patent
// What all producers (our implementations of UEFI protocols) have in common: a table that the
// firmware sees, whose functions are generated from member functions of the object behind it.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "uefi/firmware.h"
#include "uefi/firmware_entry.h"

namespace kedge::uefi {

/// What a producer asks of the way into its functions.
struct ProducerRules {
  /// At which level they run; 0 is the caller's.
  EFI_TPL level = 0;
  /// True once nobody must be answered any more: then nothing of ours, and no boot service, is
  /// touched. nullptr: only after the end of boot services, when that holds for all producers.
  const bool* retired = nullptr;
};

/// Stands before the raw protocol, so that it is found without knowing which protocol that is.
struct ProducerHead {
  static constexpr std::uint64_t kMagic = 0x6b65646765'70726f;

  void* owner = nullptr;
  const Firmware* firmware = nullptr;
  const bool* retired = nullptr;
  EFI_TPL level = 0;
  std::uint64_t magic = 0;
};

template <class P, class Owner>
struct ProducerTable {
  ProducerHead head;
  P raw{};

  ProducerTable(Owner& owner, const Firmware& firmware, ProducerRules rules = {}) noexcept
      : head{&owner, &firmware, rules.retired, rules.level, ProducerHead::kMagic} {
    static_assert(std::is_standard_layout_v<ProducerTable>);
    static_assert(offsetof(ProducerTable, raw) == sizeof(ProducerHead));
  }
  ProducerTable(const ProducerTable&) = delete;
  ProducerTable& operator=(const ProducerTable&) = delete;
  /// Volatile: a compiler that knows that the memory goes would leave the store out, and callers
  /// keep pointers to tables that are gone.
  ~ProducerTable() { static_cast<volatile std::uint64_t&>(head.magic) = 0; }
};

/// While a function of a producer runs: at the producer's level.
class ProducerCall {
 public:
  /// `raw` is what the caller says is our table.
  explicit ProducerCall(void* raw) noexcept;
  /// nullptr when the function must not run.
  void* owner() const noexcept { return owner_; }
  /// INVALID_PARAMETER: no table of ours. DEVICE_ERROR: retired, or boot services have ended.
  EFI_STATUS refusal() const noexcept { return refusal_; }

 private:
  void* owner_ = nullptr;
  EFI_STATUS refusal_ = EFI_INVALID_PARAMETER;
  std::optional<TplGuard> guard_;
};

/// A member function on the arguments that the firmware passed, of which the first is the table.
using ProducerFunction = EFI_STATUS (*)(void* owner, const EntryWord* words) noexcept;
extern "C" EFI_STATUS kedge_enter_producer(const EntryWord* words,
                                           ProducerFunction function) noexcept;

/// The function of protocol P that calls a member function of its owner.
template <class P, auto kMethod>
struct Entry;
template <class P, class Owner, class... Args, EFI_STATUS (Owner::*kMethod)(Args...) noexcept>
struct Entry<P, kMethod> {
#if defined(__x86_64__)
  static EFI_STATUS with(void* owner, const EntryWord* words) noexcept {
    return unpack(static_cast<Owner*>(owner), words + 1, std::index_sequence_for<Args...>{});
  }
  template <std::size_t... kIndex>
  static EFI_STATUS unpack(Owner* owner, [[maybe_unused]] const EntryWord* words,
                           std::index_sequence<kIndex...>) noexcept {
    return (owner->*kMethod)(entry_argument<Args>(words[kIndex])...);
  }
  [[gnu::naked]] static EFI_STATUS EFIAPI call(P*, Args...) noexcept {
    KEDGE_ENTRY_STUB(&with, &kedge_producer_entry);
  }
#else
  static EFI_STATUS EFIAPI call(P* raw, Args... args) noexcept {
    const ProducerCall call(raw);
    if (call.owner() == nullptr) return call.refusal();
    return (static_cast<Owner*>(call.owner())->*kMethod)(args...);
  }
#endif
};

}  // namespace kedge::uefi
