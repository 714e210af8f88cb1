// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/nic_fuzz.h"
#include "driver/ne2k_pci/ne2k_pci.h"
#include "tests/fake/ne2k_pci.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::fuzz_nic<kedge::fake::Ne2kPciModel, kedge::driver::Ne2kPci>(
      std::as_bytes(std::span(data, size)));
  return 0;
}
