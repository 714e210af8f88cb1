// SPDX-License-Identifier: BSD-2-Clause-Patent
// What we ask of the CPU itself: its time counter, its random numbers, a pause.
#pragma once

#include <cstdint>
#include <optional>

namespace kedge::uefi {

/// The instructions behind Clock and Entropy; tests give their own.
class Cpu {
 public:
  /// A counter that advances at a constant rate, at any TPL and after ExitBootServices.
  virtual std::uint64_t counter() noexcept = 0;
  /// Its rate where the CPU or the hypervisor tells it, else absent.
  virtual std::optional<std::uint64_t> counter_hz() noexcept = 0;
  /// A number of the CPU's own random generator; absent when there is none or it ran dry.
  virtual std::optional<std::uint64_t> random() noexcept = 0;
  /// Tells the CPU that we spin.
  virtual void pause() noexcept = 0;

 protected:
  ~Cpu() = default;
};

/// The CPU that we run on.
Cpu& real_cpu() noexcept;

}  // namespace kedge::uefi
