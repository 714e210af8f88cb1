// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/power.h"

#include "uefi/status.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kGlobalVariable = EFI_GLOBAL_VARIABLE;

CHAR16* units(wchar_t* text) noexcept {
  return reinterpret_cast<CHAR16*>(text);
}

}  // namespace

Result<void> FirmwarePower::reboot(Reset kind) noexcept {
  if (kind == Reset::firmware_setup) KEDGE_CHECK(request_setup());
  firmware_.runtime().ResetSystem(kind == Reset::warm ? EfiResetWarm : EfiResetCold, EFI_SUCCESS, 0,
                                  nullptr);
  return fail(err::uefi_reset_failed);
}

Result<void> FirmwarePower::power_off() noexcept {
  firmware_.runtime().ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, nullptr);
  return fail(err::uefi_reset_failed);
}

Result<void> FirmwarePower::request_setup() noexcept {
  EFI_RUNTIME_SERVICES& runtime = firmware_.runtime();
  EFI_GUID guid = kGlobalVariable;
  wchar_t supported_name[] = EFI_OS_INDICATIONS_SUPPORT_VARIABLE_NAME;
  wchar_t name[] = EFI_OS_INDICATIONS_VARIABLE_NAME;
  UINT64 supported = 0;
  UINTN size = sizeof(supported);
  if (EFI_ERROR(runtime.GetVariable(units(supported_name), &guid, nullptr, &size, &supported)) ||
      (supported & EFI_OS_INDICATIONS_BOOT_TO_FW_UI) == 0) {
    return fail(err::uefi_no_setup);
  }
  UINT64 value = 0;
  size = sizeof(value);
  if (EFI_ERROR(runtime.GetVariable(units(name), &guid, nullptr, &size, &value))) value = 0;
  value |= EFI_OS_INDICATIONS_BOOT_TO_FW_UI;
  constexpr UINT32 kAttributes =
      EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS;
  return from_status(runtime.SetVariable(units(name), &guid, kAttributes, sizeof(value), &value),
                     err::uefi_no_setup);
}

}  // namespace kedge::uefi
