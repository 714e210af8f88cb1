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
  files.push_back({"probe.efi", test_program("resource-probe.efi")});
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

void ShellTest::expect_our_driver(bool wanted) {
  constexpr std::string_view kOurs = "Network controller driven by Kedge";
  const auto devices = run("devices");
  if (wanted) {
    find(devices, fmt::format("({})", kOurs));
    return;
  }
  for (const std::string& line : devices) EXPECT_FALSE(line.contains(kOurs)) << line;
}

void ShellTest::start_probe() {
  find(run("load -nc probe.efi"), "(resource-probe: on)");
}

ShellTest::Usage ShellTest::usage() {
  const Pattern image = Pattern::must_compile(
      R"(resource-probe: (\S+) pool (-?[0-9]+) pages (-?[0-9]+) events (-?[0-9]+)$)");
  const Pattern machine = Pattern::must_compile(
      R"(resource-probe: machine handles ([0-9]+) protocols ([0-9]+) openings ([0-9]+) )"
      R"(free ([0-9]+) lines ([0-9]+)$)");
  const auto number = [](const PatternMatch& match, std::size_t group) {
    return std::stoi(match.groups.at(group));
  };
  // The serial port has no flow control: a line may be lost on a busy host.
  for (unsigned attempt = 0; attempt < kAttempts && !HasFailure(); ++attempt) {
    Usage result;
    for (const std::string& line : run("load -nc probe.efi")) {
      if (const auto match = image.search(line)) {
        result.images[match->groups.at(1)] = {number(*match, 2), number(*match, 3),
                                              number(*match, 4)};
      } else if (const auto total = machine.search(line)) {
        result.handles = number(*total, 1);
        result.protocols = number(*total, 2);
        result.openings = number(*total, 3);
        result.pages = -number(*total, 4);
        if (static_cast<std::size_t>(number(*total, 5)) == result.images.size()) return result;
      }
    }
  }
  ADD_FAILURE() << "the probe does not say what is in use";
  return {};
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

ShellTest::Usage ShellTest::growth(const std::function<void()>& rounds) {
  const Usage before = usage();
  rounds();
  Usage grown = usage();
  for (auto& [name, taken] : grown.images) {
    const Taken was = before.of(name);
    taken = {taken.pool - was.pool, taken.pages - was.pages, taken.events - was.events};
    fmt::print("{}: {} pieces of pool, {} pages and {} events more\n", name, taken.pool,
               taken.pages, taken.events);
  }
  grown.handles -= before.handles;
  grown.protocols -= before.protocols;
  grown.openings -= before.openings;
  grown.pages -= before.pages;
  fmt::print("the machine: {} handles, {} protocols, {} openings and {} pages more\n",
             grown.handles, grown.protocols, grown.openings, grown.pages);
  return grown;
}

}  // namespace kedge::host::e2e
