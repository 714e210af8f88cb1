// SPDX-License-Identifier: BSD-2-Clause-Patent
// Who drives what: read of the firmware's database of opened protocols.
#pragma once

#include "report.h"

namespace kedge::uefi::conformance {

struct Opening {
  Handle device;      // whose protocol was opened
  Handle driver;      // by whom
  Handle controller;  // the device itself, or the driver's child
  bool is_child = false;
};

/// All openings by drivers, of themselves and for their children.
std::vector<Opening> openings(const Firmware& firmware);

}  // namespace kedge::uefi::conformance
