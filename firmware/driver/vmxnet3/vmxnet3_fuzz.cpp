// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/vmxnet3/vmxnet3.h"
#include "tests/fake/vmxnet3.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::Vmxnet3Model, kedge::driver::Vmxnet3>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
