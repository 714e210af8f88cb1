// SPDX-License-Identifier: BSD-2-Clause-Patent
// VlanConfig: EFI_VLAN_CONFIG_PROTOCOL (UEFI 2.10, 27.1) of a NIC that only boots of our own use:
// which VLANs they try, one after the other (docs/adr/0013). The machine remembers them.
#pragma once

#include "uefi/nic_policy.h"
#include "uefi/producer.h"
#include "wire/vlan.h"

namespace kedge::uefi {

class VlanConfig final : public NicProtocol {
 public:
  VlanConfig(const Firmware& firmware, const wire::MacAddress& mac) noexcept;
  VlanConfig(const VlanConfig&) = delete;
  VlanConfig& operator=(const VlanConfig&) = delete;

  const EFI_GUID& guid() const noexcept override { return kGuid<EFI_VLAN_CONFIG_PROTOCOL>; }
  void* raw() noexcept override { return &table_.raw; }

 private:
  EFI_STATUS set(UINT16 id, UINT8 priority) noexcept;
  EFI_STATUS find(UINT16* id, UINT16* count, EFI_VLAN_FIND_DATA** entries) noexcept;
  EFI_STATUS remove(UINT16 id) noexcept;
  /// What fails leaves everything as it was.
  EFI_STATUS keep(const wire::VlanList& vlans) noexcept;

  const Firmware& firmware_;
  const wire::MacAddress mac_;
  wire::VlanList vlans_;  // variables cannot be read at every TPL
  ProducerTable<EFI_VLAN_CONFIG_PROTOCOL, VlanConfig> table_;
};

}  // namespace kedge::uefi
