// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/application.h"

#include "app/launch.h"
#include "app/option_channels.h"
#include "app/session_run.h"
#include "link/vlan_device.h"
#include "uefi/vlan_store.h"

namespace kedge::app {
namespace {

/// The NICs of one run, their devices and their interfaces.
class NicSet final : public NicSource {
 public:
  NicSet(RunPorts& ports, const ApplicationSetup& setup) noexcept
      : setup_(setup),
        firmware_(ports.firmware),
        clock_(ports.clock),
        console_(ports.console),
        hook_(ports.firmware),
        inventory_(ports.firmware, ports.clock, ports.pages, setup.drivers, hook_) {}

  Result<void> install_hook() noexcept { return hook_.install(); }

  /// Finds and claims NICs; those that cannot be used are named.
  void find(const uefi::ChainloadContext& context) noexcept {
    inventory_.scan();
    const uefi::NicInventory::Nic* own = inventory_.find(context.path, context.mac);
    if (own != nullptr) own_path_ = own->path;
    const bool through_firmware = setup_.policy == NicPolicy::started_from;
    for (auto& nic : inventory_.nics()) {
      if (through_firmware && nic.get() != own) continue;
      auto device = std::make_unique<NicDevice>(inventory_, *nic, clock_, through_firmware);
      if (const Result<void> claimed = device->claim(); !claimed.ok()) {
        format_to(console_, "NIC {}: {}\n", nic->bus, claimed.error());
        continue;
      }
      devices_.push_back(std::make_unique<Entry>(std::move(device)));
      devices_.back()->vlan.set_tag(vlan_of(*devices_.back()->device, nic.get() == own, context));
    }
  }

  void add_to(net::LwipStack& stack, Session& session) noexcept override {
    for (const auto& entry : devices_) {
      const Result<net::Interface*> interface = stack.add(entry->shared.host());
      if (!interface.ok()) continue;
      const uefi::NicInventory::Nic& nic = entry->device->nic();
      session.interfaces().add(**interface,
                               {nic.bus, nic.id.vendor, nic.id.device, entry->vlan.tag()});
    }
  }

  const uefi::DevicePath& own_path() const noexcept { return own_path_; }

  void give_to_firmware() noexcept override { inventory_.give_back(); }
  std::optional<uefi::ImageNetwork::Nic> shared_nic(net::Interface& interface) noexcept override {
    Entry* const entry = find(interface);
    if (entry == nullptr) return std::nullopt;
    const uefi::NicInventory::Nic& nic = entry->device->nic();
    // Where the firmware's driver stays in between, its handle is the NIC's for everybody.
    if (nic.through_firmware) return std::nullopt;
    uefi::DevicePath path = nic.path;
    path.append_mac(entry->device->mac());
    return uefi::ImageNetwork::Nic{entry->shared, nic.pci, {}, std::move(path)};
  }
  void set_consumer(net::Interface& interface, driver::Consumer consumer) noexcept override {
    if (Entry* const entry = find(interface)) entry->device->set_consumer(consumer);
  }

 private:
  struct Entry {
    explicit Entry(std::unique_ptr<NicDevice> nic) noexcept : device(std::move(nic)) {}

    std::unique_ptr<NicDevice> device;
    link::VlanDevice vlan{*device};
    link::SharedDevice shared{vlan};
  };
  Entry* find(net::Interface& interface) const noexcept {
    for (const auto& entry : devices_) {
      if (&interface.device() == &entry->shared.host()) return entry.get();
    }
    return nullptr;
  }
  /// Where we came from is beyond doubt, and what has started us may put us into a VLAN without
  /// our knowing. Else what the machine's owner has said counts, then what the firmware remembers.
  wire::VlanTag vlan_of(const NicDevice& device, bool is_own,
                        const uefi::ChainloadContext& context) const noexcept {
    if (is_own && context.nodes.mac.has_value()) {
      const std::uint16_t id = context.nodes.vlan.value_or(0);
      if (id == 0 || id > wire::VlanTag::kIdMax) return {};
      // Its path says nothing of priorities.
      const wire::VlanList stored = uefi::stored_vlans(firmware_, device.mac());
      const wire::VlanTag* const known = stored.find(id);
      return known != nullptr ? *known : wire::VlanTag{id, 0};
    }
    const NicOptions options =
        read_boot_options(firmware_, uefi::real_fw_cfg(firmware_), device.mac(), kVlanOption)
            .resolve(device.mac(), Personality::driver);
    for (const OptionProblem& problem : options.problems) show_problem(console_, problem);
    const wire::VlanList vlans = vlans_of(firmware_, device.mac(), options);
    return vlans.empty() ? wire::VlanTag() : vlans.tags().front();
  }

  const ApplicationSetup& setup_;
  const uefi::Firmware& firmware_;
  uefi::CpuClock& clock_;
  port::Console& console_;
  uefi::ExitBootServicesHook hook_;
  uefi::NicInventory inventory_;
  std::vector<std::unique_ptr<Entry>> devices_;
  uefi::DevicePath own_path_;
};

}  // namespace

EFI_STATUS run_application(const uefi::Firmware& firmware, const ApplicationSetup& setup) noexcept {
  RunPorts ports(firmware);
  if (!ports.start().ok()) return EFI_DEVICE_ERROR;
  const uefi::ChainloadContext context = uefi::read_chainload_context(firmware);
  SessionSetup session;
  session.launch = describe_launch(firmware, context);
  NicSet nics(ports, setup);
  if (const Result<void> hooked = nics.install_hook(); !hooked.ok()) {
    format_to(ports.console, "{}\n", hooked.error());
    return EFI_OUT_OF_RESOURCES;
  }
  nics.find(context);
  session.device = nics.own_path();
  const Result<void> result = run_session(ports, nics, std::move(session));
  if (result.ok()) return EFI_SUCCESS;
  return result.error().kind() == ErrorKind::denied ? EFI_SECURITY_VIOLATION : EFI_ABORTED;
}

}  // namespace kedge::app
