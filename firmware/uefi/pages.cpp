// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pages.h"

namespace kedge::uefi {

Result<ByteSpan> FirmwarePages::allocate(std::size_t bytes) noexcept {
  const std::size_t pages = (bytes + port::kPageBytes - 1) / port::kPageBytes;
  if (pages == 0 || bytes > SIZE_MAX - port::kPageBytes) return fail(err::base_no_memory);
  EFI_PHYSICAL_ADDRESS address = 0;
  const EFI_STATUS status =
      firmware_.boot().AllocatePages(AllocateAnyPages, type_, pages, &address);
  if (EFI_ERROR(status)) return fail(err::base_no_memory, static_cast<std::uint32_t>(status));
  return ByteSpan(reinterpret_cast<std::byte*>(address), pages * port::kPageBytes);
}

void FirmwarePages::release(ByteSpan block) noexcept {
  if (block.empty()) return;
  (void)firmware_.boot().FreePages(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(block.data()),
                                   block.size() / port::kPageBytes);
}

}  // namespace kedge::uefi
