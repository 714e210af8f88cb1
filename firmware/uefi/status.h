// SPDX-License-Identifier: BSD-2-Clause-Patent
// EFI_STATUS <-> Error. EFI_STATUS exists only in uefi/.
#pragma once

#include <string_view>

#include "base/result.h"
#include "uefi/raw.h"
#include "uefi/uefi_errors.h"

namespace kedge::uefi {

/// Success (warnings too), or a failure at `site` whose detail is the status without its error bit.
inline Result<void> from_status(EFI_STATUS status, const ErrorSite& site) noexcept {
  if (!EFI_ERROR(status)) return {};
  return fail(site, static_cast<std::uint32_t>(status & 0x7fffffff));
}

/// What the firmware is told of an error: by its kind, and total.
EFI_STATUS to_status(const Error& error) noexcept;

/// The name of a status without its EFI_ prefix: "NOT_FOUND"; "unknown status" for others.
std::string_view status_name(EFI_STATUS status) noexcept;

}  // namespace kedge::uefi
