// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/pcnet/pcnet.h"
#include "tests/fake/pcnet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::PcnetModel, kedge::driver::Pcnet>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
