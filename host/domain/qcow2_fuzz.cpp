// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any qcow2 image is read or refused within its limit.
#include "base/assert.h"
#include "domain/qcow2.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 256U << 10;  // fuzzing spends its time elsewhere
  const auto content = read_qcow2(std::as_bytes(std::span(data, size)), kLimit);
  KEDGE_ASSERT(content ? content->size() <= kLimit : !content.error().what.empty());
  return 0;
}
