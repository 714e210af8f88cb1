// SPDX-License-Identifier: BSD-2-Clause-Patent
// Runs testdata/*.ipxe, one file per behaviour. Expectations stand as comments on the line that
// causes them; the console's lines must be exactly these, in this order:
//
//   echo hello           # expect: hello
//   frobnicate           # error: unknown command
//
// An error is a line "file:line:column: ..." of that very line; the excerpt and the help below it
// (indented) are not compared. Comment lines prepare the world or tell how the script must end:
//
//   #@ serve <uri> <content, \n for line ends>      a file to download
//   #@ slow <uri> <seconds>                          how long that takes
//   #@ key <milliseconds> <key number>               a key that is pressed
//   #@ fails                                         the script must fail (else: succeed)
//   #@ executes <name and arguments>                 an image that must be started, in order
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "script/key_code.h"
#include "tests/fake/script_world.h"

namespace kedge::script {
namespace {

struct Expected {
  std::string text;
  bool is_error;
  std::size_t line;
};

struct Case {
  std::string script;
  std::vector<Expected> lines;
  std::vector<std::string> executes;
  bool fails = false;
};

std::string unescape(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;)
    text.replace(at, 2, "\n");
  return text;
}

void prepare(FakeWorld& world, Case& test, std::istringstream directive) {
  std::string word;
  std::string uri;
  directive >> word;
  if (word == "serve") {
    std::string content;
    directive >> uri >> std::ws;
    std::getline(directive, content);
    world.images.server[uri].content = unescape(content);
  } else if (word == "slow") {
    int seconds = 0;
    directive >> uri >> seconds;
    world.images.server[uri].delay = Duration::seconds(seconds);
  } else if (word == "key") {
    int when = 0;
    std::string key;
    directive >> when >> key;
    const char32_t code = parse_key(key)->code;
    world.at(Duration::milliseconds(when), [&world, code] { world.input.press(code); });
  } else if (word == "fails") {
    test.fails = true;
  } else if (word == "executes") {
    std::string call;
    std::getline(directive >> std::ws, call);
    test.executes.push_back(call);
  } else {
    ADD_FAILURE() << "unknown directive: " << word;
  }
}

Case read_case(const std::filesystem::path& path, FakeWorld& world) {
  Case test;
  std::ifstream file(path);
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    test.script += line + "\n";
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("#@ ")) prepare(world, test, std::istringstream(line.substr(3)));
    for (const auto& [mark, is_error] : {std::pair{"# expect: ", false}, {"# error: ", true}}) {
      const std::size_t at = line.find(mark);
      if (at == std::string::npos) continue;
      test.lines.push_back({line.substr(at + std::string(mark).size()), is_error, number});
    }
  }
  return test;
}

class ScriptFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ScriptFile, behaves_as_its_comments_say) {
  FakeWorld world;
  const std::string name = GetParam().filename();
  const Case test = read_case(GetParam(), world);
  const Result<void> outcome = world.run(test.script, name);
  EXPECT_EQ(outcome.ok(), !test.fails) << world.console.output;
  EXPECT_EQ(world.images.executed, test.executes) << world.console.output;

  std::istringstream output(world.console.output);
  std::string line;
  std::size_t next = 0;
  while (std::getline(output, line)) {
    if (line.starts_with("  ")) continue;
    ASSERT_LT(next, test.lines.size()) << "unexpected line: " << line;
    const Expected& expected = test.lines[next++];
    if (!expected.is_error) {
      EXPECT_EQ(line, expected.text) << name << ":" << expected.line;
      continue;
    }
    EXPECT_TRUE(line.starts_with(name + ":" + std::to_string(expected.line) + ":"))
        << line << "\nexpected an error of line " << expected.line;
    EXPECT_NE(line.find(expected.text), std::string::npos) << line << "\nlacks: " << expected.text;
  }
  EXPECT_EQ(next, test.lines.size()) << "missing lines; the output was:\n" << world.console.output;
  EXPECT_EQ(world.sim.loop.armed_timers(), 0u);
}

std::vector<std::filesystem::path> script_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(KEDGE_SCRIPT_TESTDATA)) {
    if (entry.path().extension() == ".ipxe") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string test_name(const testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.stem();
}

INSTANTIATE_TEST_SUITE_P(script, ScriptFile, testing::ValuesIn(script_files()), test_name);

TEST(script_files, exist) {
  EXPECT_GE(script_files().size(), 20u);
}

}  // namespace
}  // namespace kedge::script
