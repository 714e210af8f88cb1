// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/application.h"

#include "app/fetcher.h"
#include "app/launch.h"
#include "app/session.h"
#include "app/starter.h"
#include "base/log.h"
#include "client/dns/dns_resolver.h"
#include "kedge_config.h"
#include "net/lwip/lwip_stack.h"
#include "uefi/clock.h"
#include "uefi/console.h"
#include "uefi/entropy.h"
#include "uefi/input.h"
#include "uefi/pages.h"
#include "uefi/power.h"
#include "uefi/smbios.h"

namespace kedge::app {
namespace {

#if defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
constexpr auto kDhcpArchitecture = client::DhcpArchitecture::arm64_uefi;
constexpr auto kMachine = image::Machine::aarch64;
#elif defined(__riscv)
constexpr std::string_view kArchitecture = "riscv64";
constexpr auto kDhcpArchitecture = client::DhcpArchitecture::riscv64_uefi;
constexpr auto kMachine = image::Machine::riscv64;
#elif defined(__loongarch64)
constexpr std::string_view kArchitecture = "loong64";
constexpr auto kDhcpArchitecture = client::DhcpArchitecture::loongarch64_uefi;
constexpr auto kMachine = image::Machine::loongarch64;
#else
constexpr std::string_view kArchitecture = "x86_64";
constexpr auto kDhcpArchitecture = client::DhcpArchitecture::x64_uefi;
constexpr auto kMachine = image::Machine::x86_64;
#endif

/// Log lines go to the screen.
class ConsoleLog final : public LogSink {
 public:
  explicit ConsoleLog(port::Console& console) noexcept : console_(console) {
    set_log(this, LogLevel::warning);
  }
  ~ConsoleLog() { set_log(nullptr, LogLevel::warning); }
  void line(LogLevel, std::string_view tag, std::string_view text) noexcept override {
    format_to(console_, "{}: {}\n", tag, text);
  }

 private:
  port::Console& console_;
};

MachineIdentity identity_of(const uefi::Smbios& smbios) noexcept {
  MachineIdentity identity;
  identity.architecture = kDhcpArchitecture;
  if (smbios.uuid.has_value()) {
    std::array<std::uint8_t, 16> uuid{};
    std::memcpy(uuid.data(), smbios.uuid->data(), uuid.size());
    identity.uuid = uuid;
  }
  return identity;
}

void set_machine_settings(script::SettingsTree& settings, const uefi::Smbios& smbios) noexcept {
  script::ComputedBlock& builtin = settings.builtin();
  builtin.add_text("version", config::kVersion);
  builtin.add_text("platform", "efi");
  builtin.add_text("buildarch", std::string(kArchitecture));
  builtin.add_text("manufacturer", std::string(smbios.manufacturer));
  builtin.add_text("product", std::string(smbios.product));
  builtin.add_text("serial", std::string(smbios.serial));
  builtin.add_text("asset", std::string(smbios.asset));
}

/// The NICs of one run, their devices and their interfaces.
class NicSet final : public DeviceHandover {
 public:
  NicSet(const uefi::Firmware& firmware, uefi::CpuClock& clock, port::Pages& pages,
         const ApplicationSetup& setup, port::Console& console) noexcept
      : setup_(setup),
        clock_(clock),
        console_(console),
        hook_(firmware),
        inventory_(firmware, clock, pages, setup.drivers, hook_) {}

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
      devices_.push_back(std::move(device));
    }
  }

  void add_to(net::LwipStack& stack, Session& session) noexcept {
    for (auto& device : devices_) {
      const Result<net::Interface*> interface = stack.add(*device);
      if (!interface.ok()) continue;
      const uefi::NicInventory::Nic& nic = device->nic();
      session.interfaces().add(**interface, {nic.bus, nic.id.vendor, nic.id.device});
      format_to(console_, "{}: {} {} {}\n", (*interface)->name(), device->mac(),
                device->driver_name(), nic.bus);
    }
  }

  void attach(Session& session, Fetcher& fetcher) noexcept {
    session_ = &session;
    fetcher_ = &fetcher;
  }
  const uefi::DevicePath& own_path() const noexcept { return own_path_; }

  void give_to_firmware() noexcept override {
    fetcher_->close_idle();
    session_->interfaces().close_all();
    inventory_.give_back();
  }
  // Each NIC is claimed again when its interface is opened.
  void take_back() noexcept override {}

 private:
  const ApplicationSetup& setup_;
  uefi::CpuClock& clock_;
  port::Console& console_;
  uefi::ExitBootServicesHook hook_;
  uefi::NicInventory inventory_;
  std::vector<std::unique_ptr<NicDevice>> devices_;
  uefi::DevicePath own_path_;
  Session* session_ = nullptr;
  Fetcher* fetcher_ = nullptr;
};

}  // namespace

EFI_STATUS run_application(const uefi::Firmware& firmware, const ApplicationSetup& setup) noexcept {
  uefi::TextConsole console(firmware);
  ConsoleLog log(console);
  format_to(console, "\nKedge {} ({} UEFI)\n", config::kVersion, kArchitecture);
  firmware.set_watchdog(Duration());
  uefi::CpuClock clock(firmware);
  if (const Result<void> started = clock.start(); !started.ok()) {
    format_to(console, "{}\n", started.error());
    return EFI_DEVICE_ERROR;
  }
  uefi::SystemEntropy entropy(firmware);
  if (const Result<void> started = entropy.start(); !started.ok()) {
    format_to(console, "Warning: {}\n", started.error());
  }
  const uefi::Smbios smbios = uefi::read_smbios(firmware);
  const uefi::ChainloadContext context = uefi::read_chainload_context(firmware);
  LaunchContext launch = describe_launch(firmware, context);

  async::Loop loop(clock);
  uefi::Keyboard keyboard(firmware, loop);
  uefi::FirmwarePages pages(firmware);
  uefi::FirmwarePower power(firmware);
  Starter starter(firmware);
  NicSet nics(firmware, clock, pages, setup, console);
  if (const Result<void> hooked = nics.install_hook(); !hooked.ok()) {
    format_to(console, "{}\n", hooked.error());
    return EFI_OUT_OF_RESOURCES;
  }
  nics.find(context);
  starter.set_device(nics.own_path());

  net::LwipStack stack(loop, entropy);
  client::DnsResolver resolver(stack);
  stack.set_resolver_client(&resolver);
  Fetcher fetcher(stack, format("Kedge/{}", config::kVersion));
  std::optional<client::DhcpLease> lease = cached_lease(launch);
  const std::optional<wire::MacAddress> boot_mac = launch.boot_mac;
  Session session(
      {loop, clock, console, keyboard, power, pages, starter, stack, nics, fetcher, kMachine},
      identity_of(smbios), std::move(launch));
  nics.attach(session, fetcher);
  fetcher.set_settings(session.settings());
  set_machine_settings(session.settings(), smbios);
  nics.add_to(stack, session);
  if (lease.has_value()) session.interfaces().offer_cached_lease(*boot_mac, *std::move(lease));

  const Result<void> result = session.run();
  fetcher.close_idle();
  session.interfaces().close_all();
  if (result.ok()) return EFI_SUCCESS;
  format_to(console, "Returning to the firmware\n");
  return result.error().kind() == ErrorKind::denied ? EFI_SECURITY_VIOLATION : EFI_ABORTED;
}

}  // namespace kedge::app
