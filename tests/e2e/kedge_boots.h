// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// KedgeBoots: tests in which Kedge boots the payload.
#pragma once

#include "tests/e2e/rig/fixture.h"
#include "tests/e2e/rig/rom.h"

namespace kedge::host::e2e {

class KedgeBoots : public E2eTest {
 protected:
  // The payload in the served directory. Without it the test has failed.
  const Payload* payload(Architecture architecture = Architecture::x86_64,
                         const PayloadOptions& options = {}) {
    auto made = make_payload(architecture, served(), options);
    if (!made) {
      ADD_FAILURE() << made.error().what << "\n" << made.error().advice;
      return nullptr;
    }
    payload_.emplace(*std::move(made));
    return &*payload_;
  }

  // An option ROM with a driver image of dist/: its file. Without the image the test has failed.
  std::string rom(const Chip& chip, std::string_view driver) {
    const auto image = dist(driver);
    const auto file = directory() / "kedge.rom";
    if (image.empty()) return {};
    const auto made = make_rom(image, chip, file);
    EXPECT_TRUE(made) << made.error().what;
    return file.string();
  }

  void boot_and_prove(const MachineSpec& spec, Duration timeout = kBootTimeout) {
    if (HasFailure()) return;
    boot(spec);
    prove(timeout);
  }
  // The machine that is booting ends up in the payload.
  void prove(Duration timeout = kBootTimeout) {
    if (HasFailure()) return;
    expect_proof(*payload_, timeout);
    expect_banner();
  }

 private:
  std::optional<Payload> payload_;
};

}  // namespace kedge::host::e2e
