// SPDX-License-Identifier: BSD-2-Clause-Patent
// Console and runtime services of FakeFirmware.
#include <cstring>

#include "tests/fake/uefi.h"
#include "uefi/text.h"

namespace kedge::fake {
namespace {

std::u16string units(const CHAR16* text) {
  return std::u16string(reinterpret_cast<const char16_t*>(text));
}

struct Services {
  static EFI_STATUS EFIAPI output_string(EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL*, CHAR16* text) {
    FakeFirmware::current().printed += uefi::to_utf8(text, 4096);
    ++FakeFirmware::current().print_calls;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI query_mode(EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL*, UINTN, UINTN* columns,
                                      UINTN* rows) {
    *columns = FakeFirmware::current().console_columns;
    *rows = 31;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI read_key(EFI_SIMPLE_TEXT_INPUT_PROTOCOL*, EFI_INPUT_KEY* key) {
    if (FakeFirmware::current().keys.empty()) return EFI_NOT_READY;
    *key = FakeFirmware::current().keys.front();
    FakeFirmware::current().keys.pop_front();
    return EFI_SUCCESS;
  }

  static EFI_STATUS EFIAPI get_time(EFI_TIME* time, EFI_TIME_CAPABILITIES*) {
    *time = {};
    time->Year = 2026;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI get_variable(CHAR16* name, EFI_GUID* vendor, UINT32*, UINTN* size,
                                        void* data) {
    auto& fake = FakeFirmware::current();
    const auto found = fake.variables.find(units(name));
    if (found == fake.variables.end()) return EFI_NOT_FOUND;
    if (!uefi::same_guid(*vendor, vendor_of(found->first))) return EFI_NOT_FOUND;
    const bool fits = *size >= found->second.size();
    *size = found->second.size();
    if (!fits) return EFI_BUFFER_TOO_SMALL;
    std::memcpy(data, found->second.data(), *size);
    return EFI_SUCCESS;
  }
  static EFI_GUID vendor_of(const std::u16string& name) {
    const auto& vendors = FakeFirmware::current().variable_vendors;
    const auto found = vendors.find(name);
    return found == vendors.end() ? EFI_GUID EFI_GLOBAL_VARIABLE : found->second;
  }
  static EFI_STATUS EFIAPI get_next_variable(UINTN* size, CHAR16* name, EFI_GUID* vendor) {
    const auto& variables = FakeFirmware::current().variables;
    const std::u16string before = units(name);
    const auto next = before.empty() ? variables.begin() : variables.upper_bound(before);
    if (next == variables.end()) return EFI_NOT_FOUND;
    const UINTN needed = (next->first.size() + 1) * sizeof(CHAR16);
    const bool fits = *size >= needed;
    *size = needed;
    if (!fits) return EFI_BUFFER_TOO_SMALL;
    std::memcpy(name, next->first.c_str(), needed);
    *vendor = vendor_of(next->first);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI set_variable(CHAR16* name, EFI_GUID* vendor, UINT32, UINTN size,
                                        void* data) {
    auto& fake = FakeFirmware::current();
    if (fake.tpl > TPL_CALLBACK) fake.violations.push_back("SetVariable at raised TPL");
    if (const EFI_STATUS failed = fake.injected(Call::set_variable); EFI_ERROR(failed)) {
      return failed;
    }
    if (size == 0) {
      fake.variable_vendors.erase(units(name));
      return fake.variables.erase(units(name)) != 0 ? EFI_SUCCESS : EFI_NOT_FOUND;
    }
    const auto* bytes = static_cast<const std::byte*>(data);
    fake.variables[units(name)] = std::vector<std::byte>(bytes, bytes + size);
    fake.variable_vendors[units(name)] = *vendor;
    return EFI_SUCCESS;
  }
  static void EFIAPI reset_system(EFI_RESET_TYPE type, EFI_STATUS, UINTN, void*) {
    FakeFirmware::current().resets.push_back(type);
  }
};

}  // namespace

void FakeFirmware::fill_console_and_runtime(EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL& out,
                                            EFI_SIMPLE_TEXT_INPUT_PROTOCOL& in,
                                            EFI_RUNTIME_SERVICES& runtime) {
  out.OutputString = Services::output_string;
  out.QueryMode = Services::query_mode;
  in.ReadKeyStroke = Services::read_key;
  runtime.GetTime = Services::get_time;
  runtime.GetVariable = Services::get_variable;
  runtime.GetNextVariableName = Services::get_next_variable;
  runtime.SetVariable = Services::set_variable;
  runtime.ResetSystem = Services::reset_system;
}

}  // namespace kedge::fake
