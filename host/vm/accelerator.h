// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Decides whether KVM can be used, by running a few instructions of firmware under it: a /dev/kvm
// that opens proves nothing (nested, emulated and restricted ones fail later and worse).
#pragma once

#include <string>

#include "support/outcome.h"
#include "vm/machine.h"

namespace kedge::host {

struct AcceleratorChoice {
  Accelerator accelerator = Accelerator::tcg;
  std::string reason;  // one line, why it is not KVM; empty with KVM
};

AcceleratorChoice choose_accelerator(Architecture architecture);

// Runs the probe under the given accelerator: success means that the guest's code did its work.
Outcome<void> prove_accelerator(Architecture architecture, Accelerator accelerator);

}  // namespace kedge::host
