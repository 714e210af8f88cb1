// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/event.h"

#include <utility>

#include "uefi/firmware_entry.h"
#include "uefi/status.h"

namespace kedge::uefi {

constinit ExitBootServicesHook* ExitBootServicesHook::installed_ = nullptr;

Result<void> Event::create(const Firmware& firmware, std::uint32_t type, EFI_TPL level,
                           Notify notify, void* context) noexcept {
  close();
  EFI_EVENT event = nullptr;
  KEDGE_CHECK(from_status(firmware.boot().CreateEvent(type, level, notify, context, &event),
                          err::uefi_event_failed));
  firmware_ = &firmware;
  event_ = event;
  return {};
}

Result<void> Event::start_timer(Duration span, EFI_TIMER_DELAY kind) noexcept {
  KEDGE_ASSERT(event_ != nullptr);
  // The firmware counts in units of 100 ns.
  const auto ticks = static_cast<UINT64>(span.count_ns() > 0 ? span.count_ns() / 100 : 0);
  return from_status(firmware_->boot().SetTimer(event_, kind, ticks), err::uefi_event_failed);
}

void Event::stop_timer() noexcept {
  if (event_ != nullptr) (void)firmware_->boot().SetTimer(event_, TimerCancel, 0);
}

void Event::close() noexcept {
  if (event_ == nullptr) return;
  (void)firmware_->boot().CloseEvent(event_);
  event_ = nullptr;
}

Result<void> ExitBootServicesHook::install() noexcept {
  // TPL_NOTIFY: at TPL_CALLBACK an IOMMU driver may have torn down its mappings before us.
  KEDGE_CHECK(event_.create(firmware_, EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
                            firmware_entry<&notify>, this));
  installed_ = this;
  return {};
}

ExitBootServicesHook::~ExitBootServicesHook() {
  if (installed_ == this) installed_ = nullptr;
}

void ExitBootServicesHook::abandon() noexcept {
  ExitBootServicesHook* const hook = std::exchange(installed_, nullptr);
  if (hook == nullptr) return;
  hook->quiesce_all();
  hook->event_.close();
}

void ExitBootServicesHook::quiesce_all() noexcept {
  for (link::Device* device : devices_) {
    if (device != nullptr) device->quiesce();
  }
}

Result<void> ExitBootServicesHook::add(link::Device& device) noexcept {
  for (link::Device*& slot : devices_) {
    if (slot == nullptr) {
      slot = &device;
      return {};
    }
  }
  return fail(err::base_no_space);
}

void ExitBootServicesHook::remove(link::Device& device) noexcept {
  for (link::Device*& slot : devices_) {
    if (slot == &device) slot = nullptr;
  }
}

void ExitBootServicesHook::notify(EFI_EVENT, void* context) noexcept {
  auto& self = *static_cast<ExitBootServicesHook*>(context);
  self.firmware_.end_boot_services();
  self.quiesce_all();
}

}  // namespace kedge::uefi
