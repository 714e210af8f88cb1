// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the run-time library knows about the image it is in.
#pragma once

#include <Uefi.h>

namespace kedge::uefi::rt {

/// The memory type of the image's data: that of an application ends with the application, that of a
/// driver does not.
EFI_MEMORY_TYPE data_type() noexcept;

}  // namespace kedge::uefi::rt
