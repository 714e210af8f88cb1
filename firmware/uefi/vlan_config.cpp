// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/vlan_config.h"

#include <algorithm>

#include "uefi/vlan_store.h"

namespace kedge::uefi {

using wire::VlanTag;

VlanConfig::VlanConfig(const Firmware& firmware, const wire::MacAddress& mac) noexcept
    : firmware_(firmware), mac_(mac), vlans_(stored_vlans(firmware, mac)), table_(*this, firmware) {
  using P = EFI_VLAN_CONFIG_PROTOCOL;
  table_.raw.Set = Entry<P, &VlanConfig::set>::call;
  table_.raw.Find = Entry<P, &VlanConfig::find>::call;
  table_.raw.Remove = Entry<P, &VlanConfig::remove>::call;
}

EFI_STATUS VlanConfig::keep(const wire::VlanList& vlans) noexcept {
  // UEFI 2.10, table 7.3: variables are for TPL_CALLBACK and below.
  if (firmware_.current_tpl() > TPL_CALLBACK) return EFI_DEVICE_ERROR;
  const EFI_STATUS status = store_vlans(firmware_, mac_, vlans);
  if (EFI_ERROR(status)) {
    return status == EFI_OUT_OF_RESOURCES ? EFI_OUT_OF_RESOURCES : EFI_DEVICE_ERROR;
  }
  // Whoever interrupts us may ask.
  const TplGuard alone(firmware_, TPL_NOTIFY);
  vlans_ = vlans;
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, DEVICE_ERROR, OUT_OF_RESOURCES.
EFI_STATUS VlanConfig::set(UINT16 id, UINT8 priority) noexcept {
  if (id > VlanTag::kIdMax || priority > VlanTag::kPriorityMax) return EFI_INVALID_PARAMETER;
  wire::VlanList vlans = vlans_;
  return vlans.set({id, priority}) ? keep(vlans) : EFI_OUT_OF_RESOURCES;
}

/// SUCCESS, INVALID_PARAMETER, NOT_FOUND, OUT_OF_RESOURCES. The caller frees the entries by
/// FreePool.
EFI_STATUS VlanConfig::find(UINT16* id, UINT16* count, EFI_VLAN_FIND_DATA** entries) noexcept {
  if (count == nullptr || entries == nullptr) return EFI_INVALID_PARAMETER;
  if (id != nullptr && *id > VlanTag::kIdMax) return EFI_INVALID_PARAMETER;
  *count = 0;
  *entries = nullptr;
  const auto wanted = [&](const VlanTag& tag) { return id == nullptr || tag.id == *id; };
  const auto matches = static_cast<UINTN>(std::ranges::count_if(vlans_.tags(), wanted));
  if (matches == 0) return EFI_NOT_FOUND;
  void* memory = nullptr;
  if (EFI_ERROR(firmware_.boot().AllocatePool(EfiBootServicesData,
                                              matches * sizeof(EFI_VLAN_FIND_DATA), &memory))) {
    return EFI_OUT_OF_RESOURCES;
  }
  *entries = static_cast<EFI_VLAN_FIND_DATA*>(memory);
  for (const VlanTag& tag : vlans_.tags()) {
    if (wanted(tag)) (*entries)[(*count)++] = {tag.id, tag.priority};
  }
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, NOT_FOUND, DEVICE_ERROR, OUT_OF_RESOURCES.
EFI_STATUS VlanConfig::remove(UINT16 id) noexcept {
  if (id > VlanTag::kIdMax) return EFI_INVALID_PARAMETER;
  wire::VlanList vlans = vlans_;
  return vlans.remove(id) ? keep(vlans) : EFI_NOT_FOUND;
}

}  // namespace kedge::uefi
