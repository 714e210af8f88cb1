// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/firmware.h"

namespace kedge::uefi {

const void* Firmware::configuration_table(const EFI_GUID& guid) const noexcept {
  for (UINTN i = 0; i < table_->NumberOfTableEntries; ++i) {
    const EFI_CONFIGURATION_TABLE& entry = table_->ConfigurationTable[i];
    if (same_guid(entry.VendorGuid, guid)) return entry.VendorTable;
  }
  return nullptr;
}

std::vector<Handle> Firmware::locate(const EFI_GUID& protocol) const noexcept {
  UINTN count = 0;
  EFI_HANDLE* buffer = nullptr;
  std::vector<Handle> handles;
  const EFI_STATUS status =
      boot().LocateHandleBuffer(ByProtocol, guid_pointer(protocol), nullptr, &count, &buffer);
  if (EFI_ERROR(status)) return handles;
  handles.reserve(count);
  for (UINTN i = 0; i < count; ++i) handles.emplace_back(buffer[i]);
  boot().FreePool(buffer);
  return handles;
}

EFI_TPL Firmware::current_tpl() const noexcept {
  // UEFI has no way to ask; raising to the highest level and back tells.
  const EFI_TPL level = boot().RaiseTPL(TPL_HIGH_LEVEL);
  boot().RestoreTPL(level);
  return level;
}

void Firmware::set_watchdog(Duration span) const noexcept {
  // Codes up to 0xffff are the firmware's own (UEFI 2.10, 7.5 SetWatchdogTimer).
  constexpr UINT64 kCode = 0x6b656467;
  (void)boot().SetWatchdogTimer(static_cast<UINTN>(span.count_s()), kCode, 0, nullptr);
}

TplGuard::TplGuard(const Firmware& firmware, EFI_TPL level) noexcept : firmware_(firmware) {
  // Not looking first: that takes the highest level and switches interrupts off and on, which costs
  // more than all else that SNP does for a packet.
  previous_ = firmware.boot().RaiseTPL(level);
}

TplGuard::~TplGuard() {
  firmware_.boot().RestoreTPL(previous_);
}

}  // namespace kedge::uefi
