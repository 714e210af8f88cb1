// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/chainload.h"
#include "uefi/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const std::string text = uefi::parse_load_options(std::as_bytes(std::span(data, size)));
  KEDGE_ASSERT(text.find('\0') == std::string::npos);
  // Text that came out is well formed: it survives the way to UTF-16 and back.
  KEDGE_ASSERT(uefi::to_utf8(uefi::to_utf16(text)) == text);
  const std::string raw(reinterpret_cast<const char*>(data), size);
  (void)uefi::to_utf8(uefi::to_utf16(raw));
  return 0;
}
