// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/driver_binding.h"

#include <algorithm>

namespace kedge::uefi {
namespace {

/// What the caller wants started (UEFI 2.10, 11.1 Start): all children, none, or a certain one.
struct Wanted {
  bool is_valid = true;
  bool is_child = true;
  std::optional<wire::MacAddress> mac;
};

Wanted wanted_by(const EFI_DEVICE_PATH_PROTOCOL* remaining, NicPolicy* policy) noexcept {
  if (remaining == nullptr) return {};
  const ByteView path = device_path_bytes(remaining);
  const std::optional<DevicePathNode> node = first_node(path);
  if (!node.has_value()) return {.is_valid = !path.empty(), .is_child = false, .mac = {}};
  if (policy != nullptr) {
    if (const auto mac = policy->named_by(*node)) {
      return {.is_valid = true, .is_child = true, .mac = mac};
    }
  }
  if (!node->is(MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP)) {
    return {.is_valid = false, .is_child = false, .mac = {}};
  }
  ByteReader reader(node->data);
  const wire::MacAddress mac = wire::MacAddress::read(reader);
  return {.is_valid = reader.ok(), .is_child = true, .mac = mac};
}

/// Of what Start may answer.
EFI_STATUS why_not_started(const Error& error) noexcept {
  return error.kind() == ErrorKind::no_memory ? EFI_OUT_OF_RESOURCES : EFI_DEVICE_ERROR;
}

}  // namespace

NicDriverBinding::NicDriverBinding(const Firmware& firmware,
                                   std::span<const driver::NativeDriver> drivers, NicPolicy* policy,
                                   MakeNicIdentifier make_identifier) noexcept
    : firmware_(firmware),
      drivers_(drivers),
      policy_(policy),
      make_identifier_(make_identifier),
      table_(*this, firmware),
      component_name_(firmware, *this),
      installation_(firmware, firmware.image()) {
  using P = EFI_DRIVER_BINDING_PROTOCOL;
  table_.raw.Supported = Entry<P, &NicDriverBinding::supported>::call;
  table_.raw.Start = Entry<P, &NicDriverBinding::start>::call;
  table_.raw.Stop = Entry<P, &NicDriverBinding::stop>::call;
  table_.raw.Version = kVersion;
  table_.raw.ImageHandle = firmware.image().raw();
  table_.raw.DriverBindingHandle = firmware.image().raw();
  supported_version_.Length = sizeof(supported_version_);
  supported_version_.FirmwareVersion = EFI_2_10_SYSTEM_TABLE_REVISION;
}

NicDriverBinding::~NicDriverBinding() = default;

Result<void> NicDriverBinding::install() noexcept {
  // TPL_NOTIFY: at TPL_CALLBACK an IOMMU driver may have torn down its mappings before us.
  KEDGE_CHECK(exit_event_.create(firmware_, EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
                                 firmware_entry<&exit_boot_services>, this));
  // The binding last: with it, the firmware may use the others.
  Result<void> done = installation_.install(&supported_version_);
  if (done.ok()) done = installation_.install(component_name_.raw());
  if (done.ok()) done = installation_.install(&table_.raw);
  if (!done.ok()) {
    (void)installation_.remove();
    // An image that fails is thrown away as it is, without destructors.
    exit_event_.close();
  }
  return done;
}

void NicDriverBinding::exit_boot_services(EFI_EVENT, void* context) noexcept {
  auto& self = *static_cast<NicDriverBinding*>(context);
  self.firmware_.end_boot_services();
  for (const auto& nic : self.nics_) nic->retire();
}

EFI_STATUS NicDriverBinding::unload() noexcept {
  if (firmware_.boot_services_ended()) return EFI_DEVICE_ERROR;
  while (!nics_.empty()) {
    const std::size_t before = nics_.size();
    const EFI_STATUS status = firmware_.boot().DisconnectController(
        nics_.back()->controller().raw(), firmware_.image().raw(), nullptr);
    if (EFI_ERROR(status)) return status;
    // Each round ends with one NIC less, or never would.
    if (nics_.size() >= before) return EFI_DEVICE_ERROR;
  }
  return installation_.remove() ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

DriverNic* NicDriverBinding::find(Handle controller) const noexcept {
  for (const auto& nic : nics_) {
    if (nic->controller() == controller) return nic.get();
  }
  return nullptr;
}

/// SUCCESS, ALREADY_STARTED, ACCESS_DENIED (somebody has it), UNSUPPORTED. Asked for every handle
/// of the machine, often: looks at the ids and leaves nothing behind.
EFI_STATUS NicDriverBinding::supported(EFI_HANDLE controller,
                                       EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept {
  const Wanted wanted = wanted_by(remaining, policy_);
  if (const DriverNic* nic = find(Handle(controller))) {
    if (!wanted.is_valid) return EFI_UNSUPPORTED;
    // Started without child before: that can still be made.
    if (nic->is_complete() || !wanted.is_child) return EFI_ALREADY_STARTED;
    return !wanted.mac.has_value() || *wanted.mac == nic->mac() ? EFI_SUCCESS : EFI_UNSUPPORTED;
  }
  EFI_BOOT_SERVICES& boot = firmware_.boot();
  EFI_GUID* guid = guid_pointer<EFI_PCI_IO_PROTOCOL>();
  void* interface = nullptr;
  const EFI_HANDLE agent = firmware_.image().raw();
  const EFI_STATUS opened = boot.OpenProtocol(controller, guid, &interface, agent, controller,
                                              EFI_OPEN_PROTOCOL_BY_DRIVER);
  if (EFI_ERROR(opened)) return opened;
  auto* io = static_cast<EFI_PCI_IO_PROTOCOL*>(interface);
  UINT32 ids = 0;
  const EFI_STATUS read = io->Pci.Read(io, EfiPciIoWidthUint32, 0, 1, &ids);
  (void)boot.CloseProtocol(controller, guid, agent, controller);
  const driver::PciId id{static_cast<std::uint16_t>(ids & 0xffff),
                         static_cast<std::uint16_t>(ids >> 16)};
  const bool is_ours = !EFI_ERROR(read) && driver::find_driver(drivers_, id) != nullptr;
  return is_ours && wanted.is_valid ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

/// SUCCESS, ALREADY_STARTED, DEVICE_ERROR, OUT_OF_RESOURCES, UNSUPPORTED. After a failure the NIC
/// is as it was: the firmware asks its next driver.
EFI_STATUS NicDriverBinding::start(EFI_HANDLE controller,
                                   EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept {
  DriverNic* nic = find(Handle(controller));
  if (nic == nullptr) return start_new(Handle(controller), remaining);
  const Wanted wanted = wanted_by(remaining, policy_);
  if (nic->is_complete() || !wanted.is_child) return EFI_ALREADY_STARTED;
  if (wanted.mac.has_value() && *wanted.mac != nic->mac()) return EFI_UNSUPPORTED;
  const Result<void> added = nic->add_handles();
  return added.ok() ? EFI_SUCCESS : why_not_started(added.error());
}

EFI_STATUS NicDriverBinding::start_new(Handle controller,
                                       EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept {
  const Wanted wanted = wanted_by(remaining, policy_);
  const std::optional<PciSummary> pci = look_at_pci(firmware_, controller);
  const driver::NativeDriver* driver =
      pci.has_value() ? driver::find_driver(drivers_, pci->id) : nullptr;
  if (driver == nullptr || !wanted.is_valid) return EFI_UNSUPPORTED;
  auto nic = DriverNic::open(firmware_, controller, *driver, policy_, make_identifier_);
  if (!nic.ok()) return why_not_started(nic.error());
  if (wanted.mac.has_value() && *wanted.mac != (*nic)->mac()) return EFI_UNSUPPORTED;
  // In the list before the child appears: who is told of that may ask for its name.
  nics_.push_back(*std::move(nic));
  if (!wanted.is_child) return EFI_SUCCESS;
  if (const Result<void> added = nics_.back()->add_handles(); !added.ok()) {
    // What the firmware holds on to must stay, and be ours, until it lets go.
    if (!nics_.back()->has_handles()) nics_.pop_back();
    return why_not_started(added.error());
  }
  return EFI_SUCCESS;
}

/// SUCCESS, DEVICE_ERROR (not ours, or somebody holds on to the child: then it stays and works).
EFI_STATUS NicDriverBinding::stop(EFI_HANDLE controller, UINTN count,
                                  EFI_HANDLE* children) noexcept {
  DriverNic* nic = find(Handle(controller));
  if (nic == nullptr) return EFI_DEVICE_ERROR;
  bool child_goes = count == 0;
  bool boot_option_goes = count == 0;
  if (count != 0 && children == nullptr) return EFI_DEVICE_ERROR;
  for (UINTN i = 0; i < count; ++i) {
    const Handle child(children[i]);
    if (!child || (child != nic->child() && child != nic->boot_handle())) return EFI_DEVICE_ERROR;
    (child == nic->child() ? child_goes : boot_option_goes) = true;
  }
  // While a stack of ours has the device, the child stays: images that it starts find it there.
  if (child_goes && nic->user() == DriverNic::User::own_stack) return EFI_DEVICE_ERROR;
  // First what refuses while a boot of ours runs, for that uses everything else.
  if (boot_option_goes && !nic->remove_boot_option().ok()) return EFI_DEVICE_ERROR;
  if (child_goes && !nic->remove_child().ok()) {
    // All of it stays, the boot option too.
    if (boot_option_goes) (void)nic->add_handles();
    return EFI_DEVICE_ERROR;
  }
  if (count != 0) return EFI_SUCCESS;
  std::erase_if(nics_, [&](const auto& entry) { return entry.get() == nic; });
  return EFI_SUCCESS;
}

const char16_t* NicDriverBinding::name_of(Handle controller, Handle child) const noexcept {
  const DriverNic* nic = find(controller);
  if (nic == nullptr) return nullptr;
  if (!child) return u"Network controller driven by Kedge";
  if (child == nic->boot_handle()) return u"Kedge network boot";
  return child == nic->child() ? u"Kedge network interface" : nullptr;
}

}  // namespace kedge::uefi
