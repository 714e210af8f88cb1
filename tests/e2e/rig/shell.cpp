// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/shell.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/file.h"
#include "tests/e2e/rig/packages.h"

namespace kedge::host::e2e {
namespace {

// Never typed, so that it can only be the end of a command's output.
constexpr std::string_view kEnd = "end-of-the-command";
constexpr std::size_t kWordsMax = 8;
constexpr unsigned kAttempts = 3;
constexpr long long kPageBytes = 4096;
// Scripts that take a controller and a number. No output of a command in a script can be thrown
// away.
constexpr std::string_view kAloneScript =
    "@echo -off\r\nfor %i run (1 %2)\r\n  disconnect %1\r\n  connect %1\r\nendfor\r\n";
constexpr std::string_view kStackScript =
    "@echo -off\r\nfor %i run (1 %2)\r\n  reconnect %1\r\n  disconnect %1\r\n  connect -r %1\r\n"
    "endfor\r\n";

}  // namespace

void ShellTest::add_shell_disk(MachineSpec& machine, std::vector<MediaFile> files) {
  const auto shell =
      package_directory("trixie-all", "efi-shell-x64") / "usr/share/efi-shell-x64/shellx64.efi";
  ASSERT_TRUE(std::filesystem::exists(shell)) << shell.string() << "; run tools/deps";
  // The shell gives a parameter that is not there as an empty one, which commands take amiss: one
  // file for each number of words.
  std::string words = "%1";
  for (std::size_t count = 1; count <= kWordsMax; ++count) {
    const auto wrapper = directory() / fmt::format("do{}.nsh", count);
    const auto wrote =
        write_file(wrapper, fmt::format("@echo -off\r\n{}\r\necho {}\r\n", words, kEnd));
    E2E_ASSERT_OK(wrote);
    files.push_back({wrapper.filename().string(), wrapper});
    words += fmt::format(" %{}", count + 1);
  }
  for (const auto& [name, text] :
       {std::pair{"alone.nsh", kAloneScript}, std::pair{"stack.nsh", kStackScript}}) {
    const auto wrote = write_file(directory() / name, std::string(text));
    E2E_ASSERT_OK(wrote);
    files.push_back({name, directory() / name});
  }
  const auto startup = directory() / "startup.nsh";
  const auto started = write_file(startup, "@echo -off\r\nfs0:\r\necho shell-is-ready\r\n");
  E2E_ASSERT_OK(started);
  files.push_back({"EFI/BOOT/BOOTX64.EFI", shell});
  files.push_back({"startup.nsh", startup});
  const auto image = directory() / "shell.img";
  const auto made = make_fat_image(image, files);
  E2E_ASSERT_OK(made);
  machine.drives.push_back({.kind = DriveKind::disk, .file = image, .boot_index = 0});
}

void ShellTest::enter_shell() {
  ASSERT_TRUE(expect_console("^shell-is-ready"));
  ASSERT_TRUE(expect_console(R"(FS0:\\> )"));
}

std::vector<std::string> ShellTest::run(std::string_view command, Duration timeout) {
  std::vector<std::string> result;
  if (HasFailure()) return result;
  const auto words = 1 + static_cast<std::size_t>(std::count(command.begin(), command.end(), ' '));
  const std::size_t before = vm().serial().lines().size();
  const auto typed = vm().type(fmt::format("do{} {}\r", words, command));
  if (!typed) {
    ADD_FAILURE() << typed.error().what;
    return result;
  }
  if (!expect_console(fmt::format("^{}", kEnd), timeout)) return result;
  if (!expect_console(R"(FS0:\\> )")) return result;
  const auto& lines = vm().serial().lines();
  for (std::size_t i = before; i < lines.size(); ++i) {
    if (lines[i].end == LineEnd::newline) result.push_back(lines[i].text);
  }
  return result;
}

std::string ShellTest::find(const std::vector<std::string>& lines, std::string_view pattern) {
  const Pattern compiled = Pattern::must_compile(pattern);
  for (const std::string& line : lines) {
    if (const auto match = compiled.search(line)) return match->groups.back();
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  ADD_FAILURE() << "no line matches /" << pattern << "/ in:\n" << text;
  return {};
}

std::string ShellTest::ask(std::string_view command, std::string_view pattern) {
  const Pattern compiled = Pattern::must_compile(pattern);
  for (unsigned attempt = 1; attempt < kAttempts; ++attempt) {
    for (const std::string& line : run(command)) {
      if (const auto match = compiled.search(line)) return match->groups.back();
    }
  }
  return find(run(command), pattern);
}

ShellTest::Usage ShellTest::usage() {
  Usage result;
  std::string free = ask("memmap", R"(Available\s*:.* Pages \(([0-9]{1,3}(?:,[0-9]{3})*) Bytes\))");
  std::erase(free, ',');
  if (!free.empty()) result.pages = static_cast<int>(-std::stoll(free) / kPageBytes);
  // With lines lost on the way two counts hardly agree.
  const Pattern handle = Pattern::must_compile(R"(^\s*[0-9A-F]+: )");
  for (int previous = -1; previous != result.handles && !HasFailure();) {
    previous = result.handles;
    const auto lines = run("dh");
    result.handles = static_cast<int>(std::ranges::count_if(
        lines, [&](const auto& line) { return handle.search(line).has_value(); }));
  }
  return result;
}

unsigned ShellTest::repeat_connections(std::string_view controller, unsigned rounds, Above above) {
  const bool stack = above == Above::stack;
  const auto lines = run(
      fmt::format("{} {} {}", stack ? "stack.nsh" : "alone.nsh", controller, rounds), kBootTimeout);
  const auto count = [&lines](std::string_view what) {
    return std::ranges::count_if(lines, [what](const auto& line) { return line.contains(what); });
  };
  EXPECT_EQ(count("rror"), 0);
  return static_cast<unsigned>(count("Result Success"));
}

ShellTest::Usage ShellTest::growth(const std::function<void()>& rounds, unsigned sets) {
  Usage smallest;
  for (unsigned set = 0; set < sets && !HasFailure(); ++set) {
    const Usage before = usage();
    rounds();
    const Usage after = usage();
    const Usage grown{.pages = after.pages - before.pages,
                      .handles = after.handles - before.handles};
    fmt::print("{} pages and {} handles more\n", grown.pages, grown.handles);
    smallest.pages = set == 0 ? grown.pages : std::min(smallest.pages, grown.pages);
    smallest.handles = set == 0 ? grown.handles : std::min(smallest.handles, grown.handles);
    if (grown.pages == 0 && grown.handles == 0) return grown;
  }
  return smallest;
}

}  // namespace kedge::host::e2e
