// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge vm` as a function: prepares the media, the HTTP server and the VM from the options,
// watches the console until something decides the outcome, and reports what happened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/clock.h"
#include "support/outcome.h"
#include "support/timeline.h"
#include "vm/http_server.h"
#include "vm/machine.h"

namespace kedge::host {

// When the console shows `pattern`, `text` is typed on it.
struct SendStep {
  std::string pattern;
  std::string text;
};

// "REGEX=>TEXT", with \r \n \t \\ \xHH in TEXT.
Outcome<SendStep> parse_send_step(std::string_view text);
// "512", "64k", "512M", "8G" as bytes; nothing if it is not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);

struct VmOptions {
  Architecture architecture = host_architecture();
  std::string firmware;  // "CODE[,VARS]"; empty: found
  bool secure_boot = false;
  std::string accelerator = "auto";  // auto, kvm, tcg
  std::string cpu;
  int cpus = 1;
  int memory_mib = 2048;

  // What boots: at most one of them. Without one: the option ROM if `rom` is set, else our own
  // application.
  std::filesystem::path efi;
  std::filesystem::path iso;
  std::filesystem::path usb;
  std::filesystem::path pxe;  // offered by DHCP and TFTP to the firmware's own PXE

  std::filesystem::path kernel;
  std::vector<std::filesystem::path> initrds;
  std::string append;
  std::filesystem::path script;
  std::filesystem::path serve;
  int http_port = 0;

  std::vector<NicSpec> nics;
  std::string rom;          // for NICs that do not name one
  std::string tap;          // the first NIC's network
  std::string disk = "8G";  // a size (empty disk), "none" or a file
  std::vector<std::string> fw_cfg;
  std::vector<std::string> qemu_arguments;
  std::string display = "none";

  std::filesystem::path pcap;
  std::filesystem::path serial_file;
  std::filesystem::path screenshot;
  std::string json;                // a file, or "-"; empty: none
  std::vector<std::string> until;  // any of them
  std::vector<std::string> fail_on;
  std::vector<SendStep> sends;  // in this order
  std::optional<Duration> timeout;
  bool keep = false;         // go on after the match
  bool interactive = false;  // keys go to the guest
  bool quiet = false;
  bool dry_run = false;  // print QEMU's command instead of running it
};

// The exit codes of `kedge vm`; documented in kedge-vm(1).
enum class VmResult : std::uint8_t {
  success = 0,        // --until matched; without --until: the guest switched itself off
  failed = 1,         // --fail-on matched
  usage = 2,          // the command line made no sense
  cannot_start = 3,   // something needed is missing, or QEMU did not start
  timed_out = 4,      // --timeout passed
  ended_early = 5,    // the guest ended before --until matched
  crashed = 6,        // QEMU ended by itself
  interrupted = 130,  // Ctrl-C, SIGTERM, SIGHUP
};

std::string_view result_name(VmResult result);

struct VmReport {
  VmResult result = VmResult::success;
  std::string explanation;  // one or a few lines for a person
  std::string matched_pattern;
  std::string matched_line;
  double seconds = 0;  // from the start of the CPUs to the outcome
  Accelerator accelerator = Accelerator::tcg;
  std::string accelerator_reason;
  std::string firmware;
  std::string application;  // what was booted
  std::vector<std::string> command;
  std::vector<TimelineEvent> timeline;
  std::vector<HttpTransfer> transfers;
  std::uint64_t serial_bytes = 0;
};

// Runs to the outcome. A Failure means that the VM never ran.
Outcome<VmReport> run_session(const VmOptions& options);

}  // namespace kedge::host
