// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/console.h"

#include <gtest/gtest.h>

#include "tests/fake/sim_clock.h"
#include "tests/fake/uefi.h"
#include "uefi/input.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;
using fake::FakeFirmware;
using port::Key;

/// What a terminal shows on its current line.
std::string shown(std::string_view sent) {
  std::string line;
  std::size_t at = 0;
  for (const char c : sent) {
    if (c == '\r') {
      at = 0;
    } else if (c == '\b') {
      if (at != 0) --at;
    } else if (c == '\n') {
      line.clear();
    } else {
      if (at == line.size()) line.push_back(' ');
      line[at++] = c;
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

TEST(TextConsole, EndsLinesTheFirmwaresWayAndSendsUcs2) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  console.append("caf\xc3\xa9\n\xf0\x9f\x90\xa7");
  EXPECT_EQ(fake.printed, "caf\xc3\xa9\r\n?");
}

TEST(TextConsole, LongTextGoesOutInPieces) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  const std::string text(1000, 'x');
  console.append(text);
  EXPECT_EQ(fake.printed, text);
  EXPECT_EQ(fake.print_calls, 8U);
}

TEST(TextConsole, ColumnsComeFromTheModeWithALowerLimit) {
  FakeFirmware fake;
  EXPECT_EQ(TextConsole(fake.firmware()).columns(), 100U);
  fake.console_columns = 3;
  EXPECT_EQ(TextConsole(fake.firmware()).columns(), 40U);
}

TEST(TextConsole, RewritingShowsTheNewTextOnly) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  for (const char* text :
       {"loading 1%", "loading 10%", "done", "", "x", "a longer line than that"}) {
    console.rewrite_line(text);
    EXPECT_EQ(shown(fake.printed), text);
  }
}

TEST(TextConsole, RewritingTheSameTextSendsNothing) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  console.rewrite_line("loading 10%");
  fake.printed.clear();
  console.rewrite_line("loading 10%");
  EXPECT_EQ(fake.printed, "");
}

TEST(TextConsole, RewritingSendsOnlyTheEndThatChanged) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  console.rewrite_line("loading kernel 10%");
  fake.printed.clear();
  console.rewrite_line("loading kernel 11%");
  EXPECT_EQ(fake.printed, "\b\b1%");
}

TEST(TextConsole, ALineThatIsTooLongIsCutOff) {
  FakeFirmware fake;
  fake.console_columns = 40;
  TextConsole console(fake.firmware());
  console.rewrite_line(std::string(60, 'x'));
  EXPECT_EQ(fake.printed, "\r" + std::string(39, 'x'));
}

TEST(TextConsole, TextAfterARewrittenLineStartsAfresh) {
  FakeFirmware fake;
  TextConsole console(fake.firmware());
  console.rewrite_line("50%");
  console.append("\n");
  fake.printed.clear();
  console.rewrite_line("50%");
  EXPECT_EQ(fake.printed, "\r50%");
}

TEST(Keyboard, TranslatesNamedKeysAndControlLetters) {
  EXPECT_EQ(translate_key(SCAN_UP, 0, 0)->code, Key::kUp);
  EXPECT_EQ(translate_key(SCAN_F12, 0, 0)->code, Key::kFunction1 + 11);
  EXPECT_EQ(translate_key(SCAN_ESC, 0, 0)->code, Key::kEscape);
  EXPECT_EQ(translate_key(0, 3, 0)->code, Key::kCtrlC);
  const std::uint32_t control = EFI_SHIFT_STATE_VALID | EFI_LEFT_CONTROL_PRESSED;
  EXPECT_EQ(translate_key(0, u'c', control)->code, Key::kCtrlC);
  EXPECT_EQ(translate_key(0, u'C', control)->code, Key::kCtrlC);
  // Without the valid bit the state means nothing.
  EXPECT_EQ(translate_key(0, u'c', EFI_LEFT_CONTROL_PRESSED)->code, U'c');
  EXPECT_EQ(translate_key(0, 0x7f, 0)->code, Key::kBackspace);
  EXPECT_EQ(translate_key(SCAN_NULL, 0, 0), std::nullopt);
}

struct KeyboardTest : testing::Test {
  FakeFirmware fake;
  fake::SimLoop loop;
  Keyboard keyboard{fake.firmware(), loop.loop};
};

TEST_F(KeyboardTest, ReadKeyWaitsForAKey) {
  fake::At later(loop.loop, loop.after(2_s), [&] { fake.keys.push_back({0, u'y'}); });
  // The loop's own time does not poll; a timer each 20 ms does, as a NIC would.
  const auto key = loop.run([](Keyboard& input, Instant end) -> async::Task<Result<Key>> {
    for (;;) {
      const Instant now = co_await async::current_time();
      auto result = co_await input.read_key(now + 20_ms);
      if (result.ok() || now > end) co_return result;
    }
  }(keyboard, loop.after(10_s)));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->code, U'y');
}

TEST_F(KeyboardTest, ReadKeyEndsAtItsDeadline) {
  const auto key = loop.run(keyboard.read_key(loop.after(1_s)));
  ASSERT_FALSE(key.ok());
  EXPECT_TRUE(key.error() == err::async_timed_out);
}

TEST_F(KeyboardTest, TheExtendedProtocolIsPreferredForItsShiftState) {
  static EFI_KEY_DATA next{};
  static bool pending = true;
  next.Key.UnicodeChar = u'c';
  next.KeyState.KeyShiftState = EFI_SHIFT_STATE_VALID | EFI_RIGHT_CONTROL_PRESSED;
  EFI_SIMPLE_TEXT_INPUT_EX_PROTOCOL extended{};
  extended.ReadKeyStrokeEx = +[](EFI_SIMPLE_TEXT_INPUT_EX_PROTOCOL*, EFI_KEY_DATA* data) EFIAPI {
    if (!std::exchange(pending, false)) return EFI_STATUS{EFI_NOT_READY};
    *data = next;
    return EFI_STATUS{EFI_SUCCESS};
  };
  fake.add_protocol(fake.console_in_handle, &extended);
  const std::optional<Key> key = keyboard.poll_key();
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->code, Key::kCtrlC);
}

TEST_F(KeyboardTest, DrainForgetsWhatWasTypedBefore) {
  fake.keys = {{0, u'a'}, {0, u'b'}};
  keyboard.drain();
  EXPECT_FALSE(keyboard.poll_key().has_value());
  EXPECT_TRUE(fake.keys.empty());
}

TEST_F(KeyboardTest, KeysBeyondTheQueueAreLostNotTheFirstOnes) {
  for (char16_t i = 0; i < 100; ++i) fake.keys.push_back({0, static_cast<CHAR16>(u'a' + i % 26)});
  for (int i = 0; i < 100; ++i) loop.loop.run_once();
  EXPECT_EQ(keyboard.poll_key()->code, U'a');
  EXPECT_EQ(keyboard.poll_key()->code, U'b');
}

}  // namespace
}  // namespace kedge::uefi
