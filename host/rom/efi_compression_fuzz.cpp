// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any compressed data unpack within the size that they announce or are refused, and what is packed
// unpacks to the same.
#include "base/assert.h"
#include "base/bytes.h"
#include "rom/efi_compression.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  constexpr std::size_t kPlainBytesMax = 64U << 10;  // more of the same costs time only
  constexpr std::size_t kPackedBytesMax = 512;
  ByteReader reader(bytes);
  reader.skip(4);
  if (reader.le32() <= kPlainBytesMax) {
    if (const auto plain = efi_decompress(bytes)) KEDGE_ASSERT(plain->size() <= kPlainBytesMax);
  }
  if (size > kPackedBytesMax) return 0;
  const auto packed = efi_compress(bytes);
  KEDGE_ASSERT(packed.has_value());
  const auto plain = efi_decompress(as_byte_view(*packed));
  KEDGE_ASSERT(plain.has_value() && *plain == as_text(bytes));
  return 0;
}
