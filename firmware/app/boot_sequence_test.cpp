// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_sequence.h"

#include <gtest/gtest.h>

#include "app/app_errors.h"
#include "app/boot_file.h"
#include "script/settings.h"
#include "tests/fake/console.h"
#include "tests/fake/sim_clock.h"

namespace kedge::app {
namespace {

using namespace literals;

constexpr ErrorSite kNotThere{site_code(ErrorKind::not_found, Module::tftp, 1), "file not found",
                              ""};
constexpr ErrorSite kNoAnswer{site_code(ErrorKind::timed_out, Module::dhcp, 1), "no DHCP answer",
                              ""};

class NoInput final : public port::Input {
 public:
  std::optional<port::Key> poll_key() noexcept override { return std::nullopt; }
  async::Task<Result<port::Key>> read_key(Instant deadline) noexcept override {
    KEDGE_CO_CHECK(co_await async::sleep_until(deadline));
    co_return fail(err::async_timed_out);
  }
};

class NoPower final : public port::Power {
 public:
  Result<void> reboot(Reset) noexcept override { return {}; }
  Result<void> power_off() noexcept override { return {}; }
};

/// Knows files by URI; fetch() resolves relative names against the working URI's folder.
class FakeImages final : public script::Images {
 public:
  std::vector<std::string> files;
  std::string served = "#!ipxe\n";  // what all of them contain
  std::vector<script::ImageId> freed;
  std::vector<std::string> asked;
  std::string working;

  async::Task<Result<script::ImageId>> fetch(script::FetchRequest request) noexcept override {
    std::string uri(request.uri);
    if (uri.find(':') == std::string::npos) uri = working.substr(0, working.rfind('/') + 1) + uri;
    asked.push_back(uri);
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i] == uri) co_return script::ImageId{static_cast<std::uint32_t>(i + 1)};
    }
    co_return fail(kNotThere, 1);
  }
  script::ImageId find(std::string_view) noexcept override { return script::ImageId::none; }
  std::optional<script::ImageInfo> describe(script::ImageId) noexcept override { return {}; }
  std::vector<script::ImageId> list() noexcept override { return {}; }
  script::ImageId selected() noexcept override { return script::ImageId::none; }
  void select(script::ImageId) noexcept override {}
  void set_arguments(script::ImageId, std::string) noexcept override {}
  void set_free_after_use(script::ImageId, bool) noexcept override {}
  void free(script::ImageId image) noexcept override { freed.push_back(image); }
  async::Task<Result<void>> execute(script::ImageId) noexcept override { co_return Result<void>(); }
  ByteView content(script::ImageId) noexcept override { return as_byte_view(served); }
  void hold(script::ImageId) noexcept override {}
  void release(script::ImageId) noexcept override {}
  std::string working_uri() noexcept override { return working; }
  void set_working_uri(std::string uri) noexcept override { working = std::move(uri); }
};

struct FakeNic {
  std::string mac;
  bool answers = false;
  Duration delay = Duration::seconds(1);
  std::string filename{};
  std::string next_server{};
  std::string server_name{};
};

class FakeInterfaces final : public script::Interfaces {
 public:
  explicit FakeInterfaces(script::SettingsTree& settings) : settings_(settings) {}
  std::vector<FakeNic> nics;
  std::string log;

  std::size_t count() noexcept override { return nics.size(); }
  script::InterfaceInfo describe(std::size_t index) noexcept override {
    script::InterfaceInfo info;
    info.mac = nics[index].mac;
    return info;
  }
  async::Task<Result<void>> open(std::size_t index) noexcept override {
    log += format("open{} ", index);
    co_return Result<void>();
  }
  void close(std::size_t index) noexcept override { log += format("close{} ", index); }
  async::Task<Result<void>> wait_link(std::size_t, std::optional<Duration>) noexcept override {
    co_return Result<void>();
  }
  async::Task<Result<void>> configure(std::size_t index,
                                      script::ConfigureRequest) noexcept override {
    KEDGE_CO_CHECK(co_await async::sleep_for(nics[index].delay));
    log += format("dhcp{} ", index);
    if (!nics[index].answers) co_return fail(kNoAnswer, static_cast<std::uint32_t>(index));
    (void)settings_.set("filename", nics[index].filename);
    (void)settings_.set("next-server", nics[index].next_server);
    (void)settings_.set("66:string", nics[index].server_name);
    co_return Result<void>();
  }
  std::vector<std::string> routes() noexcept override { return {}; }
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string) noexcept override {
    co_return fail(kNoAnswer);
  }

 private:
  script::SettingsTree& settings_;
};

class RecordingRunner final : public ScriptRunner {
 public:
  std::string ran;
  async::Task<Result<void>> run_text(std::string name, std::string text) noexcept override {
    ran += name + ": " + text;
    co_return Result<void>();
  }
  async::Task<Result<void>> run_image(script::ImageId image) noexcept override {
    ran += format("image{}", static_cast<std::uint32_t>(image));
    co_return Result<void>();
  }
};

class BootSequenceTest : public testing::Test {
 protected:
  Result<void> boot() {
    BootSequence sequence(environment, launch, runner);
    return sim.run(sequence.run());
  }

  fake::SimLoop sim;
  script::SettingsTree settings;
  fake::FakeConsole console;
  NoInput input;
  NoPower power;
  FakeImages images;
  FakeInterfaces interfaces{settings};
  script::Environment environment{images, interfaces, settings, console, input, power};
  LaunchContext launch;
  RecordingRunner runner;
};

TEST_F(BootSequenceTest, PrefersTheCommandLineToEverything) {
  launch.command_line = "echo hello";
  launch.local_autoexec = "#!ipxe";
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "command line: echo hello");
}

TEST_F(BootSequenceTest, RunsAutoexecOfItsOwnVolumeWithoutTouchingTheNetwork) {
  interfaces.nics = {{.mac = "52:54:00:00:00:01", .answers = true}};
  launch.local_autoexec = "#!ipxe\necho hi";
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "autoexec.ipxe: #!ipxe\necho hi");
  EXPECT_EQ(interfaces.log, "");
}

TEST_F(BootSequenceTest, RefusesAnAutoexecThatIsNoScript) {
  launch.local_autoexec =
      "\x7f"
      "ELF garbage";
  EXPECT_EQ(boot().error(), err::app_not_a_script);
  EXPECT_EQ(runner.ran, "");
}

TEST_F(BootSequenceTest, RunsTheScriptThatTheMachineWasGivenWithoutTouchingTheNetwork) {
  interfaces.nics = {{.mac = "a", .answers = true}};
  launch.given_script = "echo given";
  launch.given_url = "http://x/given";
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "given script: echo given");
  EXPECT_EQ(interfaces.log, "");
}

TEST_F(BootSequenceTest, BootsTheUrlThatTheMachineWasGivenWhateverDhcpNames) {
  interfaces.nics = {{.mac = "a", .answers = true, .filename = "http://x/named"}};
  launch.given_url = "http://x/given";
  images.files = {"http://x/named", "http://x/given"};
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "image2");
  EXPECT_EQ(images.asked, std::vector<std::string>{"http://x/given"});
  EXPECT_EQ(interfaces.log, "dhcp0 open0 ");
}

TEST_F(BootSequenceTest, WhatStandsBesideUsOnAVolumeGoesBeforeWhatTheMachineWasGiven) {
  launch.local_autoexec = "#!ipxe\necho hi";
  launch.given_script = "echo given";
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "autoexec.ipxe: #!ipxe\necho hi");
}

TEST_F(BootSequenceTest, FetchesAutoexecBesideItselfOverTheNicItCameFrom) {
  interfaces.nics = {{.mac = "52:54:00:00:00:01", .answers = true},
                     {.mac = "52:54:00:00:00:02", .answers = true}};
  launch.own_uri = "tftp://192.0.2.1/boot/kedge.efi";
  launch.boot_mac = *wire::MacAddress::parse("52:54:00:00:00:02");
  images.files = {"tftp://192.0.2.1/boot/autoexec.ipxe"};
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "image1");
  EXPECT_EQ(interfaces.log, "dhcp1 ");
}

TEST_F(BootSequenceTest, AsksDhcpWhenThereIsNoAutoexec) {
  interfaces.nics = {
      {.mac = "a", .answers = true, .filename = "menu.ipxe", .next_server = "192.0.2.1"}};
  launch.own_uri = "tftp://192.0.2.1/kedge.efi";
  images.files = {"tftp://192.0.2.1/menu.ipxe"};
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "image1");
  EXPECT_NE(console.shown.find("No autoexec.ipxe beside Kedge (file not found)"),
            std::string::npos);
}

TEST_F(BootSequenceTest, TakesTheFirstInterfaceThatGetsAnAnswerAndClosesTheOthers) {
  interfaces.nics = {{.mac = "a", .answers = false, .delay = 60_s},
                     {.mac = "b", .answers = true, .delay = 2_s, .filename = "http://x/s.ipxe"}};
  images.files = {"http://x/s.ipxe"};
  const Instant start = sim.clock.now();
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ((sim.clock.now() - start).count_s(), 2) << "must not wait for the silent interface";
  EXPECT_EQ(interfaces.log, "dhcp1 close0 open1 ");
}

TEST_F(BootSequenceTest, ReportsTheErrorOfTheNicItCameFrom) {
  interfaces.nics = {{.mac = "52:54:00:00:00:01"}, {.mac = "52:54:00:00:00:02"}};
  launch.boot_mac = *wire::MacAddress::parse("52:54:00:00:00:02");
  const Result<void> result = boot();
  EXPECT_EQ(result.error(), kNoAnswer);
  EXPECT_EQ(result.error().detail(), 1u);
}

TEST_F(BootSequenceTest, SaysWhatIsMissingForABoot) {
  EXPECT_EQ(boot().error(), err::app_no_interface);
  interfaces.nics = {{.mac = "a", .answers = true}};
  EXPECT_EQ(boot().error(), err::app_no_filename);
  interfaces.nics[0].filename = "linux";
  EXPECT_EQ(boot().error(), err::app_no_next_server);
  interfaces.nics[0].next_server = "192.0.2.1";
  EXPECT_EQ(boot().error(), kNotThere);
}

TEST_F(BootSequenceTest, TakesAnEmptyAutoexecForNone) {
  interfaces.nics = {{.mac = "a", .answers = true, .filename = "http://x/s.ipxe"}};
  launch.own_uri = "tftp://192.0.2.1/kedge.efi";
  images.files = {"tftp://192.0.2.1/autoexec.ipxe", "http://x/s.ipxe"};
  images.served.clear();
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "image2");
  EXPECT_EQ(images.freed, std::vector{script::ImageId{1}})
      << "or a kernel would get it as an initrd";
}

TEST_F(BootSequenceTest, RefusesAnAutoexecOfTheServerThatIsNoScript) {
  interfaces.nics = {{.mac = "a", .answers = true, .filename = "http://x/s.ipxe"}};
  launch.own_uri = "http://192.0.2.1/kedge.efi";
  images.files = {"http://192.0.2.1/autoexec.ipxe", "http://x/s.ipxe"};
  images.served = "<html>Welcome to our hotel</html>";
  EXPECT_EQ(boot().error(), err::app_not_a_script);
  EXPECT_EQ(runner.ran, "");
}

TEST_F(BootSequenceTest, LetsTheCommandLineNameWhatStandsBesideKedge) {
  launch.command_line = "chain menu.ipxe";
  launch.own_uri = "tftp://192.0.2.1/boot/kedge.efi";
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(images.working, launch.own_uri);
}

TEST_F(BootSequenceTest, FindsAServerThatIsKnownByNameOnly) {
  interfaces.nics = {
      {.mac = "a", .answers = true, .filename = "a b.efi", .server_name = "Boot.example"}};
  images.files = {"tftp://boot.example/a%20b.efi"};
  ASSERT_TRUE(boot().ok());
  EXPECT_EQ(runner.ran, "image1");
}

TEST_F(BootSequenceTest, TakesTheServerFromTheMessageThatNamesTheFile) {
  interfaces.nics = {{.mac = "a", .answers = true}};
  script::StoredBlock dhcp("dhcp");
  script::StoredBlock proxy("proxydhcp");
  settings.root().attach(dhcp);
  settings.root().attach(proxy);
  ASSERT_TRUE(settings.set("dhcp/next-server", "192.0.2.1").ok());
  ASSERT_TRUE(settings.set("proxydhcp/filename", "boot.efi").ok());
  ASSERT_TRUE(settings.set("proxydhcp/66:string", "pxe.example").ok());
  (void)boot();
  EXPECT_EQ(images.asked, std::vector<std::string>{"tftp://pxe.example/boot.efi"});
}

TEST_F(BootSequenceTest, TellsUrisFromNamesOfFiles) {
  const auto uri = [](std::string_view filename) {
    const auto result = boot_file_uri("192.0.2.1", filename);
    return result.ok() ? result->to_string() : format("{}", result.error());
  };
  EXPECT_EQ(uri("http://[2001:db8::1]:8080/x?y=1"), "http://[2001:db8::1]:8080/x?y=1");
  EXPECT_EQ(uri("pxe:linux.0"), "tftp://192.0.2.1/pxe:linux.0");
  EXPECT_EQ(uri("/srv/x#1"), "tftp://192.0.2.1//srv/x%231");
  EXPECT_EQ(uri("boot\\x64\\kedge.efi"), "tftp://192.0.2.1/boot%5Cx64%5Ckedge.efi");
}

TEST_F(BootSequenceTest, RefusesToLoadItselfForEver) {
  interfaces.nics = {
      {.mac = "a", .answers = true, .filename = "kedge.efi", .next_server = "192.0.2.1"}};
  launch.own_uri = "tftp://192.0.2.1/kedge.efi";
  EXPECT_EQ(boot().error(), err::app_own_filename);
}

}  // namespace
}  // namespace kedge::app
