// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/session_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "vm/accelerator.h"
#include "vm/boot_media.h"
#include "vm/boot_script.h"
#include "vm/firmware_files.h"

namespace kedge::host {
namespace {

// Where a guest on QEMU's user network reaches the loopback interface of the host.
constexpr std::string_view kUserNetworkHost = "10.0.2.2";
// The path prefix of what the session itself serves.
constexpr std::string_view kBootPrefix = "boot/";
constexpr std::string_view kScriptName = "boot/autoexec.ipxe";

Outcome<void> require_file(const std::filesystem::path& path, std::string_view option) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_regular_file(path, ignored)) return {};
  return failure(fmt::format("{} {}: there is no such file", option, path.string()));
}

Outcome<void> check_options(const VmOptions& options) {
  for (const auto& [path, option] :
       {std::pair{&options.efi, "--efi"}, std::pair{&options.iso, "--iso"},
        std::pair{&options.usb, "--usb"}, std::pair{&options.pxe, "--pxe"},
        std::pair{&options.kernel, "--kernel"}, std::pair{&options.script, "--script"}}) {
    KEDGE_HOST_CHECK(require_file(*path, option));
  }
  for (const auto& initrd : options.initrds) KEDGE_HOST_CHECK(require_file(initrd, "--initrd"));
  std::error_code ignored;
  if (!options.serve.empty() && !std::filesystem::is_directory(options.serve, ignored)) {
    return failure(fmt::format("--serve {}: there is no such directory", options.serve.string()));
  }
  return {};
}

std::string serve_file(HttpServer& http, const std::filesystem::path& file, std::size_t position) {
  std::string name = plain_file_name(file.filename().string());
  // Two initrds may have the same file name.
  if (position > 0) name = fmt::format("{}-{}", position, name);
  http.add_file(fmt::format("{}{}", kBootPrefix, name), std::filesystem::absolute(file));
  return fmt::format("http://{}:{}/{}{}", kUserNetworkHost, http.port(), kBootPrefix, name);
}

// Starts the HTTP server if there is something to serve, and gives the script's file (or nothing).
Outcome<std::filesystem::path> prepare_script(const VmOptions& options, SessionSetup& setup) {
  if (options.kernel.empty() && options.script.empty() && options.serve.empty()) {
    return std::filesystem::path();
  }
  KEDGE_HOST_TRY(setup.http, HttpServer::start(options.http_port));
  if (!options.serve.empty()) setup.http->set_directory(options.serve);
  std::string script;
  if (!options.script.empty()) {
    KEDGE_HOST_TRY(script, read_file(options.script));
    // The port differs from run to run, so scripts name the server by a placeholder.
    constexpr std::string_view kPlaceholder = "@SERVER@";
    const std::string server = fmt::format("http://{}:{}", kUserNetworkHost, setup.http->port());
    for (auto at = script.find(kPlaceholder); at != std::string::npos;
         at = script.find(kPlaceholder, at + server.size())) {
      script.replace(at, kPlaceholder.size(), server);
    }
  } else if (!options.kernel.empty()) {
    BootScriptSpec spec{.kernel_url = serve_file(*setup.http, options.kernel, 0),
                        .initrd_urls = {},
                        .command_line = options.append};
    for (std::size_t i = 0; i < options.initrds.size(); ++i) {
      spec.initrd_urls.push_back(serve_file(*setup.http, options.initrds[i], i));
    }
    script = make_boot_script(spec);
  }
  if (script.empty()) return std::filesystem::path();
  setup.http->add_text(std::string(kScriptName), script);
  const auto path = setup.directory.path() / "autoexec.ipxe";
  KEDGE_HOST_CHECK(write_file(path, script));
  return path;
}

Outcome<void> prepare_firmware(const VmOptions& options, SessionSetup& setup) {
  MachineSpec& machine = setup.launch.machine;
  KEDGE_HOST_TRY(const FirmwareFiles firmware,
                 options.firmware.empty() ? find_firmware(options.architecture, options.secure_boot)
                                          : parse_firmware(options.firmware));
  machine.firmware_code = firmware.code;
  machine.firmware_vars = setup.directory.path() / "vars.fd";
  std::error_code error;
  std::filesystem::copy_file(firmware.vars, machine.firmware_vars, error);
  if (error) {
    return failure(fmt::format("cannot copy {} to {}: {}", firmware.vars.string(),
                               machine.firmware_vars.string(), error.message()));
  }
  std::filesystem::permissions(machine.firmware_vars, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add, error);
  return {};
}

Outcome<void> prepare_accelerator(const VmOptions& options, SessionSetup& setup) {
  if (options.accelerator == "tcg") {
    setup.accelerator_reason = "asked for";
  } else if (options.accelerator == "kvm") {
    KEDGE_HOST_CHECK(prove_accelerator(options.architecture, Accelerator::kvm));
    setup.launch.machine.accelerator = Accelerator::kvm;
  } else {
    const AcceleratorChoice choice = choose_accelerator(options.architecture);
    setup.launch.machine.accelerator = choice.accelerator;
    setup.accelerator_reason = choice.reason;
  }
  return {};
}

Outcome<void> prepare_nics(const VmOptions& options, MachineSpec& machine) {
  machine.nics = options.nics;
  if (machine.nics.empty()) machine.nics.emplace_back();
  if (!options.tap.empty()) {
    machine.nics.front().network = NetworkKind::tap;
    machine.nics.front().tap = options.tap;
  }
  for (NicSpec& nic : machine.nics) {
    if (nic.rom.empty()) nic.rom = options.rom;
    if (!nic.rom.empty() && nic.rom != "default") KEDGE_HOST_CHECK(require_file(nic.rom, "--rom"));
  }
  return {};
}

Outcome<void> prepare_disk(const VmOptions& options, SessionSetup& setup) {
  if (options.disk == "none") return {};
  DriveSpec drive;
  if (const auto bytes = parse_size(options.disk)) {
    drive.file = setup.directory.path() / "disk.img";
    KEDGE_HOST_CHECK(create_empty_file(drive.file, *bytes));
  } else {
    drive.file = options.disk;
    KEDGE_HOST_CHECK(require_file(drive.file, "--disk"));
    constexpr std::string_view kQcow2Magic = "QFI\xfb";
    KEDGE_HOST_TRY(const std::string head, read_file_head(drive.file, kQcow2Magic.size()));
    drive.format = head == kQcow2Magic ? "qcow2" : "raw";
  }
  setup.launch.machine.drives.push_back(std::move(drive));
  return {};
}

// The disk with the application, or the NIC, whichever the machine is to boot from.
Outcome<void> prepare_boot_source(const VmOptions& options, const std::filesystem::path& script,
                                  SessionSetup& setup) {
  MachineSpec& machine = setup.launch.machine;
  if (!options.iso.empty()) {
    setup.application = options.iso.string();
    machine.drives.push_back(
        {.kind = DriveKind::cdrom, .file = options.iso, .format = "raw", .boot_index = 0});
    return {};
  }
  if (!options.usb.empty()) {
    setup.application = options.usb.string();
    machine.drives.push_back({.kind = DriveKind::usb,
                              .file = options.usb,
                              .format = "raw",
                              .discard_writes = true,
                              .boot_index = 0});
    return {};
  }
  if (!options.pxe.empty()) {
    setup.application = options.pxe.string();
    const auto directory = setup.directory.path() / "tftp";
    std::error_code error;
    std::filesystem::create_directory(directory, error);
    const std::string name = plain_file_name(options.pxe.filename().string());
    std::filesystem::copy_file(options.pxe, directory / name, error);
    if (!error && !script.empty()) {
      std::filesystem::copy_file(script, directory / "autoexec.ipxe", error);
    }
    if (error)
      return failure(fmt::format("cannot fill {}: {}", directory.string(), error.message()));
    machine.user_tftp_directory = directory;
    machine.user_boot_file = name;
    if (!machine.nics.front().boot_index) machine.nics.front().boot_index = 0;
    return {};
  }
  if (options.efi.empty() && !machine.nics.front().rom.empty()) {
    setup.application = machine.nics.front().rom;
    if (!machine.nics.front().boot_index) machine.nics.front().boot_index = 0;
    return {};
  }
  auto application = options.efi;
  if (application.empty()) {
    KEDGE_HOST_TRY(application, find_application(options.architecture));
  }
  setup.application = application.string();
  const auto image = setup.directory.path() / "boot.img";
  KEDGE_HOST_CHECK(
      make_fat_image(image, boot_media_files(options.architecture, application, script)));
  machine.drives.push_back(
      {.kind = DriveKind::disk, .file = image, .format = "raw", .boot_index = 0});
  return {};
}

}  // namespace

Outcome<std::filesystem::path> find_application(Architecture architecture, std::string_view file) {
  std::vector<std::filesystem::path> roots;
  if (const char* dist = std::getenv("KEDGE_DIST"); dist != nullptr) roots.emplace_back(dist);
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    roots.push_back(self.parent_path());                      // dist/bin/kedge
    roots.push_back(self.parent_path() / "lib" / "kedge");    // Debian's place for it
    roots.push_back(self.parent_path() / "share" / "kedge");  // Fedora's
  }
  roots.emplace_back("dist");
  std::string places;
  for (const auto& root : roots) {
    auto path = root / architecture_name(architecture) / file;
    if (std::filesystem::is_regular_file(path, error)) return path;
    places += fmt::format("\n  {}", path.string());
  }
  return failure(fmt::format("{} for {} was not found; looked for{}", file,
                             architecture_name(architecture), places),
                 "build it with `make firmware`, or name an application with --efi FILE");
}

Outcome<SessionSetup> set_up_session(const VmOptions& options) {
  KEDGE_HOST_CHECK(check_options(options));
  KEDGE_HOST_TRY(TempDir directory, TempDir::create("kedge-vm-"));
  SessionSetup setup{.directory = std::move(directory),
                     .http = nullptr,
                     .launch = {},
                     .accelerator_reason = {},
                     .application = {}};
  MachineSpec& machine = setup.launch.machine;
  machine.architecture = options.architecture;
  machine.cpu = options.cpu;
  machine.cpus = options.cpus;
  machine.memory_mib = options.memory_mib;
  machine.secure_boot = options.secure_boot;
  machine.fw_cfg = options.fw_cfg;
  machine.arguments = options.qemu_arguments;
  machine.display = options.display;
  machine.graphics = options.display != "none" || !options.screenshot.empty();
  machine.pcap = options.pcap;
  setup.launch.qemu_log = setup.directory.path() / "qemu.log";
  setup.launch.serial_file = options.serial_file;

  KEDGE_HOST_TRY([[maybe_unused]] const auto program,
                 find_program(qemu_program(options.architecture)));
  KEDGE_HOST_CHECK(prepare_firmware(options, setup));
  KEDGE_HOST_CHECK(prepare_accelerator(options, setup));
  KEDGE_HOST_CHECK(prepare_nics(options, machine));
  KEDGE_HOST_TRY(const auto script, prepare_script(options, setup));
  KEDGE_HOST_CHECK(prepare_boot_source(options, script, setup));
  KEDGE_HOST_CHECK(prepare_disk(options, setup));
  // Whoever does not find the script beside the application gets it by DHCP.
  if (!script.empty() && machine.user_boot_file.empty()) {
    machine.user_boot_file =
        fmt::format("http://{}:{}/{}", kUserNetworkHost, setup.http->port(), kScriptName);
  }
  return setup;
}

}  // namespace kedge::host
