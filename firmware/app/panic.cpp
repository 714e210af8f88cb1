// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a broken invariant does in the firmware: names its place and returns to the boot manager.
#include "app/panic_text.h"
#include "base/assert.h"
#include "uefi/console.h"
#include "uefi/event.h"
#include "uefi/rt/runtime.h"

namespace kedge {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  const uefi::Firmware firmware(static_cast<EFI_HANDLE>(kedge_image_handle),
                                static_cast<EFI_SYSTEM_TABLE*>(kedge_system_table));
  char buffer[200];
  BufferSink sink(buffer);
  // A bug of ours: the place is all that a report needs. Nothing is allocated here.
  put_bug(sink, "Kedge has a bug", expression, file, line);
  uefi::TextConsole::print_raw(firmware, sink.text());
  // No destructor runs from here on.
  uefi::ExitBootServicesHook::abandon();
  kedge_runtime_exit(EFI_ABORTED);
}

}  // namespace kedge
