// SPDX-License-Identifier: BSD-2-Clause-Patent
// What script files cannot show: the shell, messages in full, limits, cancellation.
#include <gtest/gtest.h>

#include "script/key_code.h"
#include "script/script_errors.h"
#include "tests/fake/script_world.h"

namespace kedge::script {
namespace {

TEST(interpreter, explains_an_error_with_its_line_and_a_mark) {
  FakeWorld world;
  const Result<void> outcome = world.run("#!ipxe\n\tchain --autofre http://server/x\n");
  EXPECT_EQ(outcome.error(), err::script_usage);
  EXPECT_EQ(
      world.console.output,
      "test.ipxe:2:8: chain: unknown option --autofre; did you mean --autofree? (K-1000d090)\n"
      "     chain --autofre http://server/x\n"
      "           ^\n"
      "  Give the command --help to see how it is used.\n");
}

TEST(interpreter, shows_only_the_neighbourhood_of_a_mark_in_a_long_line) {
  FakeWorld world;
  (void)world.run("#!ipxe\nimgfetch http://server/" + std::string(300, 'y') + " && frobnicate\n");
  for (std::size_t start = 0; start < world.console.output.size();) {
    const std::size_t end = world.console.output.find('\n', start);
    if (world.console.output[start] == ' ') EXPECT_LE(end - start, 80u);
    start = end + 1;
  }
}

TEST(interpreter, explains_a_failure_once_where_scripts_are_nested) {
  FakeWorld world;
  world.images.server["http://server/child.ipxe"].content = "#!ipxe\nimgfetch gone\n";
  EXPECT_FALSE(world.run("#!ipxe\nchain child.ipxe\n").ok());
  EXPECT_EQ(world.console.output,
            "child.ipxe:2:1: imgfetch: no such file on the server (404) (K-02011c80)\n"
            "    imgfetch gone\n"
            "    ^\n"
            "  Ask the server's keeper.\n"
            "test.ipxe:2:1: chain: no such file on the server (404) (K-02011c80)\n");
}

TEST(interpreter, limits_how_deeply_scripts_nest) {
  FakeWorld world;
  world.images.server["http://server/again.ipxe"].content = "#!ipxe\nchain again.ipxe\n";
  EXPECT_EQ(world.run("#!ipxe\nchain again.ipxe\n").error(), err::script_too_deep);
}

TEST(interpreter, replaces_scripts_without_end_and_without_nesting) {
  FakeWorld world;
  world.images.server["http://server/again.ipxe"].content =
      "#!ipxe\ninc count\niseq ${count} 200 && exit ||\nchain --replace again.ipxe\n";
  EXPECT_TRUE(world.run("#!ipxe\nchain --replace again.ipxe\n").ok()) << world.console.output;
  EXPECT_EQ(world.settings.text("count"), "200");
}

TEST(interpreter, frees_scripts_that_were_replaced_and_images_after_use) {
  FakeWorld world;
  world.images.server["http://server/linux"].content = "ELF";
  world.images.server["http://server/next.ipxe"].content =
      "#!ipxe\nchain --autofree linux\nimgfetch linux\n";
  EXPECT_TRUE(world.run("#!ipxe\nchain --replace next.ipxe\n").ok());
  std::vector<std::string> names;
  for (const ImageId image : world.images.list())
    names.push_back(world.images.describe(image)->name);
  EXPECT_EQ(names, (std::vector<std::string>{"next.ipxe", "linux"}));
  EXPECT_EQ(world.images.executed, std::vector<std::string>{"linux"});
}

TEST(interpreter, restores_the_working_uri_after_each_image) {
  FakeWorld world;
  world.images.set_working_uri("http://outer/");
  world.images.server["http://server/sub/child.ipxe"].content = "#!ipxe\nexit 1\n";
  EXPECT_TRUE(world.run("#!ipxe\nchain sub/child.ipxe || imgfetch missing ||\n").ok());
  EXPECT_EQ(world.images.working_uri(), "http://outer/");
}

TEST(interpreter, ends_when_its_scope_is_cancelled_even_where_failures_are_handled) {
  FakeWorld world;
  world.at(Duration::seconds(5), [&] { world.sim.scope.cancel(); });
  const Result<void> outcome = world.run("#!ipxe\n:a sleep 1 ||\ngoto a\n");
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind(), ErrorKind::cancelled);
}

/// Cancels a scope after a number of turns of the loop.
class TurnLimit final : public async::Poller {
 public:
  TurnLimit(async::CancelScope& scope, int turns) : scope_(scope), turns_(turns) {}
  bool poll() noexcept override {
    if (turns_-- == 0) scope_.cancel();
    return false;
  }
  bool used() const { return turns_ < 0; }

 private:
  async::CancelScope& scope_;
  int turns_;
};

TEST(interpreter, can_be_cancelled_at_every_turn_and_leaves_nothing_behind) {
  bool cancelled = true;
  for (int turns = 0; cancelled; ++turns) {
    ASSERT_LT(turns, 1000);
    FakeWorld world;
    TurnLimit limit(world.sim.scope, turns);
    world.sim.loop.add_poller(limit);
    world.images.server["http://server/linux"].content = "ELF";
    world.images.server["http://server/child.ipxe"].content =
        "#!ipxe\ndhcp || dhcp net1\nkernel linux a=b\nprompt --timeout 10 ||\nboot ; echo on\n";
    world.at(Duration::seconds(90), [&] { world.input.type("exit\r"); });
    const Result<void> outcome = world.run(
        "#!ipxe\n:again chain --autofree child.ipxe && goto out || goto again\n:out shell\ntime "
        "sleep 1\n");
    cancelled = limit.used();
    // The last turn may come too late to stop anything.
    if (cancelled && !outcome.ok()) EXPECT_EQ(outcome.error().kind(), ErrorKind::cancelled);
    if (!cancelled) EXPECT_TRUE(outcome.ok()) << world.console.output;
    world.events.clear();
    EXPECT_EQ(world.sim.loop.armed_timers(), 0u);
    EXPECT_EQ(world.images.working_uri(), "");
    for (const FakeImages::Image& image : world.images.images) EXPECT_EQ(image.holds, 0);
  }
}

TEST(interpreter, runs_text_that_is_no_image_and_an_image_in_its_place) {
  FakeWorld world;
  world.images.add("linux", "http://server/linux", "ELF");
  EXPECT_TRUE(
      world.sim.run(world.interpreter.run_text("command line", "chain --replace linux a b")).ok());
  EXPECT_EQ(world.images.executed, std::vector<std::string>{"linux a b"});
}

TEST(interpreter, refuses_a_line_that_is_not_text) {
  FakeWorld world;
  EXPECT_EQ(world.run(std::string("#!ipxe\necho \0\n", 14)).error(), err::script_bad_character);
  EXPECT_TRUE(world.console.output.starts_with("test.ipxe:2:1: not text")) << world.console.output;
}

TEST(interpreter, keeps_the_size_limits) {
  FakeWorld world;
  EXPECT_EQ(world.run("#!ipxe\n" + std::string(kScriptBytesMax, '\n')).error(),
            err::script_too_large);
  EXPECT_EQ(world.run("#!ipxe\necho " + std::string(kLineBytesMax, 'x')).error(),
            err::script_line_too_long);
}

TEST(interpreter, keeps_keys_that_were_typed_ahead_for_a_prompt) {
  FakeWorld world;
  world.input.type("q");
  EXPECT_TRUE(world.run("#!ipxe\necho a\necho b\nprompt --key q\n").ok());
}

TEST(interpreter, does_not_let_keys_typed_at_a_download_answer_a_prompt) {
  FakeWorld world;
  world.images.server["http://server/big"] = {"data", Duration::seconds(10)};
  world.at(Duration::seconds(5), [&] { world.input.type("q"); });
  EXPECT_FALSE(world.run("#!ipxe\nimgfetch big\nprompt --key q --timeout 100\n").ok());
}

TEST(interpreter, restarts_and_switches_off) {
  FakeWorld world;
  EXPECT_TRUE(world.run("#!ipxe\nreboot\nreboot --warm\nreboot -s\npoweroff\n").ok());
  EXPECT_EQ(world.power.calls, "cold warm setup off ");
}

TEST(shell, runs_lines_until_exit_and_gives_its_status) {
  FakeWorld world;
  world.input.type("echo hello\rfrobnicate\riseq a b\rexit 7\r");
  const Result<void> outcome = world.sim.run(world.interpreter.run_shell());
  EXPECT_EQ(outcome.error(), err::script_exit);
  EXPECT_EQ(outcome.error().detail(), 7u);
  EXPECT_EQ(world.console.output,
            "kedge> echo hello\nhello\n"
            "kedge> frobnicate\nfrobnicate: unknown command (K-0200d080)\n"
            "kedge> iseq a b\n"
            "kedge> exit 7\n");
}

TEST(shell, abandons_a_line_at_ctrl_c_and_leaves_at_ctrl_d) {
  FakeWorld world;
  world.input.type("echo no\x03\x04");
  EXPECT_TRUE(world.sim.run(world.interpreter.run_shell()).ok());
  EXPECT_EQ(world.console.output, "kedge> echo no\nkedge> exit\n");
}

TEST(shell, can_be_started_by_a_script_which_then_goes_on) {
  FakeWorld world;
  world.input.type("");
  world.at(Duration::seconds(1), [&] { world.input.type("set x y\rgoto z\rexit\r"); });
  EXPECT_TRUE(world.run("#!ipxe\nshell\necho x is ${x}\n").ok());
  EXPECT_NE(world.console.output.find("goto: only possible inside a script"), std::string::npos);
  EXPECT_TRUE(world.console.output.ends_with("x is y\n")) << world.console.output;
}

TEST(shell, reads_settings_from_the_keyboard) {
  FakeWorld world;
  ASSERT_TRUE(world.settings.set("name", "joe").ok());
  world.at(Duration::seconds(1), [&] { world.input.type("\x08y\r"); });
  EXPECT_TRUE(world.run("#!ipxe\necho -n Name:${} && read name\n").ok());
  EXPECT_EQ(world.settings.text("name"), "joy");
}

TEST(commands, have_unique_names_and_can_all_be_explained) {
  FakeWorld world;
  std::vector<std::string_view> names;
  for (const CommandTable& table : standard_commands()) {
    for (const CommandName& entry : table) {
      EXPECT_EQ(std::count(names.begin(), names.end(), entry.name), 0) << entry.name;
      names.push_back(entry.name);
      EXPECT_LE(entry.spec->options.size(), kOptionsMax);
      world.console.output.clear();
      EXPECT_TRUE(world.run("#!ipxe\n" + std::string(entry.name) + " --help\n").ok());
      EXPECT_TRUE(world.console.output.starts_with(std::string(entry.name) + ": "));
    }
  }
  world.console.output.clear();
  EXPECT_TRUE(world.run("#!ipxe\nhelp\n").ok());
  for (const std::string_view name : names) {
    EXPECT_NE(world.console.output.find(name), std::string::npos) << name;
  }
}

TEST(commands, show_interfaces) {
  FakeWorld world;
  EXPECT_TRUE(world.run("#!ipxe\nifopen net0\nifstat net0\n").ok());
  EXPECT_EQ(world.console.output,
            "net0: 52:54:00:12:34:56 using virtio-net on 0000:00:03.0 (open)\n"
            "  link up, TX 0 (0 failed), RX 0 (0 failed)\n");
}

TEST(key_code, reads_characters_and_the_numbers_that_scripts_use) {
  EXPECT_EQ(parse_key("q")->code, U'q');
  EXPECT_EQ(parse_key("5")->code, U'5');
  EXPECT_EQ(parse_key("0x02")->code, 2u);
  EXPECT_EQ(parse_key("0x197e")->code, port::Key::kFunction1 + 11);
  EXPECT_EQ(parse_key("0x107e")->code, port::Key::kFunction1 + 4);
  EXPECT_EQ(parse_key("0x0141")->code, port::Key::kUp);
  EXPECT_FALSE(parse_key("").ok());
  EXPECT_FALSE(parse_key("0x9999").ok());
}

}  // namespace
}  // namespace kedge::script
