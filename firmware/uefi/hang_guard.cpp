// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/hang_guard.h"

#include "uefi/console.h"
#include "uefi/firmware_entry.h"
#include "uefi/protocol.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr Duration kAgainEvery = Duration::seconds(10);
constexpr std::size_t kNameMax = 80;

std::string name_of(const Firmware& firmware, Handle agent) noexcept {
  auto* names = peek<EFI_COMPONENT_NAME2_PROTOCOL>(firmware, agent);
  CHAR16* name = nullptr;
  char language[] = "en";
  if (names == nullptr || EFI_ERROR(names->GetDriverName(names, language, &name)) ||
      name == nullptr) {
    return "unknown driver";
  }
  return to_utf8(name, kNameMax);
}

}  // namespace

HangGuard::HangGuard(const Firmware& firmware, std::string_view text) noexcept
    : firmware_(firmware) {
  BufferSink sink(text_);
  format_to(sink, "\nwaiting for {}\n", text);
  size_ = sink.text().size();
  // TPL_NOTIFY: drivers hang at TPL_CALLBACK, too. Without an event the wait is merely not named.
  if (event_
          .create(firmware, EVT_TIMER | EVT_NOTIFY_SIGNAL, TPL_NOTIFY, firmware_entry<&notify>,
                  this)
          .ok()) {
    (void)event_.start_timer(kFirstAfter);
  }
}

void HangGuard::notify(EFI_EVENT, void* context) noexcept {
  auto& self = *static_cast<HangGuard*>(context);
  TextConsole::print_raw(self.firmware_, {self.text_, self.size_});
  (void)self.event_.start_timer(kAgainEvery);
}

std::vector<Handle> drivers_on(const Firmware& firmware, Handle handle,
                               const EFI_GUID& protocol) noexcept {
  std::vector<Handle> agents;
  EFI_OPEN_PROTOCOL_INFORMATION_ENTRY* entries = nullptr;
  UINTN count = 0;
  EFI_BOOT_SERVICES& boot = firmware.boot();
  if (EFI_ERROR(
          boot.OpenProtocolInformation(handle.raw(), guid_pointer(protocol), &entries, &count))) {
    return agents;
  }
  for (UINTN i = 0; i < count; ++i) {
    const Handle agent(entries[i].AgentHandle);
    if ((entries[i].Attributes & EFI_OPEN_PROTOCOL_BY_DRIVER) != 0 && agent != firmware.image()) {
      agents.push_back(agent);
    }
  }
  if (entries != nullptr) (void)boot.FreePool(entries);
  return agents;
}

std::string driver_of(const Firmware& firmware, Handle handle, const EFI_GUID& protocol) noexcept {
  const std::vector<Handle> agents = drivers_on(firmware, handle, protocol);
  return agents.empty() ? std::string() : name_of(firmware, agents.front());
}

}  // namespace kedge::uefi
