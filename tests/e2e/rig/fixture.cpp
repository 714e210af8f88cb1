// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/fixture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "support/file.h"
#include "support/timeline.h"
#include "tests/e2e/rig/packages.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {
namespace {

constexpr std::array kTools = {"qemu-system-x86_64",
                               "qemu-system-aarch64",
                               "ip",
                               "tcpdump",
                               "dnsmasq",
                               "nginx",
                               "in.tftpd",
                               "mformat",
                               "mcopy",
                               "grub-mkimage"};
constexpr int kMemoryMib = 1024;
constexpr std::size_t kTailLines = 30;

bool in_continuous_integration() {
  const char* value = std::getenv("CI");
  return value != nullptr && std::string_view(value) == "true";
}

bool is_test_of_newer_firmware() {
  const char* value = std::getenv("KEDGE_E2E_FIRMWARE");
  return value != nullptr && std::string_view(value) == "newer";
}

FirmwareFiles newer_firmware(Architecture architecture) {
  if (architecture == Architecture::aarch64) {
    const auto files = package_directory("trixie-all", "qemu-efi-aarch64") / "usr/share/AAVMF";
    return {.code = files / "AAVMF_CODE.fd", .vars = files / "AAVMF_VARS.fd"};
  }
  const auto files = package_directory("trixie-all", "ovmf") / "usr/share/OVMF";
  return {.code = files / "OVMF_CODE_4M.fd", .vars = files / "OVMF_VARS_4M.fd"};
}

// "KedgeBoots/From.Http/nginx" as one directory name.
std::string test_name() {
  const testing::TestInfo& info = *testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("{}.{}{}", info.test_suite_name(), info.name(),
                                 is_test_of_newer_firmware() ? "-newer" : "");
  for (char& c : name) {
    if (c == '/') c = '-';
  }
  return name;
}

// Why the tests cannot run on this machine; empty if they can.
std::string missing_requirement() {
  if (::geteuid() != 0) {
    return "end-to-end tests need root: they make network namespaces and tap interfaces";
  }
  for (const char* tool : kTools) {
    if (const auto found = find_program(tool); !found) {
      return found.error().what + "; " + found.error().advice;
    }
  }
  for (const Architecture architecture : {Architecture::x86_64, Architecture::aarch64}) {
    if (const auto found = find_firmware(architecture, false); !found) return found.error().what;
    if (const auto found = find_kernel(architecture); !found) {
      return found.error().what + "; " + found.error().advice;
    }
  }
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) return "there is no /dev/net/tun here";
  return {};
}

}  // namespace

void E2eTest::check_requirements() {
  const std::string missing = missing_requirement();
  if (missing.empty()) return;
  // In CI a test that did not run is a test that failed.
  if (in_continuous_integration()) FAIL() << missing;
  GTEST_SKIP() << "SKIPPED END-TO-END TEST: " << missing;
}

void E2eTest::SetUp() {
  check_requirements();
  if (IsSkipped() || HasFatalFailure()) return;
  directory_ = std::filesystem::path(KEDGE_E2E_ARTIFACTS) / test_name();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
  std::filesystem::create_directories(served(), ignored);

  auto network = NetworkNamespace::create();
  E2E_ASSERT_OK(network);
  network_.emplace(*std::move(network));
  const auto bridge = network_->add_bridge(std::string(kBridge), std::string(kServerNetwork));
  E2E_ASSERT_OK(bridge);
  // Headers and DHCP messages are enough, and a gigabyte of payload stays out of the file.
  constexpr int kSnapBytes = 700;
  auto capture = start_capture(*network_, directory_, directory_ / "wire.pcap", kSnapBytes);
  E2E_ASSERT_OK(capture);
  capture_.emplace(*std::move(capture));
}

void E2eTest::TearDown() {
  if (vm_ && HasFailure() && vm_->state() == VmState::running) {
    if (const auto taken = vm_->screenshot(directory_ / "screen.png"); !taken) {
      fmt::print(stderr, "no screenshot: {}\n", taken.error().what);
    }
  }
  if (vm_) {
    const auto timeline = format_timeline(timeline_from_serial(vm_->serial(), vm_->started()));
    if (const auto written = write_file(directory_ / "timeline.txt", timeline); !written) {
      fmt::print(stderr, "no timeline: {}\n", written.error().what);
    }
  }
  vm_.reset();
  tftpd_.reset();
  nginx_.reset();
  dnsmasq_.reset();
  if (capture_) capture_->stop();
  capture_.reset();
  if (directory_.empty()) return;
  std::error_code ignored;
  if (HasFailure() || std::getenv("KEDGE_E2E_KEEP") != nullptr) {
    std::filesystem::remove_all(served(), ignored);  // large, and the test makes it anew
    std::filesystem::remove(directory_ / "vars.fd", ignored);
    fmt::print(stderr, "Console, packets, logs and screen are in {}\n", directory_.string());
  } else {
    std::filesystem::remove_all(directory_, ignored);
  }
}

std::filesystem::path E2eTest::existing(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return path;
  ADD_FAILURE() << path.string() << " is missing: run `make firmware` first";
  return {};
}

std::filesystem::path E2eTest::dist(std::string_view name) {
  const char* override_root = std::getenv("KEDGE_DIST");
  return existing(
      std::filesystem::path(override_root != nullptr ? override_root : KEDGE_DIST_DIRECTORY) /
      name);
}

std::filesystem::path E2eTest::test_program(std::string_view name) {
  return existing(std::filesystem::path(KEDGE_TEST_PROGRAMS) / name);
}

void E2eTest::write_served(std::string_view name, std::string_view content) {
  const auto written = write_file(served() / name, content);
  E2E_ASSERT_OK(written);
}

void E2eTest::dnsmasq(DnsmasqOptions options) {
  auto process = start_dnsmasq(*network_, directory_, options);
  E2E_ASSERT_OK(process);
  dnsmasq_.emplace(*std::move(process));
}

void E2eTest::nginx(std::vector<std::string> lines) {
  auto process = start_nginx(*network_, directory_, {.root = served(), .lines = std::move(lines)});
  E2E_ASSERT_OK(process);
  nginx_.emplace(*std::move(process));
}

void E2eTest::tftpd() {
  auto process = start_tftpd(*network_, directory_, served());
  E2E_ASSERT_OK(process);
  tftpd_.emplace(*std::move(process));
}

bool E2eTest::nginx_has_connection() const {
  return nginx_ && has_http_connection(nginx_->pid());
}

std::string E2eTest::nginx_requests() const {
  const auto log = read_file(directory_ / "nginx-access.log");
  return log ? *log : std::string();
}

FirmwareFiles E2eTest::firmware(Architecture architecture) {
  if (is_test_of_newer_firmware()) return newer_firmware(architecture);
  const auto files = find_firmware(architecture, false);
  if (files) return *files;
  ADD_FAILURE() << files.error().what;
  return {};
}

void E2eTest::use_firmware(MachineSpec& machine, const FirmwareFiles& files) {
  machine.firmware_code = files.code;
  machine.firmware_vars = directory_ / "vars.fd";
  std::error_code error;
  std::filesystem::copy_file(files.vars, machine.firmware_vars,
                             std::filesystem::copy_options::overwrite_existing, error);
  ASSERT_FALSE(error) << files.vars.string() << ": " << error.message() << "; run tools/deps";
}

void E2eTest::use_newer_firmware(MachineSpec& machine) {
  use_firmware(machine, newer_firmware(machine.architecture));
}

MachineSpec E2eTest::machine(Architecture architecture) {
  MachineSpec machine;
  machine.architecture = architecture;
  machine.memory_mib = kMemoryMib;
  machine.graphics = true;  // both consoles, and something to photograph
  machine.stop_on_reset = true;
  use_firmware(machine, firmware(architecture));
  return machine;
}

void E2eTest::use_newer_qemu(MachineSpec& machine) {
  machine.program = package_directory("own-backports-amd64", "qemu-system-x86") / "usr/bin" /
                    qemu_program(Architecture::x86_64);
  ASSERT_TRUE(std::filesystem::exists(machine.program)) << machine.program << "; run tools/deps";
  // Its own data are in a package that is not unpacked; those of the installed QEMU serve.
  machine.arguments.insert(machine.arguments.end(), {"-L", "/usr/share/qemu"});
}

void E2eTest::add_nic(MachineSpec& machine, NicSpec nic, Attachment attachment) {
  if (attachment == Attachment::silent) {
    nic.network = NetworkKind::silent;
  } else {
    nic.network = NetworkKind::tap;
    nic.tap = fmt::format("tap{}", taps_++);
    const auto added = network_->add_tap(nic.tap, std::string(kBridge));
    E2E_ASSERT_OK(added);
  }
  machine.nics.push_back(std::move(nic));
}

void E2eTest::add_boot_disk(MachineSpec& machine, const std::filesystem::path& application,
                            const std::string& script) {
  std::filesystem::path script_file;
  if (!script.empty()) {
    script_file = directory_ / "autoexec.ipxe";
    const auto written = write_file(script_file, script);
    E2E_ASSERT_OK(written);
  }
  const auto image = directory_ / "boot.img";
  const auto made =
      make_fat_image(image, boot_media_files(machine.architecture, application, script_file));
  E2E_ASSERT_OK(made);
  machine.drives.push_back({.kind = DriveKind::disk, .file = image, .boot_index = 0});
}

void E2eTest::boot(MachineSpec machine) {
  VmLaunch launch;
  launch.machine = std::move(machine);
  launch.qemu_log = directory_ / "qemu.log";
  launch.serial_file = directory_ / "serial.log";
  launch.network_namespace = network_->descriptor();
  auto vm = Vm::start(std::move(launch));
  E2E_ASSERT_OK(vm);
  vm_ = *std::move(vm);
}

std::optional<SerialMatch> E2eTest::expect_console(const Pattern& pattern, Duration timeout) {
  auto match = vm_->wait_for(pattern, after(timeout));
  if (!match) {
    ADD_FAILURE() << "the console does not show /" << pattern.text() << "/ "
                  << (vm_->state() == VmState::running
                          ? fmt::format("within {:.0f} s", seconds(timeout))
                          : std::string("and the machine has ended"))
                  << "; its last lines are:\n"
                  << vm_->serial().tail(kTailLines);
  }
  return match;
}

std::optional<SerialMatch> E2eTest::expect_console(std::string_view pattern, Duration timeout) {
  return expect_console(Pattern::must_compile(pattern), timeout);
}

void E2eTest::expect_proof(const Payload& payload, Duration timeout) {
  if (!expect_console(payload.proof, timeout)) return;
  EXPECT_TRUE(vm_->wait_end(after(std::chrono::seconds(60)))) << "the machine does not power off";
  EXPECT_EQ(vm_->state(), VmState::powered_off);
}

nlohmann::json E2eTest::expect_receive_filter(std::string_view groups) {
  constexpr Duration kPause = std::chrono::milliseconds(50);
  nlohmann::json filter;
  for (const Instant deadline = after(kBootTimeout); now() < deadline; vm_->pump(after(kPause))) {
    const auto filters = vm_->command("query-rx-filter", {{"name", nic_id(0)}});
    if (!filters) break;
    filter = filters->at(0);
    filter.erase("vlan-table");  // 4096 numbers
    if (!filter.at("promiscuous") && filter.at("multicast") == groups) return filter;
  }
  ADD_FAILURE() << "the NIC's filter does not become \"" << groups << "\": " << filter.dump();
  return nullptr;
}

void E2eTest::expect_banner() {
  EXPECT_TRUE(vm_->serial().search(Pattern::must_compile(R"(^Kedge \S+)")))
      << "it was not Kedge that ran";
}

void E2eTest::add_next_boot_option(MachineSpec& machine) {
  auto next = make_next_boot_option(directory_);
  E2E_ASSERT_OK(next);
  next_.emplace(*std::move(next));
  machine.drives.push_back({.kind = DriveKind::disk, .file = next_->image, .boot_index = 1});
}

void E2eTest::expect_next_boot_option() {
  ASSERT_TRUE(next_.has_value());
  // Long enough for a machine that is busy, and a key is needed only once.
  constexpr Duration kBetweenKeys = std::chrono::seconds(3);
  const Instant deadline = after(kBootTimeout);
  while (!vm_->wait_for(next_->proof, std::min(deadline, after(kBetweenKeys)))) {
    ASSERT_LT(now(), deadline) << "the next boot option did not run; the console ends with:\n"
                               << vm_->serial().tail(kTailLines);
    ASSERT_EQ(vm_->state(), VmState::running) << vm_->serial().tail(kTailLines);
    const auto typed = vm_->type(" ");
    E2E_ASSERT_OK(typed);
  }
}

std::vector<DhcpSeen> E2eTest::captured_dhcp() {
  if (capture_) capture_->stop();  // writes what it still holds
  const auto frames = read_pcap(directory_ / "wire.pcap");
  EXPECT_TRUE(frames) << frames.error().what;
  return frames ? find_dhcp(*frames) : std::vector<DhcpSeen>();
}

std::string http_url(std::string_view name) {
  return fmt::format("http://{}/{}", kServerAddress, name);
}
std::string tftp_url(std::string_view name) {
  return fmt::format("tftp://{}/{}", kServerAddress, name);
}

std::string payload_script(const Payload& payload, std::string_view base, Address address) {
  // initrd= for peers that do not offer LoadFile2.
  return fmt::format(
      "#!ipxe\n{2}kernel {0}vmlinuz initrd=initrd.img initrd=second.img {1}\n"
      "initrd {0}initrd.img\ninitrd {0}second.img\nboot\n",
      base, payload.command_line, address == Address::configure ? "dhcp\n" : "");
}

}  // namespace kedge::host::e2e
