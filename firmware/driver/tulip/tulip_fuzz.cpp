// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/tulip/tulip.h"
#include "tests/fake/tulip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::TulipModel, kedge::driver::Tulip>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
