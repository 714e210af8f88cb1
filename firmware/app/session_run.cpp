// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/session_run.h"

#include "app/fetcher.h"
#include "app/image_host.h"
#include "app/launch.h"
#include "app/starter.h"
#include "client/dns/dns_resolver.h"
#include "kedge_config.h"
#include "uefi/input.h"
#include "uefi/power.h"

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

void apply(std::span<const NicOptions::Setting> given, script::SettingsTree& settings,
           port::Console& console) noexcept {
  for (const NicOptions::Setting& setting : given) {
    if (const Result<void> set = settings.set(setting.name, setting.value); !set.ok()) {
      format_to(console, "{} {}: {}\n", channel_name(setting.channel), setting.name, set.error());
    }
  }
}

}  // namespace

void ConsoleLog::line(LogLevel, std::string_view tag, std::string_view text) noexcept {
  format_to(console_, "{}: {}\n", tag, text);
}

void show_problem(port::Console& console, const OptionProblem& problem) noexcept {
  format_to(console, "{} {}: {}\n", channel_name(problem.channel), problem.key, problem.error);
}

Result<void> RunPorts::start() noexcept {
  format_to(console, "\nKedge {} ({} UEFI)\n", config::kVersion, kArchitecture);
  firmware.set_watchdog(Duration());
  if (const Result<void> started = clock.start(); !started.ok()) {
    format_to(console, "{}\n", started.error());
    return started;
  }
  if (const Result<void> started = entropy.start(); !started.ok()) {
    format_to(console, "Warning: {}\n", started.error());
  }
  smbios = uefi::read_smbios(firmware);
  return {};
}

Result<void> run_session(RunPorts& ports, NicSource& nics, SessionSetup setup) noexcept {
  async::Loop loop(ports.clock);
  uefi::Keyboard keyboard(ports.firmware, loop);
  uefi::FirmwarePower power(ports.firmware);
  Starter starter(ports.firmware);
  starter.set_device(std::move(setup.device));

  net::LwipStack stack(loop, ports.entropy);
  using Handover = std::conditional_t<config::kImageNetwork, ImageHost, NicHandover>;
  Handover handover({ports.firmware, nics, loop, stack, keyboard, starter});
  client::DnsResolver resolver(stack);
  stack.set_resolver_client(&resolver);
  Fetcher fetcher(stack, format("Kedge/{}", config::kVersion));
  std::optional<client::DhcpLease> lease = cached_lease(setup.launch);
  const std::optional<wire::MacAddress> boot_mac = setup.launch.boot_mac;
  const bool another_follows = setup.launch.another_follows;
  Session session({loop, ports.clock, ports.console, keyboard, power, ports.pages, starter, stack,
                   handover, fetcher, kMachine},
                  identity_of(ports.smbios), std::move(setup.launch));
  handover.attach(session, fetcher);
  fetcher.set_settings(session.settings());
  set_machine_settings(session.settings(), ports.smbios);
  nics.add_to(stack, session);
  apply(setup.settings, session.settings(), ports.console);
  if (lease.has_value()) session.interfaces().offer_cached_lease(*boot_mac, *std::move(lease));

  const Result<void> result = session.run();
  handover.close();
  if (!result.ok() && !another_follows) format_to(ports.console, "Returning to the firmware\n");
  return result;
}

}  // namespace kedge::app
