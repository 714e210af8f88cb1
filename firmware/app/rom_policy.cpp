// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/rom_policy.h"

#include <new>

#include "app/personality_errors.h"
#include "app/rom_nic.h"
#include "kedge_config.h"
#include "uefi/boot_name.h"

namespace kedge::app {
namespace {

Personality built_in_personality() noexcept {
  return parse_personality(config::kRomPersonality).value_or(Personality::driver);
}

}  // namespace

NicOptions RomPolicy::options_for(const wire::MacAddress& mac, OptionScope scope) noexcept {
  return read_boot_options(firmware_, fw_cfg_, mac, scope).resolve(mac, built_in_personality());
}

uefi::NicOffer RomPolicy::offer_for(const wire::MacAddress& mac) noexcept {
  switch (options_for(mac, OptionScope::personality).personality) {
    case Personality::driver:
      return {.simple_network = true, .boot_option = false};
    case Personality::takeover:
      return {.simple_network = false, .boot_option = true};
    case Personality::both:
      return {.simple_network = true, .boot_option = true};
  }
  return {};
}

std::unique_ptr<uefi::NicBootOption> RomPolicy::make_boot_option(uefi::DriverNic& nic) noexcept {
  return std::unique_ptr<uefi::NicBootOption>(new (std::nothrow)
                                                  uefi::BootOption(firmware_, nic, *this));
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
  NicOptions options = options_for(nic.mac(), OptionScope::all);
  for (const OptionProblem& problem : options.problems) {
    format_to(ports.console, "{} {}: {}\n", channel_name(problem.channel), problem.key,
              problem.error);
  }
  RomNic source(ports, nic);
  if (const Result<void> claimed = source.claim(); !claimed.ok()) {
    format_to(ports.console, "NIC {}: {}\n", nic.mac(), claimed.error());
    source.give_back();
    return claimed;
  }
  SessionSetup setup;
  setup.launch.boot_mac = nic.mac();
  setup.launch.given_script = std::move(options.script);
  setup.launch.given_url = std::move(options.url);
  setup.device = nic.path();
  setup.settings = options.settings;
  const Result<void> result = run_session(ports, source, std::move(setup));
  source.give_back();
  return result;
}

}  // namespace kedge::app
