// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A running virtual machine: QEMU as a child process, its serial console as a log that can be
// waited for, its control connection. One thread; every wait has a deadline.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/clock.h"
#include "support/outcome.h"
#include "support/process.h"
#include "support/serial_log.h"
#include "vm/machine.h"
#include "vm/qmp.h"

namespace kedge::host {

enum class VmState : std::uint8_t {
  running,
  powered_off,  // the guest switched itself off
  reset,        // the guest asked for a reset, which ends the VM if MachineSpec says so
  ended,        // QEMU ended for another reason: see exit_status()
};

struct VmLaunch {
  MachineSpec machine;
  std::filesystem::path qemu_log;     // QEMU's own messages
  std::filesystem::path serial_file;  // raw bytes of the console; empty: none
  int network_namespace = -1;         // QEMU runs inside it
  // Sees every piece of console output as it arrives.
  std::function<void(std::string_view)> on_serial;
};

class Vm {
 public:
  // Starts QEMU and, once its control connection answers, the guest's CPUs.
  static Outcome<std::unique_ptr<Vm>> start(VmLaunch launch);
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;
  ~Vm();

  const SerialLog& serial() const { return serial_; }
  VmState state() const { return state_; }
  // When the CPUs started.
  Instant started() const { return started_; }
  // Valid when state() is not running and QEMU has gone.
  std::optional<ExitStatus> exit_status() const { return process_->poll(); }
  pid_t pid() const { return process_->pid(); }

  // Handles what has happened, waiting for something to happen until the deadline at most. Returns
  // early when one of `extra` (descriptors of the caller's) is readable.
  void pump(Instant deadline, const std::vector<int>& extra = {});

  // Waits until the pattern appears on the console behind the last match. Nothing: the deadline has
  // passed or the VM has ended; state() tells which.
  std::optional<SerialMatch> wait_for(const Pattern& pattern, Instant deadline);
  std::optional<SerialMatch> wait_for(std::string_view pattern, Duration timeout);
  // True if the guest ended the VM before the deadline.
  bool wait_end(Instant deadline);

  // Text as if typed on the serial console ("\r" is the Enter key).
  Outcome<void> type(std::string_view text);
  // Presses keys of the emulated keyboard, QEMU's key names: {"ctrl", "c"} together.
  Outcome<void> press(const std::vector<std::string>& keys);
  // A PNG of the graphical console (MachineSpec::graphics).
  Outcome<void> screenshot(const std::filesystem::path& file);
  // The cable of NIC number `nic`.
  Outcome<void> set_link(std::size_t nic, bool up);
  Outcome<nlohmann::json> command(std::string_view name, const nlohmann::json& arguments);
  // Ends QEMU: asks, then terminates, then kills.
  void stop();

 private:
  Vm() = default;

  Outcome<void> bring_up();
  void read_serial();
  void handle_events();

  VmLaunch launch_;
  mutable std::optional<Process> process_;  // asking for the exit status collects it
  std::optional<Qmp> qmp_;
  FileDescriptor serial_socket_;
  FileDescriptor serial_file_;
  SerialLog serial_;
  SerialCursor cursor_;
  VmState state_ = VmState::running;
  Instant started_;
};

}  // namespace kedge::host
