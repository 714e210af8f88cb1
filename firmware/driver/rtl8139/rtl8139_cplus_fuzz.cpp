// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/rtl8139/rtl8139_cplus.h"
#include "tests/fake/rtl8139_cplus.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::Rtl8139CplusModel, kedge::driver::Rtl8139Cplus>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
