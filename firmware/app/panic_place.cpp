// SPDX-License-Identifier: BSD-2-Clause-Patent
// Where a broken invariant is, in images without its text: the caller's address in the image, which
// the map and the debug file beside it know, and the line. Nobody reads the texts then, and the
// linker's optimizer drops them.
#include "base/assert.h"
#include "base/format.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"

namespace kedge {

[[gnu::noinline]] void broken_invariant(const char*, const char*, int line) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  const uefi::Firmware firmware(static_cast<EFI_HANDLE>(kedge_image_handle),
                                static_cast<EFI_SYSTEM_TABLE*>(kedge_system_table));
  const auto* image = uefi::peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image());
  const auto base = image != nullptr ? reinterpret_cast<std::uintptr_t>(image->ImageBase) : 0;
  char buffer[40] = {};
  BufferSink sink(std::span(buffer).first(sizeof(buffer) - 1));
  sink.append("before image offset ");
  char digits[kDigitsMax];
  sink.append(digits_of(address - base, 16, digits));
  assertion_failed(buffer, "line", line);
}

}  // namespace kedge
