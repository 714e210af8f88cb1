// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/variable.h"

#include "uefi/text.h"

namespace kedge::uefi {

std::optional<std::vector<std::byte>> read_variable(const Firmware& firmware,
                                                    const EFI_GUID& vendor, std::string_view name,
                                                    std::size_t bytes_max) noexcept {
  const std::u16string wide = to_utf16(name);
  UINTN bytes = 0;
  EFI_RUNTIME_SERVICES& runtime = firmware.runtime();
  const EFI_STATUS sized =
      runtime.GetVariable(raw(wide), guid_pointer(vendor), nullptr, &bytes, nullptr);
  if (sized != EFI_BUFFER_TOO_SMALL || bytes > bytes_max) return std::nullopt;
  std::vector<std::byte> value(bytes);
  if (EFI_ERROR(
          runtime.GetVariable(raw(wide), guid_pointer(vendor), nullptr, &bytes, value.data()))) {
    return std::nullopt;
  }
  value.resize(bytes);
  return value;
}

EFI_STATUS write_variable(const Firmware& firmware, const EFI_GUID& vendor, std::string_view name,
                          ByteView value) noexcept {
  constexpr UINT32 kAttributes = EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS;
  const std::u16string wide = to_utf16(name);
  // Firmware only reads it.
  const EFI_STATUS status =
      firmware.runtime().SetVariable(raw(wide), guid_pointer(vendor), kAttributes, value.size(),
                                     const_cast<std::byte*>(value.data()));
  return value.empty() && status == EFI_NOT_FOUND ? EFI_SUCCESS : status;
}

std::vector<std::string> variable_names(const Firmware& firmware, const EFI_GUID& vendor) noexcept {
  std::vector<std::string> names;
  std::u16string name(kVariableNameUnitsMax, u'\0');
  EFI_GUID owner{};
  for (std::size_t i = 0; i < kVariableNamesMax; ++i) {
    UINTN bytes = name.size() * sizeof(char16_t);
    if (EFI_ERROR(firmware.runtime().GetNextVariableName(&bytes, raw(name), &owner))) break;
    if (same_guid(owner, vendor)) names.push_back(to_utf8(raw(name), kVariableNameUnitsMax));
  }
  return names;
}

}  // namespace kedge::uefi
