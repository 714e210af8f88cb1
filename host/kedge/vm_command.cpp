// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge vm`: options from the command line, the session, and what is said about it.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "kedge/commands.h"
#include "support/file.h"
#include "support/pattern.h"
#include "vm/report.h"
#include "vm/session.h"

namespace kedge::host {
namespace {

constexpr const char* kExamples = R"(
Examples:
  Boot a Debian kernel and initrd over HTTP through kedge.efi, with an empty disk:
    kedge vm --kernel vmlinuz --initrd initrd.gz --append 'console=ttyS0'
  The same in a test: succeed when the login prompt appears, fail on a panic, give up after 2 minutes:
    kedge vm --kernel vmlinuz --initrd initrd.gz --append 'console=ttyS0' \
             --until 'login:' --fail-on 'Kernel panic' --timeout 120 --json result.json
  Try a boot script, serving a directory (@SERVER@ in the script becomes the server's URL):
    kedge vm --script boot.ipxe --serve /srv/netboot
  Try an option ROM in the NIC, and look at what it sends:
    kedge vm --rom efi-virtio.rom --script boot.ipxe --pcap boot.pcap
  Let the firmware's own PXE load an application by TFTP:
    kedge vm --pxe kedge.efi --script boot.ipxe
  Two NICs, the first without anybody who answers; an aarch64 machine:
    kedge vm --arch aarch64 --nic virtio,net=silent --nic virtio --script boot.ipxe

NIC settings (--nic MODEL,KEY=VALUE,...): models are QEMU's, and virtio, virtio-modern, virtio-legacy.
  mac=ADDRESS  net=user|silent  tap=INTERFACE  rom=FILE|default|none  link=on|off  boot=N
  Any other KEY=VALUE becomes a property of the QEMU device.

Exit codes: 0 --until matched, or without --until the guest switched itself off; 1 --fail-on matched;
  2 wrong usage; 3 something is missing or QEMU did not start; 4 timeout; 5 the guest ended before
  --until matched; 6 QEMU ended by itself; 130 interrupted. The manual page is kedge-vm(1).)";

// What CLI11 fills in and the session does not take as it is.
struct Arguments {
  VmOptions options;
  std::string architecture = std::string(architecture_name(host_architecture()));
  std::vector<std::string> nics;
  std::vector<std::string> sends;
  double timeout = 0;
};

void say_failure(const Failure& error) {
  fmt::print(stderr, "kedge: {}\n", error.what);
  if (!error.advice.empty()) fmt::print(stderr, "kedge: {}\n", error.advice);
}

Outcome<void> complete_options(Arguments& arguments) {
  VmOptions& options = arguments.options;
  KEDGE_HOST_TRY(options.architecture, parse_architecture(arguments.architecture));
  for (const std::string& text : arguments.nics) {
    KEDGE_HOST_TRY(NicSpec nic, parse_nic(text));
    options.nics.push_back(std::move(nic));
  }
  for (const std::string& text : arguments.sends) {
    KEDGE_HOST_TRY(SendStep step, parse_send_step(text));
    KEDGE_HOST_TRY([[maybe_unused]] const Pattern pattern, Pattern::compile(step.pattern));
    options.sends.push_back(std::move(step));
  }
  for (const auto* patterns : {&options.until, &options.fail_on}) {
    for (const std::string& text : *patterns) {
      KEDGE_HOST_TRY([[maybe_unused]] const Pattern pattern, Pattern::compile(text));
    }
  }
  if (arguments.timeout > 0) options.timeout = from_seconds(arguments.timeout);
  if (!options.initrds.empty() && options.kernel.empty()) {
    return failure("--initrd without --kernel", "add --kernel FILE, or write a --script");
  }
  return {};
}

int run_vm_command(Arguments& arguments) {
  if (const auto complete = complete_options(arguments); !complete) {
    say_failure(complete.error());
    return std::to_underlying(VmResult::usage);
  }
  const VmOptions& options = arguments.options;
  const auto report = run_session(options);
  if (!report) {
    say_failure(report.error());
    return std::to_underlying(VmResult::cannot_start);
  }
  if (options.dry_run) {
    fmt::print("{}\n", report->explanation);
    return 0;
  }
  const bool json_on_stdout = options.json == "-";
  if (!options.quiet) fmt::print(json_on_stdout ? stderr : stdout, "{}", format_report(*report));
  if (!options.json.empty()) {
    constexpr int kIndent = 2;
    // The guest may print any bytes; what is no UTF-8 is replaced.
    const std::string text =
        json_report(*report).dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace) +
        "\n";
    if (json_on_stdout) {
      fmt::print("{}", text);
    } else if (const auto written = write_file(options.json, text); !written) {
      say_failure(written.error());
      return std::to_underlying(VmResult::cannot_start);
    }
  }
  return std::to_underlying(report->result);
}

void add_what_boots(CLI::App& command, Arguments& arguments) {
  VmOptions& options = arguments.options;
  const std::string group = "What boots (default: kedge.efi from dist/)";
  auto* efi = command.add_option("--efi", options.efi, "UEFI application, on a generated FAT disk")
                  ->type_name("FILE");
  auto* iso = command.add_option("--iso", options.iso, "Optical medium")->type_name("FILE");
  auto* usb = command.add_option("--usb", options.usb, "USB stick; the image is not written to")
                  ->type_name("FILE");
  auto* pxe = command
                  .add_option("--pxe", options.pxe,
                              "Application that DHCP and TFTP offer to the firmware's own PXE")
                  ->type_name("FILE");
  auto* rom = command
                  .add_option("--rom", options.rom,
                              "Option ROM of the NICs: a file, or 'default' for QEMU's own. "
                              "Without it NICs have none")
                  ->type_name("FILE");
  CLI::Option* const sources[] = {efi, iso, usb, pxe};
  for (CLI::Option* one : sources) {
    one->group(group);
    for (CLI::Option* other : sources) {
      if (one != other) one->excludes(other);
    }
  }
  rom->group(group);
}

void add_what_is_served(CLI::App& command, Arguments& arguments) {
  VmOptions& options = arguments.options;
  const std::string group = "What is served over HTTP";
  auto* kernel =
      command.add_option("--kernel", options.kernel, "Kernel; a boot script is written for it")
          ->type_name("FILE")
          ->group(group);
  command.add_option("--initrd", options.initrds, "Initrd; may be repeated")
      ->type_name("FILE")
      ->take_all()
      ->expected(1)
      ->group(group);
  command.add_option("--append", options.append, "The kernel's command line")
      ->type_name("TEXT")
      ->group(group);
  command
      .add_option("--script", options.script, "Boot script (iPXE's language) instead of --kernel")
      ->type_name("FILE")
      ->group(group)
      ->excludes(kernel);
  command.add_option("--serve", options.serve, "Directory below the server's root")
      ->type_name("DIR")
      ->group(group);
  command.add_option("--http-port", options.http_port, "Port on 127.0.0.1 (default: a free one)")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535))
      ->group(group);
}

void add_machine_options(CLI::App& command, Arguments& arguments) {
  VmOptions& options = arguments.options;
  const std::string group = "The machine";
  command
      .add_option("--arch", arguments.architecture, "x86_64 or aarch64 (default: this machine's)")
      ->type_name("ARCH")
      ->group(group);
  command.add_option("--nic", arguments.nics, "NIC; may be repeated (default: one virtio)")
      ->type_name("MODEL[,KEY=VALUE...]")
      ->take_all()
      ->expected(1)
      ->group(group);
  command
      .add_option("--tap", options.tap, "Tap interface for the first NIC instead of QEMU's network")
      ->type_name("IFNAME")
      ->group(group);
  command.add_option("--memory", options.memory_mib, "Memory in MiB (default: 2048)")
      ->type_name("MIB")
      ->check(CLI::Range(128, 1 << 20))
      ->group(group);
  command.add_option("--cpus", options.cpus, "Number of CPUs (default: 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->group(group);
  command.add_option("--cpu", options.cpu, "QEMU's CPU model (default: host with KVM, else max)")
      ->type_name("MODEL")
      ->group(group);
  command
      .add_option("--accel", options.accelerator,
                  "auto, kvm or tcg; auto takes KVM only after a test guest ran under it")
      ->check(CLI::IsMember({"auto", "kvm", "tcg"}))
      ->type_name("NAME")
      ->group(group);
  command
      .add_option("--disk", options.disk, "An empty disk's size, 'none', or an image (default: 8G)")
      ->type_name("SIZE|FILE|none")
      ->group(group);
  command
      .add_flag_callback(
          "--no-disk", [&options] { options.disk = "none"; }, "Same as --disk none")
      ->group(group);
  command.add_option("--firmware", options.firmware, "UEFI firmware (default: the distribution's)")
      ->type_name("CODE[,VARS]")
      ->group(group);
  command.add_flag("--secure-boot", options.secure_boot, "Firmware with Secure Boot switched on")
      ->group(group);
  command.add_option("--fw-cfg", options.fw_cfg, "QEMU fw_cfg item, as in name=opt/x,string=y")
      ->type_name("ITEM")
      ->take_all()
      ->expected(1)
      ->group(group);
  command.add_option("--display", options.display, "QEMU display, such as gtk (default: none)")
      ->type_name("TYPE")
      ->group(group);
  command
      .add_option("--qemu-arg", options.qemu_arguments,
                  "One more argument for QEMU; may be repeated")
      ->type_name("ARG")
      ->take_all()
      ->expected(1)
      ->group(group);
}

void add_outcome_options(CLI::App& command, Arguments& arguments) {
  VmOptions& options = arguments.options;
  const std::string group = "The outcome";
  command
      .add_option("--until", options.until,
                  "Succeed when a line of the serial console matches; may be repeated (any)")
      ->type_name("REGEX")
      ->take_all()
      ->expected(1)
      ->group(group);
  command.add_option("--fail-on", options.fail_on, "Fail when a line matches; may be repeated")
      ->type_name("REGEX")
      ->take_all()
      ->expected(1)
      ->group(group);
  command
      .add_option("--timeout", arguments.timeout,
                  "Give up after that time (default: 600; none with --keep or --interactive)")
      ->type_name("SECONDS")
      ->check(CLI::PositiveNumber)
      ->group(group);
  command
      .add_option("--send", arguments.sends,
                  R"(When REGEX appears, type TEXT (\r is Enter); repeated ones follow each other)")
      ->type_name("REGEX=>TEXT")
      ->take_all()
      ->expected(1)
      ->group(group);
  command
      .add_flag("--keep", options.keep,
                "Leave the VM running after --until, and its console to you")
      ->group(group);
  command
      .add_flag("-i,--interactive", options.interactive,
                "Keys go to the serial console from the beginning; Ctrl-] ends the VM")
      ->group(group);
}

void add_record_options(CLI::App& command, Arguments& arguments) {
  VmOptions& options = arguments.options;
  const std::string group = "Records";
  command.add_option("--serial", options.serial_file, "The serial console's bytes")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--pcap", options.pcap, "The first NIC's packets; NIC n goes to NAME-n.EXT")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--screenshot", options.screenshot, "PNG of the graphical console at the end")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--json", options.json, "Summary; '-' is standard output")
      ->type_name("FILE|-")
      ->group(group);
  command.add_flag("-q,--quiet", options.quiet, "Neither the console nor the timeline is printed")
      ->group(group);
  command.add_flag("--dry-run", options.dry_run, "Print QEMU's command and end")->group(group);
}

}  // namespace

void add_vm_command(CLI::App& application, int& exit_code) {
  CLI::App* const command = application.add_subcommand(
      "vm", "Starts a UEFI virtual machine that boots from the network, and watches it.");
  command->footer(kExamples);
  const auto arguments = std::make_shared<Arguments>();
  add_what_boots(*command, *arguments);
  add_what_is_served(*command, *arguments);
  add_machine_options(*command, *arguments);
  add_outcome_options(*command, *arguments);
  add_record_options(*command, *arguments);
  command->callback([arguments, &exit_code] { exit_code = run_vm_command(*arguments); });
}

}  // namespace kedge::host
