// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/i8255x/i8255x.h"
#include "tests/fake/i8255x.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::I8255xModel, kedge::driver::I8255x>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
