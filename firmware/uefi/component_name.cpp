// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/component_name.h"

#include <string_view>

namespace kedge::uefi {
namespace {

CHAR8 languages[] = "en";  // RFC 4646; the protocol wants it writable
constexpr const char16_t* kDriverName = u"Kedge network driver";

bool is_english(const CHAR8* language) noexcept {
  return std::string_view(language) == std::string_view(languages);
}

/// The protocol's type is not const; nobody writes to names.
CHAR16* as_raw(const char16_t* text) noexcept {
  return reinterpret_cast<CHAR16*>(const_cast<char16_t*>(text));
}

}  // namespace

ComponentName::ComponentName(const Firmware& firmware, const NicNames& names) noexcept
    : names_(names), table_(*this, firmware) {
  using P = EFI_COMPONENT_NAME2_PROTOCOL;
  table_.raw.GetDriverName = Entry<P, &ComponentName::driver_name>::call;
  table_.raw.GetControllerName = Entry<P, &ComponentName::controller_name>::call;
  table_.raw.SupportedLanguages = languages;
}

/// SUCCESS, INVALID_PARAMETER, UNSUPPORTED.
EFI_STATUS ComponentName::driver_name(CHAR8* language, CHAR16** name) noexcept {
  if (language == nullptr || name == nullptr) return EFI_INVALID_PARAMETER;
  if (!is_english(language)) return EFI_UNSUPPORTED;
  *name = as_raw(kDriverName);
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, UNSUPPORTED (also for what is not ours).
EFI_STATUS ComponentName::controller_name(EFI_HANDLE controller, EFI_HANDLE child, CHAR8* language,
                                          CHAR16** name) noexcept {
  if (controller == nullptr || language == nullptr || name == nullptr) {
    return EFI_INVALID_PARAMETER;
  }
  if (!is_english(language)) return EFI_UNSUPPORTED;
  const char16_t* found = names_.name_of(Handle(controller), Handle(child));
  if (found == nullptr) return EFI_UNSUPPORTED;
  *name = as_raw(found);
  return EFI_SUCCESS;
}

}  // namespace kedge::uefi
