// SPDX-License-Identifier: BSD-2-Clause-Patent
// AdapterInformation: EFI_ADAPTER_INFORMATION_PROTOCOL (UEFI 2.10, 11.12) of a NIC of ours: its
// media state, and that it carries IPv6.
#pragma once

#include "uefi/snp_producer.h"

namespace kedge::uefi {

class AdapterInformation {
 public:
  explicit AdapterInformation(SnpProducer& snp) noexcept;
  AdapterInformation(const AdapterInformation&) = delete;
  AdapterInformation& operator=(const AdapterInformation&) = delete;

  EFI_ADAPTER_INFORMATION_PROTOCOL* raw() noexcept { return &table_.raw; }

 private:
  EFI_STATUS get(EFI_GUID* type, void** block, UINTN* size) noexcept;
  EFI_STATUS set(EFI_GUID* type, void* block, UINTN size) noexcept;
  EFI_STATUS supported_types(EFI_GUID** types, UINTN* count) noexcept;
  EFI_STATUS copy_out(const void* data, std::size_t bytes, void** block) noexcept;

  SnpProducer& snp_;
  ProducerTable<EFI_ADAPTER_INFORMATION_PROTOCOL, AdapterInformation> table_;
};

}  // namespace kedge::uefi
