// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// LibvirtDomain: tests in which `kedge domain` works on a domain of a real libvirtd, which boots.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "support/file.h"
#include "support/serial_log.h"
#include "tests/e2e/rig/fixture.h"
#include "tests/e2e/rig/libvirt_daemon.h"

namespace kedge::host::e2e {

inline constexpr const char* kMac = "52:54:00:12:34:56";

class LibvirtDomain : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto place = TempDir::create("kd");
    E2E_ASSERT_OK(place);
    place_.emplace(*std::move(place));
    auto daemon = LibvirtDaemon::start(network(), place_->path(), directory() / "libvirtd.log");
    E2E_ASSERT_OK(daemon);
    daemon_.emplace(*std::move(daemon));
    E2E_ASSERT_OK(network().add_tap("tapd", std::string(kBridge)));
  }
  void TearDown() override {
    if (daemon_) (void)daemon_->virsh({"destroy", "vm"});
    E2eTest::TearDown();
  }

  // Puts the application, and a script that lets it boot the payload, where the firmware's PXE and
  // HTTP find them.
  Outcome<Payload> serve_application(Architecture architecture) {
    const auto application =
        dist(architecture == Architecture::x86_64 ? "x86_64/kedge.efi" : "aarch64/kedge.efi");
    auto payload = make_payload(architecture, served());
    if (!payload || HasFailure()) return payload;
    std::filesystem::copy_file(application, served() / "kedge.efi");
    write_served("autoexec.ipxe", payload_script(*payload, http_url(""), Address::there_already));
    nginx();
    return payload;
  }

  // What the tests' domains differ in.
  struct Shape {
    std::string model = "virtio";
    std::string devices;    // further ones
    std::string interface;  // further elements of the interface
    Architecture architecture = Architecture::x86_64;
    std::string machine = "q35";
    std::string firmware;  // in <os>; empty: UEFI, in flash memory
    std::string os;        // further elements of <os>
    std::string sysinfo;   // in <domain>
  };
  // A VM like those that MAAS deploys: UEFI, one NIC, network first.
  std::string xml(const Shape& shape) {
    std::string os = shape.firmware;
    if (os.empty()) {
      const FirmwareFiles files = firmware(shape.architecture);
      os = fmt::format(
          "<loader readonly='yes' type='pflash'>{}</loader>\n"
          "    <nvram template='{}'>{}/vars.fd</nvram>",
          files.code.string(), files.vars.string(), directory().string());
    }
    return fmt::format(R"(<domain type='qemu'>
  <!-- made by the test -->
  <name>vm</name>
  <memory unit='MiB'>1024</memory>
  <os>
    <type arch='{4}' machine='{5}'>hvm</type>
    {6}
    {9}
  </os>
  {8}<features><acpi/></features>
  <cpu mode='maximum'/>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <interface type='ethernet'>
      <mac address='{1}'/>
      <target dev='tapd' managed='no'/>
      <model type='{2}'/>
      <boot order='1'/>
      {7}
    </interface>
    {3}<serial type='file'>
      <source path='{0}/serial.log'/>
    </serial>
  </devices>
</domain>
)",
                       directory().string(), kMac, shape.model, shape.devices,
                       architecture_name(shape.architecture), shape.machine, os, shape.interface,
                       shape.sysinfo, shape.os);
  }
  void define() { define({}); }
  void define(const Shape& shape) {
    write_served("../vm.xml", xml(shape));
    E2E_ASSERT_OK(daemon_->virsh({"define", (directory() / "vm.xml").string()}));
  }
  // With fresh variables: OVMF would put options that it had in another run behind new ones.
  void start() { start({"start", "vm", "--reset-nvram"}); }
  void start(std::vector<std::string> command) {
    std::error_code ignored;
    std::filesystem::remove(directory() / "serial.log", ignored);
    started_ =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    E2E_ASSERT_OK(daemon_->virsh(std::move(command)));
  }

  Outcome<std::string> kedge(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {KEDGE_COMMAND, "domain"});
    return run_tool({.arguments = std::move(arguments)});
  }
  // What `kedge domain explain` says; exit code 0, so without warnings.
  nlohmann::json explain_all() {
    const auto text = kedge({"explain", "--json", "--connect", daemon_->uri(), "vm"});
    EXPECT_TRUE(text) << text.error().what;
    if (!text) return nlohmann::json::object();
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    EXPECT_TRUE(json.is_object()) << *text;
    return json;
  }
  // Of the interface.
  nlohmann::json explain() {
    return explain_all().value("interfaces", nlohmann::json::array({nlohmann::json::object()}))[0];
  }
  void set(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"set", "--connect", daemon_->uri(), "vm", "--yes"});
    const auto said = kedge(std::move(arguments));
    E2E_ASSERT_OK(said);
    said_ = *said;
    const auto xml = daemon_->virsh({"dumpxml", "--inactive", "vm"});
    E2E_ASSERT_OK(xml);
    write_served("../defined.xml", *xml);
    E2E_ASSERT_OK(run_tool(
        {.arguments = {"virt-xml-validate", (directory() / "defined.xml").string(), "domain"}}));
  }

  std::string serial() const {
    const auto bytes = read_file(directory() / "serial.log");
    SerialLog log;
    if (bytes) log.feed(*bytes, now());
    return log.text();
  }
  void expect_serial(const Pattern& pattern) {
    for (const Instant deadline = after(kBootTimeout); now() < deadline;) {
      if (pattern.search(serial())) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    ADD_FAILURE() << "not on the console: " << pattern.text() << "\n" << serial();
  }

  // The first request for an address since the last start.
  DhcpSeen first_discover() const {
    const auto frames = read_pcap(directory() / "wire.pcap");
    EXPECT_TRUE(frames) << frames.error().what;
    if (!frames) return {};
    for (DhcpSeen& seen : find_dhcp(*frames)) {
      if (seen.at >= started_ && seen.type == kDhcpDiscover) return std::move(seen);
    }
    ADD_FAILURE() << "nobody has asked for an address";
    return {};
  }
  // What explain said of the interface before the start, against what was on the wire and the
  // console then: who asked for an address first, and who has introduced himself.
  void expect_as_explained(const nlohmann::json& said, const std::string& client = "00007") {
    const std::string boots = said.value("boots", "");
    const bool by_rom = boots == "rom";
    ASSERT_TRUE(by_rom || boots == "firmware") << said;
    const DhcpSeen asked = first_discover();
    EXPECT_EQ(asked.vendor_class,
              fmt::format("PXEClient:Arch:{}:UNDI:{}", client, undi_version(said, client)));
    // iPXE and Kedge say that they are of the user class iPXE; no firmware does.
    EXPECT_EQ(asked.user_class.contains("iPXE"), by_rom) << asked.user_class;
    EXPECT_EQ(asked.client, kMac);
    const std::string text = serial();
    EXPECT_NE(text.contains("Start PXE over IPv4"), by_rom) << text;
    if (!by_rom) return;
    const auto verdict = said["boots_because"]["text"].get<std::string>();
    const std::size_t end = verdict.find(" boots from it");
    ASSERT_NE(end, std::string::npos) << verdict;
    const std::string name = verdict.substr(0, end);  // with its version, where that is known
    EXPECT_TRUE(text.contains(name)) << name << " is not on the console:\n" << text;
  }

  // By what has asked: iPXE and Kedge are UNDI 3.10 (2.1 below a BIOS) with stacks of their own;
  // the firmware's says what the NIC's NII says, which our driver has, and the firmware's has not.
  static std::string_view undi_version(const nlohmann::json& said, std::string_view client) {
    if (said["boots"] == "rom") return client == "00000" ? "002001" : "003010";
    return said["driver"] == "rom" ? "003001" : "003000";
  }

  std::optional<TempDir> place_;
  std::optional<LibvirtDaemon> daemon_;
  std::string said_;
  double started_ = 0;  // seconds since 1970
};

}  // namespace kedge::host::e2e
