// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/smbios.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  (void)uefi::parse_smbios_entry(bytes);
  const uefi::Smbios found = uefi::parse_smbios(bytes);
  // Every text lies in the table.
  const std::string_view whole = as_text(bytes);
  for (const std::string_view text :
       {found.manufacturer, found.product, found.version, found.serial, found.sku, found.asset}) {
    KEDGE_ASSERT(text.empty() || (text.data() >= whole.data() &&
                                  text.data() + text.size() <= whole.data() + whole.size()));
  }
  KEDGE_ASSERT(found.oem_strings.size() <= uefi::Smbios::kOemStringsMax);
  return 0;
}
