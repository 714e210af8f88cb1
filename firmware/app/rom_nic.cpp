// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/rom_nic.h"

#include "uefi/hang_guard.h"

namespace kedge::app {

using User = uefi::DriverNic::User;

link::Device* RomNic::device() const noexcept {
  return nic_.user() == User::own_stack ? nic_.device() : nullptr;
}

Result<void> RomNic::claim() noexcept {
  if (nic_.user() == User::simple_network && nic_.child()) {
    // What stands on Simple Network goes first and in peace; removing the protocol under it would
    // do the same, but without a word about who hangs.
    const std::string name =
        uefi::driver_of(firmware_, nic_.child(), uefi::kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>);
    const uefi::HangGuard guard(
        firmware_,
        format("the firmware's network stack (\"{}\") to let go of {}", name, nic_.mac()));
    if (!name.empty()) {
      (void)firmware_.boot().DisconnectController(nic_.child().raw(), nullptr, nullptr);
    }
  }
  return nic_.give_to(User::own_stack, consumer_);
}

void RomNic::give_to(User user) noexcept {
  if (const Result<void> given = nic_.give_to(user); !given.ok()) {
    format_to(console_, "NIC {}: {}\n", nic_.mac(), given.error());
  }
}

void RomNic::give_to_firmware() noexcept {
  give_to(User::simple_network);
}

std::optional<uefi::ImageNetwork::Nic> RomNic::shared_nic(net::Interface&) noexcept {
  if (!nic_.child()) return std::nullopt;
  return uefi::ImageNetwork::Nic{shared_, nic_.controller(), nic_.child(), nic_.path()};
}

void RomNic::give_back() noexcept {
  if (!nic_.offer().simple_network) return give_to(User::nobody);
  give_to(User::simple_network);
  const uefi::HangGuard guard(firmware_,
                              format("the firmware's network stack to take {} back", nic_.mac()));
  (void)firmware_.boot().ConnectController(nic_.child().raw(), nullptr, nullptr, TRUE);
}

void RomNic::add_to(net::LwipStack& stack, Session& session) noexcept {
  const Result<net::Interface*> interface = stack.add(shared_.host());
  if (!interface.ok()) return;
  const auto pci = uefi::look_at_pci(firmware_, nic_.controller());
  NicFacts facts;
  if (pci.has_value()) facts = {format("{}", *pci), pci->id.vendor, pci->id.device, {}};
  facts.vlan = vlan_.tag();
  session.interfaces().add(**interface, std::move(facts));
}

}  // namespace kedge::app
