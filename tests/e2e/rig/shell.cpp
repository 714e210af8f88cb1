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

std::size_t ShellTest::data_pages() {
  std::string number = find(run("memmap"), R"(BS_Data\s*:\s*([0-9,]+) Pages)");
  std::erase(number, ',');
  return number.empty() ? 0 : std::stoul(number);
}

std::size_t ShellTest::handle_count() {
  const auto lines = run("dh");
  const Pattern handle = Pattern::must_compile(R"(^\s*[0-9A-F]+: )");
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const auto& line) { return handle.search(line); }));
}

}  // namespace kedge::host::e2e
