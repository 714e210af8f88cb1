// SPDX-License-Identifier: BSD-2-Clause-Patent
// ComponentName: EFI_COMPONENT_NAME2_PROTOCOL (UEFI 2.10, 11.5): names for people, in English.
#pragma once

#include "uefi/producer.h"

namespace kedge::uefi {

/// Which handles are whose, as the driver binding knows it.
class NicNames {
 public:
  /// Name of the controller (or of its child, where one is given); nullptr when it is not ours.
  virtual const char16_t* name_of(Handle controller, Handle child) const noexcept = 0;

 protected:
  ~NicNames() = default;
};

class ComponentName {
 public:
  ComponentName(const Firmware& firmware, const NicNames& names) noexcept;
  ComponentName(const ComponentName&) = delete;
  ComponentName& operator=(const ComponentName&) = delete;

  EFI_COMPONENT_NAME2_PROTOCOL* raw() noexcept { return &table_.raw; }

 private:
  EFI_STATUS driver_name(CHAR8* language, CHAR16** name) noexcept;
  EFI_STATUS controller_name(EFI_HANDLE controller, EFI_HANDLE child, CHAR8* language,
                             CHAR16** name) noexcept;

  const NicNames& names_;
  ProducerTable<EFI_COMPONENT_NAME2_PROTOCOL, ComponentName> table_;
};

}  // namespace kedge::uefi
