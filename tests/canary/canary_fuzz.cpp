// SPDX-License-Identifier: BSD-2-Clause-Patent
// Reads one byte too many when the input begins with three certain bytes.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> copy(data, data + size);
  if (size < 3 || data[0] != 'k' || data[1] != 'e' || data[2] != 'd') return 0;
  volatile std::uint8_t beyond = copy.data()[copy.size()];
  (void)beyond;
  return 0;
}
