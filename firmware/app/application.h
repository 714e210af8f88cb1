// SPDX-License-Identifier: BSD-2-Clause-Patent
// The application: builds the ports on the firmware, runs a session, gives everything back.
#pragma once

#include "app/nics.h"

namespace kedge::app {

/// What distinguishes the images that are made of the application.
struct ApplicationSetup {
  NicPolicy policy;
  std::span<const driver::NativeDriver> drivers;
};

/// Returns the EFI_STATUS for the firmware's boot manager.
EFI_STATUS run_application(const uefi::Firmware& firmware, const ApplicationSetup& setup) noexcept;

}  // namespace kedge::app
