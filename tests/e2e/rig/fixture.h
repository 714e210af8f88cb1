// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The fixture of the end-to-end tests: a network namespace with a bridge, a packet capture, servers
// and VMs on tap interfaces, and a directory with everything that helps to understand a failure.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/network_namespace.h"
#include "support/process.h"
#include "tests/e2e/rig/payload.h"
#include "tests/e2e/rig/pcap.h"
#include "tests/e2e/rig/servers.h"
#include "vm/firmware_files.h"
#include "vm/machine.h"
#include "vm/vm.h"

// The value of an Outcome, or the end of the test.
#define E2E_ASSERT_OK(...)                                                   \
  do {                                                                       \
    const auto& e2e_outcome = (__VA_ARGS__);                                 \
    ASSERT_TRUE(e2e_outcome.has_value()) << e2e_outcome.error().what << "\n" \
                                         << e2e_outcome.error().advice;      \
  } while (false)

namespace kedge::host::e2e {

// Software emulation on a busy machine: what takes 15 s alone may take four times as long.
inline constexpr Duration kBootTimeout = std::chrono::seconds(180);

// What a VM gets a link to.
enum class Attachment : std::uint8_t {
  bridge,  // the network with the servers
  silent,  // a network where nobody answers
};

class E2eTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Working directory of this test; kept if the test fails.
  const std::filesystem::path& directory() const { return directory_; }
  // What the servers offer.
  std::filesystem::path served() const { return directory_ / "served"; }
  void write_served(std::string_view name, std::string_view content);
  const NetworkNamespace& network() const { return *network_; }

  // An artefact of the build: "x86_64/kedge.efi" in dist/. Empty, and the test has failed, if it is
  // not there.
  std::filesystem::path dist(std::string_view name);
  // The same of a program of tests/uefi, for x86_64.
  std::filesystem::path test_program(std::string_view name);

  // Servers; each ends with the test. A failure to start fails the test.
  void dnsmasq(DnsmasqOptions options = {});
  void nginx(std::vector<std::string> lines = {});
  void tftpd();
  void stop_nginx() { nginx_.reset(); }
  // A client has a connection to nginx at this moment.
  bool nginx_has_connection() const;
  // What nginx has logged: one line per request.
  std::string nginx_requests() const;

  // The installed firmware, or the newer one if ctest runs the test for it
  // (KEDGE_E2E_FIRMWARE=newer; for aarch64 from tools/deps --peers). A test fails without it.
  FirmwareFiles firmware(Architecture architecture = Architecture::x86_64);
  // A machine with that firmware and a copy of its variables, no drive and no NIC yet.
  MachineSpec machine(Architecture architecture = Architecture::x86_64);
  // The newer firmware, whatever the test is run for.
  void use_newer_firmware(MachineSpec& machine);
  // For NIC models that the installed QEMU may not have. Both newer ones are unpacked by
  // tools/deps.
  void use_newer_qemu(MachineSpec& machine);
  // Adds a NIC on a new tap interface (or a silent one).
  void add_nic(MachineSpec& machine, NicSpec nic = {}, Attachment attachment = Attachment::bridge);
  // Adds a disk with the application and the script (may be empty) as first boot option.
  void add_boot_disk(MachineSpec& machine, const std::filesystem::path& application,
                     const std::string& script);
  // Starts the VM. Fails the test if that does not work.
  void boot(MachineSpec machine);
  Vm& vm() { return *vm_; }

  // Fails the test, with the end of the console, unless the pattern appears in time.
  std::optional<SerialMatch> expect_console(const Pattern& pattern,
                                            Duration timeout = kBootTimeout);
  std::optional<SerialMatch> expect_console(std::string_view pattern,
                                            Duration timeout = kBootTimeout);
  // The userland of the payload has shown its tokens and switched the machine off.
  void expect_proof(const Payload& payload, Duration timeout = kBootTimeout);

  // The filter that our driver has set in the first NIC, a virtio-net: QEMU's query-rx-filter,
  // asked again until frames to others are kept out and "multicast" is `groups` ("normal": those of
  // its table). Null, and the test has failed, if that never is.
  nlohmann::json expect_receive_filter(std::string_view groups);

  // Kedge's first line has been on the console.
  void expect_banner();
  // A second disk with another program, as the firmware's next boot option.
  void add_next_boot_option(MachineSpec& machine);
  // Kedge has shown a failure: presses keys until it returns and that program has run.
  void expect_next_boot_option();

  // Stops the capture and gives all DHCP messages of the wire.
  std::vector<DhcpSeen> captured_dhcp();

 private:
  void check_requirements();
  static std::filesystem::path existing(const std::filesystem::path& path);
  void use_firmware(MachineSpec& machine, const FirmwareFiles& files);

  std::filesystem::path directory_;
  std::optional<NetworkNamespace> network_;
  std::optional<Process> capture_;
  std::optional<Process> dnsmasq_;
  std::optional<Process> nginx_;
  std::optional<Process> tftpd_;
  std::unique_ptr<Vm> vm_;
  std::optional<NextBootOption> next_;
  std::size_t taps_ = 0;
};

// "http://192.0.2.1/NAME" and "tftp://192.0.2.1/NAME"
std::string http_url(std::string_view name);
std::string tftp_url(std::string_view name);

// A boot script that boots the payload with both initrds from below `base`. With `configure` it
// gets an address first; a program that came over the network has one already.
enum class Address : std::uint8_t { configure, there_already };
std::string payload_script(const Payload& payload, std::string_view base,
                           Address address = Address::configure);

}  // namespace kedge::host::e2e
