// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// conformance.efi [SUITE...]: asks the NICs of the machine what the UEFI conformance tests ask of
// drivers (read of edk2-test; docs/compatibility.md, "Conformance tests"), and prints a line for
// each assertion. It runs in the UEFI shell, with the firmware's own stack where `connect -r` has
// put it, as they do: nothing is disconnected. Without a name it asks all.
#include <string>

#include "base/format.h"
#include "report.h"
#include "uefi/console.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"
#include "uefi/text.h"

namespace kedge::uefi::conformance {
namespace {

constexpr Suite kSuites[] = {
    {"snp", ask_snp},
    {"wire", ask_snp_on_the_wire},
    {"name", ask_component_name},
    {"adapter", ask_adapter_information},
    {"vlan", ask_vlan_config},
    {"config", ask_config_access},
    {"pxe", ask_pxe, true},
    {"mtftp", ask_pxe_group, true},
};

/// The command line: "conformance.efi snp name".
std::string command_line(const Firmware& firmware) {
  const auto* image = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image());
  if (image == nullptr) return {};
  std::string line = to_utf8(static_cast<const CHAR16*>(image->LoadOptions),
                             image->LoadOptionsSize / sizeof(CHAR16));
  if (const auto end = line.find('\0'); end != std::string::npos) line.resize(end);
  return ' ' + line + ' ';
}

bool run(const Firmware& firmware) {
  const std::string line = command_line(firmware);
  Report report(firmware);
  bool is_named = false;
  for (const Suite& suite : kSuites) is_named |= line.contains(format(" {} ", suite.name));
  for (const Suite& suite : kSuites) {
    if (!is_named && suite.only_by_name) continue;
    if (is_named && !line.contains(format(" {} ", suite.name))) continue;
    report.begin_suite();
    suite.ask(firmware, report);
    report.end_suite(suite.name);
  }
  return report.end();
}

}  // namespace
}  // namespace kedge::uefi::conformance

std::size_t kedge_main(void* image_handle, void* system_table) {
  using namespace kedge::uefi;
  const Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                          static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return conformance::run(firmware) ? EFI_SUCCESS : EFI_ABORTED;
}
