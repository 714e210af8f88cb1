// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/accelerator.h"

#include <gtest/gtest.h>

#include "support/process.h"

namespace kedge::host {
namespace {

// The probe's guest code must pass where guests do run; then a failure under KVM is KVM's.
TEST(Accelerator, TheProbePassesUnderSoftwareEmulation) {
  for (const Architecture architecture : {Architecture::x86_64, Architecture::aarch64}) {
    if (!find_program(qemu_program(architecture))) {
      GTEST_SKIP() << qemu_program(architecture) << " is not installed";
    }
    const auto proof = prove_accelerator(architecture, Accelerator::tcg);
    EXPECT_TRUE(proof) << architecture_name(architecture) << ": " << proof.error().what;
  }
}

TEST(Accelerator, AForeignGuestIsEmulatedForThatReason) {
  const Architecture foreign =
      host_architecture() == Architecture::x86_64 ? Architecture::aarch64 : Architecture::x86_64;
  const AcceleratorChoice choice = choose_accelerator(foreign);
  EXPECT_EQ(choice.accelerator, Accelerator::tcg);
  EXPECT_TRUE(choice.reason.starts_with("the guest is "));
}

}  // namespace
}  // namespace kedge::host
