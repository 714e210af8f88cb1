// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/clock.h"

#include "uefi/status.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;
__extension__ using Wide = unsigned __int128;

constexpr Duration kSpin = 20_us;         // between two looks at the NIC
constexpr Duration kQuietAfter = 300_ms;  // longer than a busy TCP connection ever pauses
constexpr Duration kSleepMax = 10_ms;     // the period of the firmware's timer
constexpr std::uint32_t kMeasureUs = 1000;
constexpr int kMeasurementsMax = 100;
constexpr int kAgreeing = 6;
constexpr std::uint64_t kTolerance = 256;  // measurements agree within one part in this
constexpr std::uint64_t kSlowestHz = 100'000;
constexpr std::uint64_t kFastestHz = 20'000'000'000;

}  // namespace

Result<void> CpuClock::start() noexcept {
  const std::optional<std::uint64_t> known = cpu_.counter_hz();
  hz_ = known.has_value() && *known >= kSlowestHz && *known <= kFastestHz ? *known : measure();
  if (hz_ < kSlowestHz || hz_ > kFastestHz) return fail(err::uefi_clock_stands);
  ns_per_tick_ = static_cast<std::uint64_t>((Wide{1'000'000'000} << 32) / hz_);
  base_ = cpu_.counter();
  return timer_.create(firmware_, EVT_TIMER, TPL_CALLBACK, nullptr, nullptr);
}

std::uint64_t CpuClock::measure() noexcept {
  // An interruption (a timer handler, a busy host) only ever makes a stall longer: the shortest of
  // many is the truest. Short stalls have a good chance to pass undisturbed, and when several agree
  // on the shortest it is taken for found.
  std::uint64_t shortest = ~std::uint64_t{0};
  int agreeing = 0;
  for (int i = 0; i < kMeasurementsMax && agreeing < kAgreeing; ++i) {
    const std::uint64_t before = cpu_.counter();
    firmware_.stall_us(kMeasureUs);
    const std::uint64_t ticks = cpu_.counter() - before;
    if (ticks + ticks / kTolerance < shortest) agreeing = 0;
    if (ticks <= shortest + shortest / kTolerance) ++agreeing;
    if (ticks < shortest) shortest = ticks;
  }
  return shortest > kFastestHz ? 0 : shortest * (1'000'000 / kMeasureUs);
}

Instant CpuClock::now() noexcept {
  const Wide ticks = cpu_.counter() - base_;
  return Instant::from_ns(static_cast<std::int64_t>(ticks * ns_per_tick_ >> 32));
}

void CpuClock::idle(Instant until) noexcept {
  const Instant start = now();
  if (last_activity_ != Instant::never() && start - last_activity_ > kQuietAfter &&
      firmware_.current_tpl() == TPL_APPLICATION) {
    sleep(until);
    return;
  }
  const Instant end = until < start + kSpin ? until : start + kSpin;
  while (now() < end) cpu_.pause();
}

void CpuClock::sleep(Instant until) noexcept {
  const Duration left = until - now();
  if (left <= Duration()) return;
  if (!timer_.start_timer(left < kSleepMax ? left : kSleepMax).ok()) return;
  // WaitForEvent lets the CPU sleep; a key ends the wait early.
  EFI_EVENT events[2] = {timer_.raw(), nullptr};
  UINTN count = 1;
  EFI_SIMPLE_TEXT_INPUT_PROTOCOL* keyboard = firmware_.table().ConIn;
  if (keyboard != nullptr && keyboard->WaitForKey != nullptr)
    events[count++] = keyboard->WaitForKey;
  UINTN index = 0;
  (void)firmware_.boot().WaitForEvent(count, events, &index);
  timer_.stop_timer();
}

}  // namespace kedge::uefi
