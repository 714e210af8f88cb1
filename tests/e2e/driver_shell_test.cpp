// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// kedge-driver.efi in the UEFI shell, under the firmware's own network stack: loaded, connected and
// disconnected many times, unloaded, loaded again, and used.
#include <fmt/format.h>
#include <unistd.h>

#include "support/file.h"
#include "tests/e2e/rig/shell.h"

namespace kedge::host::e2e {
namespace {

constexpr unsigned kRounds = 50;
constexpr unsigned kSets = 3;
constexpr unsigned kAttempts = 3;
// The firmware's network stack loses a little memory itself, and has not always finished when we
// count. A leak in each round is far above these.
constexpr int kPagesTolerated = 10;
constexpr int kHandlesTolerated = 10;

class DriverInShell : public ShellTest {
 protected:
  // A machine in the shell, with the driver's file beside it, and a NIC that nobody drives yet.
  void start(const MachineSpec& base) {
    MachineSpec spec = base;
    const auto driver = dist("x86_64/kedge-driver.efi");
    if (HasFailure()) return;
    const auto repeat = directory() / "repeat.nsh";
    const auto wrote = write_file(
        repeat, fmt::format("for %i run (1 {})\r\n  reconnect -r %1 > nul\r\nendfor\r\n", kRounds));
    E2E_ASSERT_OK(wrote);
    add_shell_disk(spec, {{"kedge.efi", driver}, {"repeat.nsh", repeat}});
    // The address by which the test finds the NIC's handle.
    add_nic(spec, {.properties = {"addr=0x10"}});
    if (HasFailure()) return;
    boot(spec);
    if (HasFailure()) return;
    enter_shell();
  }
  // Finds the pattern in what a command shows. The serial port has no flow control: on a busy host
  // it may lose a piece of a line, so that the command is asked again.
  std::string ask(const std::string& command, std::string_view pattern) {
    const Pattern compiled = Pattern::must_compile(pattern);
    for (unsigned attempt = 1; attempt < kAttempts; ++attempt) {
      for (const std::string& line : run(command)) {
        if (const auto match = compiled.search(line)) return match->groups.back();
      }
    }
    return find(run(command), pattern);
  }
  void load() {
    find(run("load kedge.efi"), "(loaded at .* - Success)");
    driver_ = ask("drivers", R"(^\s*([0-9A-F]+) .*Kedge network driver)");
    nic_ = ask("dh -p PciIo", R"(^\s*([0-9A-F]+): .*Pci\(0x10,0x0\))");
  }
  void unload() {
    find(run("unload -n " + driver_), "(Success|successfully)");
    for (const std::string& line : run("drivers")) {
      EXPECT_EQ(line.find("Kedge"), std::string::npos) << line;
    }
  }
  struct Growth {
    int pages = 0;
    int handles = 0;
  };
  // What kRounds rounds of reconnecting the NIC with all that stands on it leave behind. Once in
  // the first hundreds, whosever the driver is, the firmware takes some 36 pages more for good;
  // what is lost in each round shows in each of the sets, so the smallest growth counts.
  Growth reconnect_growth() {
    Growth smallest;
    for (unsigned set = 0; set <= kSets && !HasFailure(); ++set) {
      const auto pages = static_cast<int>(data_pages());
      const auto handles = static_cast<int>(handle_count());
      run("repeat.nsh " + nic_, kBootTimeout);
      const Growth growth{.pages = static_cast<int>(data_pages()) - pages,
                          .handles = static_cast<int>(handle_count()) - handles};
      // In the first one lists and pools grow to their size.
      if (set == 0) continue;
      smallest.pages = set == 1 ? growth.pages : std::min(smallest.pages, growth.pages);
      smallest.handles = set == 1 ? growth.handles : std::min(smallest.handles, growth.handles);
    }
    return smallest;
  }
  void use_the_network() {
    run("ifconfig -s eth0 dhcp");
    // The command only starts DHCP.
    const Pattern address = Pattern::must_compile(R"(192\.0\.2\.1[0-9][0-9])");
    const Instant deadline = after(kCommandTimeout);
    for (bool has_address = false; !has_address && now() < deadline && !HasFailure();) {
      for (const std::string& line : run("ifconfig -l eth0")) {
        if (address.search(line)) has_address = true;
      }
    }
    find(run("ping -n 3 192.0.2.1"), "(3 packets transmitted, 3 received)");
    run("tftp 192.0.2.1 token.txt");
    find(run("type token.txt"), token_);
  }
  void serve() {
    token_ = "token-" + std::to_string(::getpid());
    write_served("token.txt", token_ + "\r\n");
    dnsmasq({.boot_file = {}, .ipxe_boot_file = {}, .tftp_directory = served(), .lines = {}});
  }

  std::string driver_;
  std::string nic_;
  std::string token_;
};

TEST_F(DriverInShell, NothingIsLeftOfConnectionsAndLoadingAndTheNetworkWorks) {
  serve();
  start(machine());
  if (HasFailure()) return;
  load();
  const Growth ours = reconnect_growth();
  unload();
  run("connect -r");
  const Growth firmware = reconnect_growth();
  load();
  use_the_network();
  fmt::print("{} reconnects: Kedge {} pages and {} handles, the firmware's driver {} and {}\n",
             kRounds, ours.pages, ours.handles, firmware.pages, firmware.handles);
  EXPECT_LE(ours.pages, firmware.pages + kPagesTolerated);
  EXPECT_LE(ours.handles, kHandlesTolerated);
}

}  // namespace
}  // namespace kedge::host::e2e
