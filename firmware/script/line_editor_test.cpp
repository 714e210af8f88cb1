// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include "tests/fake/script_world.h"

namespace kedge::script {
namespace {

constexpr char32_t kUp = port::Key::kUp;
constexpr char32_t kDown = port::Key::kDown;
constexpr char32_t kLeft = port::Key::kLeft;
constexpr char32_t kRight = port::Key::kRight;

struct Editor {
  fake::SimLoop sim;
  FakeConsole console;
  FakeInput input;
  LineEditor editor{console, input};

  std::string read(const std::u32string& keys, std::string initial = {}, bool history = true) {
    for (const char32_t key : keys) input.press(key);
    input.press(port::Key::kEnter);
    return sim.run(editor.read("> ", std::move(initial), history))->value();
  }
};

TEST(line_editor, edits_in_the_middle) {
  Editor e;
  EXPECT_EQ(e.read({U'a', U'c', kLeft, U'b', kRight, U'd'}), "abcd");
  EXPECT_EQ(e.read({U'b', 1, U'a', 5, U'c'}), "abc") << "Ctrl-A, Ctrl-E";
  EXPECT_EQ(e.read({U'a', U'b', U'c', kLeft, kLeft, 11}), "a") << "Ctrl-K";
  EXPECT_EQ(e.read({U'a', U'b', U'c', kLeft, 21}), "c") << "Ctrl-U";
  EXPECT_EQ(e.read({U'a', U' ', U'b', U'c', U' ', 23}), "a ") << "Ctrl-W";
  EXPECT_EQ(e.read({U'a', U'b', kLeft, port::Key::kDelete, 8, 8, U'x'}), "x");
  EXPECT_EQ(e.read({port::Key::kHome, kLeft, port::Key::kEnd, kRight, port::Key::kPageUp}), "");
}

TEST(line_editor, moves_by_whole_characters) {
  Editor e;
  EXPECT_EQ(e.read({U'\u00fc', U'\u20ac', U'\U0001F600', kLeft, kLeft, 8}), "\u20ac\U0001F600");
  EXPECT_EQ(e.read({U'\u00fc', U'\u20ac', 1, 4}), "\u20ac");
}

TEST(line_editor, recalls_history_and_the_line_that_was_being_typed) {
  Editor e;
  EXPECT_EQ(e.read(U"one"), "one");
  EXPECT_EQ(e.read(U"two"), "two");
  EXPECT_EQ(e.read(U"two"), "two");
  EXPECT_EQ(e.read({kUp, kUp, kUp}), "one") << "repeated lines are kept once";
  EXPECT_EQ(e.read({U'n', U'e', U'w', kUp, kDown, kDown}), "new");
}

TEST(line_editor, forgets_the_oldest_lines) {
  Editor e;
  for (std::size_t i = 0; i < LineEditor::kHistoryMax + 5; ++i) {
    const std::string text = std::to_string(i);
    e.read(std::u32string(text.begin(), text.end()));
  }
  EXPECT_EQ(e.read(std::u32string(100, kUp)), "5");
}

TEST(line_editor, starts_with_a_given_text_and_without_history_when_asked) {
  Editor e;
  EXPECT_EQ(e.read(U"remembered"), "remembered");
  EXPECT_EQ(e.read({kUp, U'!'}, "given", false), "given!");
  EXPECT_EQ(e.read({kUp}), "remembered");
}

TEST(line_editor, shows_the_part_of_a_long_line_around_the_cursor) {
  Editor e;
  e.read(std::u32string(200, U'x') + std::u32string(150, kLeft));
  for (std::size_t start = 0; start < e.console.output.size();) {
    const std::size_t end = std::min(e.console.output.find('\n', start), e.console.output.size());
    std::string line = e.console.output.substr(start, end - start);
    line.resize(std::min(line.find('\b'), line.size()));
    EXPECT_LT(line.size(), 80u);
    start = end + 1;
  }
}

TEST(line_editor, limits_the_length_of_a_line) {
  Editor e;
  EXPECT_EQ(e.read(std::u32string(LineBuffer::kBytesMax + 10, U'x')).size(), LineBuffer::kBytesMax);
}

}  // namespace
}  // namespace kedge::script
