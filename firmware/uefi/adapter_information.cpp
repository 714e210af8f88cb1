// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/adapter_information.h"

#include <cstring>

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kTypes[] = {EFI_ADAPTER_INFO_MEDIA_STATE_GUID,
                               EFI_ADAPTER_INFO_UNDI_IPV6_SUPPORT_GUID};
constexpr const EFI_GUID& kMediaState = kTypes[0];
constexpr const EFI_GUID& kIpv6Support = kTypes[1];

}  // namespace

AdapterInformation::AdapterInformation(SnpProducer& snp) noexcept
    : snp_(snp), table_(*this, snp.firmware(), snp.rules()) {
  using P = EFI_ADAPTER_INFORMATION_PROTOCOL;
  table_.raw.GetInformation = Entry<P, &AdapterInformation::get>::call;
  table_.raw.SetInformation = Entry<P, &AdapterInformation::set>::call;
  table_.raw.GetSupportedTypes = Entry<P, &AdapterInformation::supported_types>::call;
}

/// The caller frees the block by FreePool.
EFI_STATUS AdapterInformation::copy_out(const void* data, std::size_t bytes,
                                        void** block) noexcept {
  void* memory = nullptr;
  const EFI_STATUS status =
      snp_.firmware().boot().AllocatePool(EfiBootServicesData, bytes, &memory);
  if (EFI_ERROR(status)) return EFI_OUT_OF_RESOURCES;
  std::memcpy(memory, data, bytes);
  *block = memory;
  return EFI_SUCCESS;
}

/// SUCCESS, UNSUPPORTED, DEVICE_ERROR, OUT_OF_RESOURCES, INVALID_PARAMETER.
EFI_STATUS AdapterInformation::get(EFI_GUID* type, void** block, UINTN* size) noexcept {
  if (type == nullptr || block == nullptr || size == nullptr) return EFI_INVALID_PARAMETER;
  *block = nullptr;
  *size = 0;
  if (same_guid(*type, kMediaState)) {
    const Result<EFI_STATUS> media = snp_.media_state();
    if (!media.ok()) return EFI_DEVICE_ERROR;
    const EFI_ADAPTER_INFO_MEDIA_STATE state{*media};
    const EFI_STATUS status = copy_out(&state, sizeof(state), block);
    if (!EFI_ERROR(status)) *size = sizeof(state);
    return status;
  }
  if (same_guid(*type, kIpv6Support)) {
    const EFI_ADAPTER_INFO_UNDI_IPV6_SUPPORT support{TRUE};
    const EFI_STATUS status = copy_out(&support, sizeof(support), block);
    if (!EFI_ERROR(status)) *size = sizeof(support);
    return status;
  }
  return EFI_UNSUPPORTED;
}

/// WRITE_PROTECTED, UNSUPPORTED, INVALID_PARAMETER: all that there is can only be read.
EFI_STATUS AdapterInformation::set(EFI_GUID* type, void* block, UINTN) noexcept {
  if (type == nullptr || block == nullptr) return EFI_INVALID_PARAMETER;
  const bool is_known = same_guid(*type, kMediaState) || same_guid(*type, kIpv6Support);
  return is_known ? EFI_WRITE_PROTECTED : EFI_UNSUPPORTED;
}

/// SUCCESS, OUT_OF_RESOURCES, INVALID_PARAMETER.
EFI_STATUS AdapterInformation::supported_types(EFI_GUID** types, UINTN* count) noexcept {
  if (types == nullptr || count == nullptr) return EFI_INVALID_PARAMETER;
  *types = nullptr;
  *count = 0;
  void* block = nullptr;
  const EFI_STATUS status = copy_out(kTypes, sizeof(kTypes), &block);
  if (EFI_ERROR(status)) return status;
  *types = static_cast<EFI_GUID*>(block);
  *count = std::size(kTypes);
  return EFI_SUCCESS;
}

}  // namespace kedge::uefi
