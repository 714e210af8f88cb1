// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/failure_screen.h"

#include <gtest/gtest.h>

#include "app/app_errors.h"
#include "app/interrupt.h"
#include "tests/fake/script_world.h"

namespace kedge::app {
namespace {

using namespace literals;

/// A machine without a keyboard, whose driver says so.
class BrokenInput final : public port::Input {
 public:
  std::optional<port::Key> poll_key() noexcept override { return std::nullopt; }
  async::Task<Result<port::Key>> read_key(Instant) noexcept override {
    co_return fail(err::async_no_frame);
  }
};

class FailureScreenTest : public testing::Test {
 protected:
  Result<AfterFailure> ask(Duration timeout = 10_s) {
    return sim.run(ask_after_failure(console, input, timeout));
  }
  /// The answer to a key that is pressed a second after the question.
  Result<AfterFailure> answer_of(char32_t key) {
    const fake::At pressed(sim.loop, sim.after(1_s), [&] { input.press(key); });
    return ask();
  }

  fake::SimLoop sim;
  script::FakeConsole console;
  script::FakeInput input;
};

TEST_F(FailureScreenTest, ShowsTheErrorAndItsHelpUnlessAScriptHasExplainedIt) {
  show_failure(console, Error(err::app_no_filename), Explained::no);
  EXPECT_NE(console.output.find("Boot failed: "), std::string::npos);
  EXPECT_NE(console.output.find(err::app_no_filename.text), std::string::npos);
  EXPECT_NE(console.output.find(err::app_no_filename.help), std::string::npos);
  console.output.clear();
  show_failure(console, Error(err::app_no_filename), Explained::yes);
  EXPECT_NE(console.output.find(err::app_no_filename.text), std::string::npos);
  EXPECT_EQ(console.output.find(err::app_no_filename.help), std::string::npos);
}

TEST_F(FailureScreenTest, UnderstandsItsKeysInBothCases) {
  EXPECT_EQ(*answer_of('s'), AfterFailure::shell);
  EXPECT_EQ(*answer_of('S'), AfterFailure::shell);
  EXPECT_EQ(*answer_of('r'), AfterFailure::retry);
  EXPECT_EQ(*answer_of('R'), AfterFailure::retry);
  EXPECT_EQ(*answer_of('x'), AfterFailure::give_up);
  EXPECT_EQ(*answer_of(port::Key::kEscape), AfterFailure::give_up);
  EXPECT_EQ(*answer_of(port::Key::kCtrlC), AfterFailure::give_up);
}

TEST_F(FailureScreenTest, GivesUpWhenNobodyAnswers) {
  const Instant start = sim.clock.now();
  EXPECT_EQ(*ask(10_s), AfterFailure::give_up);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 10);
}

TEST_F(FailureScreenTest, DoesNotAskWhenThereIsNoTime) {
  EXPECT_EQ(*ask(Duration()), AfterFailure::give_up);
  EXPECT_EQ(console.output, "");
}

TEST_F(FailureScreenTest, DoesNotTakeEarlierKeysForAnAnswer) {
  input.type("\r\rs");
  const Instant start = sim.clock.now();
  EXPECT_EQ(*ask(10_s), AfterFailure::give_up);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 10) << "the person must be able to read it";
}

TEST_F(FailureScreenTest, EndsWithItsScope) {
  const fake::At cancel(sim.loop, sim.after(1_s), [&] { sim.scope.cancel(); });
  EXPECT_EQ(ask().error().kind(), ErrorKind::cancelled);
}

async::Task<Result<int>> seven_after(Duration span) {
  KEDGE_CO_CHECK(co_await async::sleep_for(span));
  co_return 7;
}

TEST_F(FailureScreenTest, CtrlCEndsATaskThatIsInterruptible) {
  const fake::At pressed(sim.loop, sim.after(1_s), [&] { input.press(port::Key::kCtrlC); });
  const Instant start = sim.clock.now();
  EXPECT_EQ(sim.run(interruptible(input, seven_after(60_s))).error().kind(), ErrorKind::cancelled);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1);
}

TEST_F(FailureScreenTest, OtherKeysDoNotEndATaskThatIsInterruptible) {
  input.type("abc");
  EXPECT_EQ(*sim.run(interruptible(input, seven_after(60_s))), 7);
}

TEST_F(FailureScreenTest, AMissingKeyboardDoesNotInterrupt) {
  BrokenInput none;
  EXPECT_EQ(*sim.run(interruptible(none, seven_after(60_s))), 7);
}

}  // namespace
}  // namespace kedge::app
