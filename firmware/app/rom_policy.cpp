// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/rom_policy.h"

#include <new>

#include "app/personality_errors.h"
#include "app/rom_nic.h"
#include "kedge_config.h"
#include "uefi/boot_name.h"
#include "uefi/vlan_config.h"

namespace kedge::app {
namespace {

Personality built_in_personality() noexcept {
  return parse_personality(config::kRomPersonality).value_or(Personality::driver);
}

}  // namespace

NicOptions RomPolicy::options_for(const wire::MacAddress& mac, std::string_view only) noexcept {
  return read_boot_options(firmware_, fw_cfg_, mac, only).resolve(mac, built_in_personality());
}

uefi::NicOffer RomPolicy::offer_for(const wire::MacAddress& mac) noexcept {
  switch (options_for(mac, kPersonalityOption).personality) {
    case Personality::driver:
      return {.simple_network = true, .boot_option = false};
    case Personality::takeover:
      return {.simple_network = false, .boot_option = true, .vlan_config = true};
    case Personality::both:
      return {.simple_network = true, .boot_option = true};
  }
  return {};
}

std::unique_ptr<uefi::NicBootOption> RomPolicy::make_boot_option(uefi::DriverNic& nic) noexcept {
  return std::unique_ptr<uefi::NicBootOption>(new (std::nothrow)
                                                  uefi::BootOption(firmware_, nic, *this));
}

std::unique_ptr<uefi::NicProtocol> RomPolicy::make_vlan_config(
    const wire::MacAddress& mac) noexcept {
  return std::unique_ptr<uefi::NicProtocol>(new (std::nothrow) uefi::VlanConfig(firmware_, mac));
}

std::optional<wire::MacAddress> RomPolicy::named_by(const uefi::DevicePathNode& node) noexcept {
  return uefi::boot_option_mac(node);
}

Result<void> RomPolicy::boot(uefi::DriverNic& nic) noexcept {
  // The stack is one for the image. What a boot over another NIC has started may have come here.
  if (running_) return fail(err::personality_boot_runs);
  running_ = true;
  const Result<void> result = run(nic);
  running_ = false;
  return result;
}

Result<void> RomPolicy::run(uefi::DriverNic& nic) noexcept {
  RunPorts ports(firmware_, cpu_);
  KEDGE_CHECK(ports.start());
  const NicOptions options = options_for(nic.mac());
  for (const OptionProblem& problem : options.problems) show_problem(ports.console, problem);
  RomNic source(ports, nic);
  if (const Result<void> claimed = source.claim(); !claimed.ok()) {
    format_to(ports.console, "NIC {}: {}\n", nic.mac(), claimed.error());
    source.give_back();
    return claimed;
  }
  const Result<void> result = run_in_vlans(ports, source, nic, options);
  source.give_back();
  return result;
}

Result<void> RomPolicy::run_in_vlans(RunPorts& ports, RomNic& source, uefi::DriverNic& nic,
                                     const NicOptions& options) noexcept {
  const wire::VlanList vlans = vlans_of(firmware_, nic.mac(), options);
  std::span<const wire::VlanTag> left = vlans.tags();
  for (;;) {
    if (!left.empty()) source.set_vlan(left[0]);
    SessionSetup setup;
    setup.launch.boot_mac = nic.mac();
    setup.launch.given_script = options.script;
    setup.launch.given_url = options.url;
    setup.launch.another_follows = left.size() > 1;
    setup.device = nic.path();
    setup.settings = options.settings;
    const Result<void> result = run_session(ports, source, std::move(setup));
    if (result.ok() || left.size() <= 1 || result.error().kind() == ErrorKind::cancelled) {
      return result;
    }
    left = left.subspan(1);
    format_to(ports.console, "The NIC's next VLAN is {}\n", left[0]);
  }
}

}  // namespace kedge::app
