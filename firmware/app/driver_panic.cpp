// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a broken invariant, or a heap that is at its end, does in a resident driver: it names its
// place and resets the machine, which then boots as if from power on. There is nobody to return to:
// the caller is some part of the firmware that goes on using us.
#include "app/panic_text.h"
#include "base/assert.h"
#include "uefi/console.h"
#include "uefi/rt/runtime.h"

namespace kedge {
namespace {

constexpr int kSecondsToRead = 30;

}  // namespace

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  const uefi::Firmware firmware(static_cast<EFI_HANDLE>(kedge_image_handle),
                                static_cast<EFI_SYSTEM_TABLE*>(kedge_system_table));
  char buffer[200];
  BufferSink sink(buffer);
  put_bug(sink, "Kedge's network driver has a bug", expression, file, line);
  uefi::TextConsole::print_raw(firmware, sink.text());
  // Our own boot has disarmed the firmware's watchdog: a machine must not wait here for a person.
  for (int second = 0; second < kSecondsToRead; ++second) firmware.stall_us(1'000'000);
  firmware.runtime().ResetSystem(EfiResetCold, EFI_ABORTED, 0, nullptr);
  for (;;) firmware.stall_us(1'000'000);
}

}  // namespace kedge
