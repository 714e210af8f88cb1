// SPDX-License-Identifier: BSD-2-Clause-Patent
// HangGuard: names a firmware driver on the screen that does not return from a call of ours. Such a
// call cannot be given up, but a person can then see what hangs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uefi/event.h"

namespace kedge::uefi {

class HangGuard {
 public:
  static constexpr Duration kFirstAfter = Duration::seconds(3);
  static constexpr std::size_t kTextMax = 200;

  /// "waiting for <text>" is printed when this object lives longer than kFirstAfter, and again
  /// after every further ten seconds.
  HangGuard(const Firmware& firmware, std::string_view text) noexcept;
  HangGuard(const HangGuard&) = delete;
  HangGuard& operator=(const HangGuard&) = delete;

 private:
  static void notify(EFI_EVENT event, void* context) noexcept;

  const Firmware& firmware_;
  Event event_;
  char text_[kTextMax];
  std::size_t size_ = 0;
};

/// What drives a protocol on a handle, in the driver's own words; "unknown driver" when it has
/// none. Empty when nothing drives it.
std::string driver_of(const Firmware& firmware, Handle handle, const EFI_GUID& protocol) noexcept;

/// The agents that hold the protocol as drivers, ourselves left out.
std::vector<Handle> drivers_on(const Firmware& firmware, Handle handle,
                               const EFI_GUID& protocol) noexcept;

}  // namespace kedge::uefi
