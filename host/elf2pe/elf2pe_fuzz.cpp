// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <vector>

#include "base/assert.h"
#include "elf2pe/elf.h"
#include "elf2pe/pe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge::host::elf2pe;
  try {
    const Image image = read_elf(std::as_bytes(std::span(data, size)));
    for (const Segment& segment : image.segments) {
      KEDGE_ASSERT(!(segment.writable && segment.executable));
      KEDGE_ASSERT(segment.data.size() <= segment.memory_bytes);
    }
    (void)write_pe(image, {});
  } catch (const InputError&) {
    return 0;
  }
  return 0;
}
