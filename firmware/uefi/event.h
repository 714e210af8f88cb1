// SPDX-License-Identifier: BSD-2-Clause-Patent
// Events of the firmware: timers and the ExitBootServices hook.
#pragma once

#include <vector>

#include "link/device.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

/// An event, closed when destroyed. Its notify function may only mark things ready.
class Event {
 public:
  using Notify = void(EFIAPI*)(EFI_EVENT, void*);

  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { close(); }

  /// `type` is EVT_TIMER | EVT_NOTIFY_SIGNAL and so on; `notify` runs at `level`. Errors:
  /// uefi_event_failed.
  Result<void> create(const Firmware& firmware, std::uint32_t type, EFI_TPL level, Notify notify,
                      void* context) noexcept;
  Result<void> start_timer(Duration span, EFI_TIMER_DELAY kind = TimerRelative) noexcept;
  void stop_timer() noexcept;
  void close() noexcept;
  EFI_EVENT raw() const noexcept { return event_; }

 private:
  const Firmware* firmware_ = nullptr;
  EFI_EVENT event_ = nullptr;
};

/// Silences NICs when an operating system takes over: their DMA must not run into its memory. And
/// tells the Firmware, so that what we produce answers no more. Nothing else happens there: no
/// allocation, no protocol, no log (edk2-reference 2.5).
class ExitBootServicesHook {
 public:
  static constexpr std::size_t kDevicesMax = 32;

  explicit ExitBootServicesHook(const Firmware& firmware) noexcept : firmware_(firmware) {}

  ~ExitBootServicesHook();

  /// Errors: uefi_event_failed.
  Result<void> install() noexcept;
  /// For a program that ends without running destructors: silences the devices and takes the event
  /// away, which would otherwise call into memory that is no longer ours.
  static void abandon() noexcept;
  /// A device beyond kDevicesMax is refused with base_no_space.
  Result<void> add(link::Device& device) noexcept;
  void remove(link::Device& device) noexcept;

 private:
  void quiesce_all() noexcept;
  static void notify(EFI_EVENT event, void* context) noexcept;

  const Firmware& firmware_;
  Event event_;
  link::Device* devices_[kDevicesMax] = {};
  static ExitBootServicesHook* installed_;
};

}  // namespace kedge::uefi
