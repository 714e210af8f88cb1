// SPDX-License-Identifier: BSD-2-Clause-Patent
// CpuClock: the monotonic clock, from the CPU's counter: no timer event, valid at any TPL.
#pragma once

#include "base/time.h"
#include "uefi/cpu.h"
#include "uefi/event.h"

namespace kedge::uefi {

class CpuClock final : public Clock {
 public:
  explicit CpuClock(const Firmware& firmware, Cpu& cpu = real_cpu()) noexcept
      : firmware_(firmware), cpu_(cpu) {}

  /// Learns the counter's rate: from the CPU or hypervisor, else by measuring against the
  /// firmware's Stall, which takes 10 ms, or up to 100 ms on a busy host. Errors:
  /// uefi_clock_stands.
  Result<void> start() noexcept;

  Instant now() noexcept override;
  /// Nothing is ready. While the network was busy lately, spins for a moment only: an answer may
  /// arrive at once. Later lets the CPU sleep until the firmware's next timer tick.
  void idle(Instant until) noexcept override;
  /// Something happened on the network. Before the first call idle() never sleeps.
  void note_activity() noexcept { last_activity_ = now(); }

  std::uint64_t counter_hz() const noexcept { return hz_; }

 private:
  std::uint64_t measure() noexcept;
  void sleep(Instant until) noexcept;

  const Firmware& firmware_;
  Cpu& cpu_;
  Event timer_;
  std::uint64_t hz_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t ns_per_tick_ = 0;  // 32.32 fixed point
  Instant last_activity_ = Instant::never();
};

}  // namespace kedge::uefi
