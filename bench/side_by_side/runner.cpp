// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/runner.h"

#include <fmt/format.h>

#include "side_by_side/linux_guest.h"
#include "side_by_side/probe_application.h"
#include "support/file.h"
#include "support/pattern.h"
#include "tests/e2e/rig/payload.h"
#include "vm/boot_media.h"
#include "vm/vm.h"

namespace kedge::host::bench {
namespace {

constexpr std::size_t kTailLines = 12;
constexpr Duration kCurlTimeout = std::chrono::seconds(120);
// Ethernet's 1500 bytes less the headers of IP, UDP and TFTP.
constexpr int kTftpBlockBytes = 1468;

bool is_http(Protocol protocol) {
  return protocol == Protocol::http || protocol == Protocol::boot;
}

std::string_view file_name(Protocol protocol) {
  if (protocol == Protocol::boot) return "probe-boot.efi";
  return is_http(protocol) ? "probe-http.efi" : "probe-tftp.efi";
}

std::string url(Protocol protocol) {
  return fmt::format("{}://{}/{}", is_http(protocol) ? "http" : "tftp", e2e::kServerAddress,
                     file_name(protocol));
}

// Kedge's ROM is told what to be; in the machines of others nobody reads it.
std::vector<std::string> rom_options(RomRole role) {
  const auto personality = [](std::string_view name) {
    return fmt::format("name=opt/org.kedge/personality,string={}", name);
  };
  switch (role) {
    case RomRole::unspoken:
      return {};
    case RomRole::driver:
      return {personality("driver")};
    case RomRole::takeover:
      return {personality("takeover")};
    case RomRole::both:
      return {personality("both")};
    case RomRole::both_firmwares:
      // It ends without asking anybody, and without having touched the network.
      return {personality("both"), "name=opt/org.kedge/script,string=exit 1",
              "name=opt/org.kedge/failure-timeout,string=0"};
  }
  return {};
}

TftpServer tftp_server(Protocol protocol) {
  return protocol == Protocol::tftp_dnsmasq ? TftpServer::dnsmasq : TftpServer::tftpd_hpa;
}

std::string guest_command(Protocol protocol) {
  if (is_http(protocol)) return fmt::format("/bin/busybox wget -q -O /dev/null {}", url(protocol));
  return fmt::format("/bin/busybox tftp -g -b {} -l /dev/null -r {} {}", kTftpBlockBytes,
                     file_name(protocol), e2e::kServerAddress);
}

// The monotonic clock's moment as seconds since 1970, as the capture counts.
double since_1970(Instant moment) {
  const auto age = now() - moment;
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch() - age)
      .count();
}

}  // namespace

Outcome<Runner> Runner::create(const std::filesystem::path& directory, const RunSettings& settings,
                               const InterruptSignals& signals) {
  KEDGE_HOST_TRY(BenchNetwork network, BenchNetwork::create(directory));
  Runner runner(directory, settings, signals, std::move(network));
  KEDGE_HOST_CHECK(runner.write_served_files());
  return runner;
}

Outcome<void> Runner::write_served_files() {
  proof_ = fmt::format("kedge-bench-running {}", e2e::random_token());
  for (const Protocol protocol : {Protocol::http, Protocol::tftp_hpa, Protocol::boot}) {
    KEDGE_HOST_CHECK(write_probe_file(network_.served() / file_name(protocol), proof_,
                                      settings_.bytes(protocol)));
  }
  return {};
}

Outcome<void> Runner::add_boot_disk(MachineSpec& machine, const std::filesystem::path& application,
                                    Protocol protocol) {
  const auto script = directory_ / "autoexec.ipxe";
  const auto image = directory_ / "boot.img";
  KEDGE_HOST_CHECK(write_file(script, fmt::format("#!ipxe\ndhcp\nchain {}\n", url(protocol))));
  KEDGE_HOST_CHECK(
      make_fat_image(image, boot_media_files(Architecture::x86_64, application, script)));
  machine.drives.push_back({.kind = DriveKind::disk, .file = image, .boot_index = 0});
  return {};
}

Outcome<MachineSpec> Runner::prepare(const Contestant& contestant, Protocol protocol) {
  MachineSpec machine;
  machine.accelerator = settings_.accelerator;
  machine.memory_mib = settings_.memory_mib;
  machine.graphics = settings_.graphics;
  machine.stop_on_reset = true;
  machine.firmware_code = settings_.firmware.code;
  machine.firmware_vars = directory_ / "vars.fd";
  std::error_code error;
  std::filesystem::copy_file(settings_.firmware.vars, machine.firmware_vars,
                             std::filesystem::copy_options::overwrite_existing, error);
  if (error) return failure(fmt::format("cannot copy {}", settings_.firmware.vars.string()));
  NicSpec nic{
      .network = NetworkKind::tap, .tap = std::string(kTap), .rom = contestant.rom.string()};

  // Clients of the user class iPXE that find no autoexec.ipxe get the same script from DHCP.
  e2e::DnsmasqOptions options;
  options.ipxe_boot_file = fmt::format("http://{}/autoexec.ipxe", e2e::kServerAddress);
  KEDGE_HOST_CHECK(write_file(
      network_.served() / "autoexec.ipxe",
      fmt::format("#!ipxe\nifopen ||\nisset ${{net0/ip}} || dhcp\nchain {}\n", url(protocol))));
  machine.fw_cfg = rom_options(contestant.role);
  switch (contestant.start) {
    case Start::disk:
      KEDGE_HOST_CHECK(add_boot_disk(machine, contestant.application, protocol));
      break;
    case Start::pxe:
      options.boot_file = "loader.efi";
      std::filesystem::copy_file(contestant.application, network_.served() / options.boot_file,
                                 std::filesystem::copy_options::overwrite_existing, error);
      if (error) return failure(fmt::format("cannot copy {}", contestant.application.string()));
      nic.boot_index = 0;
      break;
    case Start::rom:
      nic.boot_index = 0;
      break;
    case Start::firmware:
      nic.boot_index = 0;
      if (is_http(protocol)) {
        // UEFI 24.7.2: the client asks as HTTPClient and wants to be answered so.
        options.lines = {"dhcp-vendorclass=set:httpboot,HTTPClient",
                         "dhcp-option-force=tag:httpboot,60,HTTPClient",
                         fmt::format("dhcp-boot=tag:httpboot,{}", url(protocol))};
        machine.fw_cfg.insert(machine.fw_cfg.end(),
                              {"name=opt/org.tianocore/IPv4PXESupport,string=n",
                               "name=opt/org.tianocore/IPv6PXESupport,string=n"});
      } else {
        options.boot_file = file_name(protocol);
      }
      break;
    case Start::linux_guest: {
      KEDGE_HOST_TRY(const LinuxGuest guest,
                     make_linux_guest(directory_, guest_command(protocol), proof_));
      machine.arguments = {"-kernel", guest.kernel.string(),
                           "-initrd", guest.initrd.string(),
                           "-append", "console=ttyS0 quiet panic=-1"};
      break;
    }
    case Start::host:
      break;
  }
  if (settings_.prealloc) machine.arguments.emplace_back("-mem-prealloc");
  machine.nics.push_back(std::move(nic));
  KEDGE_HOST_CHECK(network_.serve(options, tftp_server(protocol)));
  return machine;
}

Outcome<Measurement> Runner::run_machine(const MachineSpec& machine) {
  VmLaunch launch;
  launch.machine = machine;
  launch.qemu_log = directory_ / "qemu.log";
  launch.serial_file = directory_ / "serial.log";
  launch.network_namespace = network_.server_side();
  KEDGE_HOST_TRY(const std::unique_ptr<Vm> vm, Vm::start(std::move(launch)));
  const Pattern proof = Pattern::literal(proof_);
  // The firmware goes on with other boot options, one slower than the other.
  const Pattern given_up = Pattern::must_compile("BdsDxe: failed to start|Kernel panic");
  SerialCursor cursor;
  std::optional<SerialMatch> match;
  for (const Instant deadline = after(settings_.timeout); !match;) {
    match = vm->serial().search(proof, cursor);
    if (match) break;
    if (vm->state() != VmState::running || now() >= deadline || vm->serial().search(given_up)) {
      return failure(fmt::format("the download did not run{}; the console ends with:\n{}",
                                 now() >= deadline ? " in time" : "",
                                 vm->serial().tail(kTailLines)));
    }
    vm->pump(deadline, {signals_.descriptor()});
    if (signals_.pending()) {
      interrupted_ = true;
      return failure("interrupted");
    }
  }
  Measurement measurement;
  measurement.until_running = seconds(match->at - vm->started());
  measurement.until_request = -since_1970(vm->started());  // completed by the capture's moment
  return measurement;
}

Outcome<void> Runner::run_curl(Protocol protocol) {
  ProcessSpec curl;
  curl.arguments = {"curl", "--silent", "--show-error", "--fail", "--output", "/dev/null"};
  if (!is_http(protocol)) {
    curl.arguments.insert(curl.arguments.end(),
                          {"--tftp-blksize", std::to_string(kTftpBlockBytes)});
  }
  curl.arguments.push_back(url(protocol));
  curl.network_namespace = network_.client_side();
  KEDGE_HOST_TRY([[maybe_unused]] const auto output, run_tool(std::move(curl), kCurlTimeout));
  return {};
}

Outcome<Transfer> Runner::read_transfer(Protocol protocol) const {
  KEDGE_HOST_TRY(const auto frames, e2e::read_pcap(directory_ / "wire.pcap"));
  const auto transfer = is_http(protocol)
                            ? find_http_transfer(frames, fmt::format("/{}", file_name(protocol)))
                            : find_tftp_transfer(frames, file_name(protocol));
  if (!transfer) return failure("nobody asked for the file: it came from somewhere else");
  if (transfer->sent_bytes < settings_.bytes(protocol)) {
    return failure(fmt::format("only {} of {} bytes were seen on the wire", transfer->sent_bytes,
                               settings_.bytes(protocol)));
  }
  return *transfer;
}

Outcome<Measurement> Runner::measure(const Contestant& contestant, Protocol protocol) {
  KEDGE_HOST_TRY(const MachineSpec machine, prepare(contestant, protocol));
  KEDGE_HOST_CHECK(network_.start_capture(directory_ / "wire.pcap"));
  Outcome<Measurement> measured = Measurement();
  if (contestant.start == Start::host) {
    if (const auto ran = run_curl(protocol); !ran) measured = std::unexpected(ran.error());
  } else {
    measured = run_machine(machine);
  }
  const auto captured = network_.stop_capture();
  if (signals_.pending()) interrupted_ = true;
  if (!measured) return measured;
  KEDGE_HOST_CHECK(captured);
  KEDGE_HOST_TRY(measured->transfer, read_transfer(protocol));
  measured->file_bytes = settings_.bytes(protocol);
  measured->bytes_per_second =
      static_cast<double>(measured->file_bytes) / measured->transfer.seconds();
  if (measured->until_request) *measured->until_request += measured->transfer.requested;
  return measured;
}

}  // namespace kedge::host::bench
