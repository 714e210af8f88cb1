// SPDX-License-Identifier: BSD-2-Clause-Patent
// Firmware: the tables that the firmware gave us, and what everything in uefi/ needs of them.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "uefi/raw.h"

namespace kedge::uefi {

/// A handle of the firmware's database. The default names nothing.
class Handle {
 public:
  constexpr Handle() noexcept = default;
  constexpr explicit Handle(EFI_HANDLE raw) noexcept : raw_(raw) {}
  constexpr EFI_HANDLE raw() const noexcept { return raw_; }
  constexpr explicit operator bool() const noexcept { return raw_ != nullptr; }
  friend constexpr bool operator==(Handle, Handle) noexcept = default;

 private:
  EFI_HANDLE raw_ = nullptr;
};

class Firmware {
 public:
  Firmware(EFI_HANDLE image, EFI_SYSTEM_TABLE* table) noexcept : image_(image), table_(table) {}

  /// Our own image: the agent of everything that we open.
  Handle image() const noexcept { return image_; }
  EFI_SYSTEM_TABLE& table() const noexcept { return *table_; }
  EFI_BOOT_SERVICES& boot() const noexcept { return *table_->BootServices; }
  EFI_RUNTIME_SERVICES& runtime() const noexcept { return *table_->RuntimeServices; }

  /// An entry of the configuration table, or nullptr.
  const void* configuration_table(const EFI_GUID& guid) const noexcept;
  /// All handles that carry the protocol; none when the firmware fails.
  std::vector<Handle> locate(const EFI_GUID& protocol) const noexcept;
  template <class P>
  std::vector<Handle> locate() const noexcept {
    return locate(kGuid<P>);
  }
  /// The task priority level at which we run now.
  EFI_TPL current_tpl() const noexcept;
  void stall_us(std::uint32_t microseconds) const noexcept { boot().Stall(microseconds); }
  /// Arms the firmware's watchdog, or disarms it with a span of zero. Ignores refusal: a firmware
  /// without watchdog cannot bite.
  void set_watchdog(Duration span) const noexcept;

  /// For whoever listens for the end of boot services: an operating system has taken over. From
  /// then on what we produce answers with errors, and touches nothing.
  void end_boot_services() const noexcept { ended_ = true; }
  bool boot_services_ended() const noexcept { return ended_; }

 private:
  Handle image_;
  EFI_SYSTEM_TABLE* table_;
  mutable bool ended_ = false;
};

/// Raises the TPL for a short section. The level before must not be above `level`: RaiseTPL would
/// lower it (UEFI 2.10, 7.1). No waiting, no console output inside.
class TplGuard {
 public:
  TplGuard(const Firmware& firmware, EFI_TPL level) noexcept;
  TplGuard(const TplGuard&) = delete;
  TplGuard& operator=(const TplGuard&) = delete;
  ~TplGuard();

 private:
  const Firmware& firmware_;
  EFI_TPL previous_;
};

}  // namespace kedge::uefi
