// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "openings.h"

#include <span>

namespace kedge::uefi::conformance {
namespace {

void add_openings(const Firmware& firmware, Handle device, EFI_GUID* protocol,
                  std::vector<Opening>& result) {
  EFI_OPEN_PROTOCOL_INFORMATION_ENTRY* entries = nullptr;
  UINTN count = 0;
  if (EFI_ERROR(
          firmware.boot().OpenProtocolInformation(device.raw(), protocol, &entries, &count))) {
    return;
  }
  for (const EFI_OPEN_PROTOCOL_INFORMATION_ENTRY& entry : std::span(entries, count)) {
    const bool is_child = (entry.Attributes & EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER) != 0;
    if (!is_child && (entry.Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) == 0) continue;
    result.push_back({.device = device,
                      .driver = Handle(entry.AgentHandle),
                      .controller = Handle(entry.ControllerHandle),
                      .is_child = is_child});
  }
  (void)firmware.boot().FreePool(entries);
}

}  // namespace

std::vector<Opening> openings(const Firmware& firmware) {
  std::vector<Opening> result;
  Pool handles(firmware);
  UINTN count = 0;
  if (EFI_ERROR(firmware.boot().LocateHandleBuffer(
          AllHandles, nullptr, nullptr, &count, reinterpret_cast<EFI_HANDLE**>(handles.out())))) {
    return result;
  }
  for (EFI_HANDLE handle : std::span(static_cast<EFI_HANDLE*>(handles.get()), count)) {
    Pool protocols(firmware);
    UINTN protocol_count = 0;
    if (EFI_ERROR(firmware.boot().ProtocolsPerHandle(
            handle, reinterpret_cast<EFI_GUID***>(protocols.out()), &protocol_count))) {
      continue;
    }
    for (EFI_GUID* protocol : std::span(static_cast<EFI_GUID**>(protocols.get()), protocol_count)) {
      add_openings(firmware, Handle(handle), protocol, result);
    }
  }
  return result;
}

}  // namespace kedge::uefi::conformance
