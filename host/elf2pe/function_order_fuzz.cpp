// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/elf.h"
#include "elf2pe/function_order.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge::host::elf2pe;
  try {
    (void)symbol_order(std::as_bytes(std::span(data, size)));
  } catch (const InputError&) {
    return 0;
  }
  return 0;
}
