// SPDX-License-Identifier: BSD-2-Clause-Patent
// run_session: a session on the firmware's ports, the same for the application and for the option
// ROM, which differ in where their NICs come from and in what they know about their start.
#pragma once

#include <optional>
#include <span>

#include "app/boot_options.h"
#include "app/session.h"
#include "base/log.h"
#include "driver/native_driver.h"
#include "net/lwip/lwip_stack.h"
#include "uefi/clock.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/entropy.h"
#include "uefi/image_network.h"
#include "uefi/pages.h"
#include "uefi/smbios.h"

namespace kedge::app {

/// Log lines go to the screen.
class ConsoleLog final : public LogSink {
 public:
  explicit ConsoleLog(port::Console& console) noexcept : console_(console) {
    set_log(this, LogLevel::warning);
  }
  ~ConsoleLog() { set_log(nullptr, LogLevel::warning); }
  ConsoleLog(const ConsoleLog&) = delete;
  ConsoleLog& operator=(const ConsoleLog&) = delete;
  void line(LogLevel, std::string_view tag, std::string_view text) noexcept override;

 private:
  port::Console& console_;
};

/// "fw_cfg file vlan: not a list of VLANs", as any error of an option.
void show_problem(port::Console& console, const OptionProblem& problem) noexcept;

/// What a run needs of the firmware before it has NICs.
struct RunPorts {
  explicit RunPorts(const uefi::Firmware& firmware, uefi::Cpu& cpu = uefi::real_cpu()) noexcept
      : firmware(firmware),
        console(firmware),
        log(console),
        clock(firmware, cpu),
        entropy(firmware, cpu),
        pages(firmware) {}

  /// Prints the first line, disarms the watchdog, starts clock and randomness. Errors: those of
  /// CpuClock::start.
  Result<void> start() noexcept;

  const uefi::Firmware& firmware;
  uefi::TextConsole console;
  ConsoleLog log;
  uefi::CpuClock clock;
  uefi::SystemEntropy entropy;
  uefi::FirmwarePages pages;
  uefi::Smbios smbios;
};

/// The NICs of a run, claimed.
class NicSource {
 public:
  /// Adds them to the stack and the session, and shows them on the console.
  virtual void add_to(net::LwipStack& stack, Session& session) noexcept = 0;
  /// Lets the firmware, or an image, have the NICs; interfaces are closed.
  virtual void give_to_firmware() noexcept = 0;
  /// The NIC of an interface, for an image that uses it beside us; nothing when it cannot be
  /// shared.
  virtual std::optional<uefi::ImageNetwork::Nic> shared_nic(net::Interface& interface) noexcept = 0;
  /// From the next opening of the interface, which must be closed, its device gives frames that
  /// every stack understands (simple_network), or such as only ours does.
  virtual void set_consumer(net::Interface& interface, driver::Consumer consumer) noexcept = 0;

 protected:
  ~NicSource() = default;
};

struct SessionSetup {
  LaunchContext launch;
  uefi::DevicePath device;  ///< below which started images stand in the device tree
  std::span<const NicOptions::Setting> settings;  ///< to be set before anything runs
};

/// Runs a session from its beginning to its end. Nothing of it is left then, except that the NICs
/// are with whoever had them last.
Result<void> run_session(RunPorts& ports, NicSource& nics, SessionSetup setup) noexcept;

}  // namespace kedge::app
