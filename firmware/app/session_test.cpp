// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/session.h"

#include <gtest/gtest.h>

#include <map>

#include "app/app_errors.h"
#include "tests/fake/interface.h"
#include "tests/fake/net.h"
#include "tests/fake/pages.h"
#include "tests/fake/script_world.h"

namespace kedge::app {
namespace {

using namespace literals;

constexpr ErrorSite kGone{site_code(ErrorKind::not_found, Module::http, 1), "not found", ""};

class MapDownloader final : public Downloader {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> asked;

  async::Task<Result<wire::Uri>> download(wire::Uri uri, Duration, client::Sink& sink,
                                          client::Progress&) noexcept override {
    asked.push_back(uri.to_string());
    const auto file = files.find(uri.to_string());
    if (file == files.end()) co_return fail(kGone, 404);
    KEDGE_CO_CHECK(sink.expect(file->second.size()));
    KEDGE_CO_CHECK(sink.write(as_byte_view(file->second)));
    co_return uri;
  }
};

class NoStarter final : public port::ImageStarter {
 public:
  Result<void> start(const port::StartRequest&) noexcept override { return {}; }
};

class NoHandover final : public DeviceHandover {
 public:
  bool share_with_image(std::string_view) noexcept override { return false; }
  void give_to_firmware() noexcept override {}
  void take_back() noexcept override {}
};

class SessionTest : public testing::Test {
 protected:
  /// Runs a session that starts with `script` as its command line.
  Result<void> run(std::string script) {
    LaunchContext launch;
    launch.command_line = std::move(script);
    Session session({sim.loop, sim.clock, console, input, power, pages, starter, stack, handover,
                     downloader, image::Machine::x86_64},
                    {}, std::move(launch));
    session.interfaces().add(interface, {});
    const Instant start = sim.clock.now();
    const Result<void> result = session.run();
    elapsed = sim.clock.now() - start;
    return result;
  }
  void press_after(Duration span, std::string keys) {
    events.emplace_back(sim.loop, sim.after(span),
                        [this, keys = std::move(keys)] { input.type(keys); });
  }
  std::size_t failures() const {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = console.output.find("Boot failed", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  }

  fake::SimLoop sim;
  script::FakeConsole console;
  script::FakeInput input;
  script::FakePower power;
  fake::FakePages pages;
  NoStarter starter;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface interface;
  NoHandover handover;
  MapDownloader downloader;
  std::list<fake::At> events;
  Duration elapsed;
};

TEST_F(SessionTest, EndsWellWithoutAQuestionWhenTheScriptDoes) {
  EXPECT_TRUE(run("echo hello").ok());
  EXPECT_EQ(failures(), 0u);
  EXPECT_NE(console.output.find("hello"), std::string::npos);
}

TEST_F(SessionTest, WaitsAWhileAndReturnsTheErrorWhenTheBootFails) {
  EXPECT_EQ(run("imgfetch http://server/none").error(), kGone);
  EXPECT_EQ(elapsed.count_s(), Session::kFailureTimeout.count_s());
  EXPECT_EQ(failures(), 1u);
}

TEST_F(SessionTest, LetsAScriptSetHowLongAFailureIsShown) {
  EXPECT_FALSE(run("set failure-timeout 3\nimgfetch http://server/none").ok());
  EXPECT_EQ(elapsed.count_s(), 3);
  EXPECT_FALSE(run("set failure-timeout 0\nimgfetch http://server/none").ok());
  EXPECT_EQ(elapsed.count_s(), 0);
}

TEST_F(SessionTest, UsesTheDefaultWhereATimeoutMakesNoSense) {
  for (const std::string_view value : {"soon", "-1", "1.5", "99999999999999999999", "10s"}) {
    EXPECT_FALSE(run(format("set failure-timeout {}\nimgfetch http://server/none", value)).ok());
    EXPECT_EQ(elapsed.count_s(), Session::kFailureTimeout.count_s()) << value;
  }
}

TEST_F(SessionTest, TriesAgainFromTheBeginningWithoutWhatTheFirstTryLoaded) {
  downloader.files["http://server/initrd"] = std::string(5000, 'x');
  press_after(1_s, "r");
  EXPECT_FALSE(run("imgstat\nimgfetch http://server/initrd\nimgfetch http://server/none").ok());
  EXPECT_EQ(failures(), 2u);
  EXPECT_EQ(downloader.asked.size(), 4u);
  EXPECT_EQ(console.output.find("5000"), std::string::npos) << console.output;
}

TEST_F(SessionTest, EndsAsTheShellEnds) {
  press_after(1_s, "S");
  press_after(2_s, "echo in the shell\rexit 0\r");
  EXPECT_TRUE(run("imgfetch http://server/none").ok());
  EXPECT_NE(console.output.find("\nin the shell"), std::string::npos) << console.output;
}

TEST_F(SessionTest, LeavesNoMemoryBehind) {
  downloader.files["http://server/initrd"] = std::string(5000, 'x');
  EXPECT_FALSE(run("imgfetch http://server/initrd\nimgfetch http://server/none").ok());
  EXPECT_EQ(pages.blocks(), 0u);
  EXPECT_FALSE(interface.is_open());
}

}  // namespace
}  // namespace kedge::app
