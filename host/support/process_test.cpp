// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <thread>

namespace kedge::host {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

ProcessSpec shell(std::string script) {
  ProcessSpec spec;
  spec.arguments = {"sh", "-c", std::move(script)};
  return spec;
}

// False also for a process that has ended and was not collected yet.
bool is_running(pid_t pid) {
  const auto status = read_file("/proc/" + std::to_string(pid) + "/stat");
  return status && status->find(") Z ") == std::string::npos;
}

TEST(Process, ReportsTheExitCode) {
  auto process = Process::start(shell("exit 3"));
  ASSERT_TRUE(process);
  const auto status = process->wait_until(after(kPatience));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->describe(), "exit code 3");
  EXPECT_FALSE(status->success());
}

TEST(Process, ReportsTheSignal) {
  auto process = Process::start(shell("kill -KILL $$"));
  ASSERT_TRUE(process);
  const auto status = process->wait_until(after(kPatience));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGKILL);
}

TEST(Process, AMissingProgramIsAFailureAtTheStart) {
  ProcessSpec spec;
  spec.arguments = {"kedge-no-such-program"};
  const auto process = Process::start(spec);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().what, "kedge-no-such-program is not installed (looked in PATH)");
}

TEST(Process, AFileThatCannotBeRunIsAFailureAtTheStart) {
  const auto directory = TempDir::create("kedge-test-");
  const auto path = directory->path() / "broken";
  ASSERT_TRUE(write_file(path,
                         "\x7f"
                         "ELF but not really"));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  ProcessSpec spec;
  spec.arguments = {path.string()};
  const auto process = Process::start(spec);
  ASSERT_FALSE(process);
  EXPECT_TRUE(process.error().what.ends_with("Exec format error")) << process.error().what;
}

TEST(Process, StopEndsTheWholeGroupEvenIfItIgnoresSigterm) {
  const auto directory = TempDir::create("kedge-test-");
  ProcessSpec spec =
      shell("trap '' TERM; (trap '' TERM; echo $$; exec sleep 1000) & echo $!; wait");
  spec.output = directory->path() / "pids";
  auto process = Process::start(spec);
  ASSERT_TRUE(process);
  std::string text;
  for (const Instant deadline = after(kPatience); text.find('\n') == std::string::npos;) {
    ASSERT_LT(now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    text = read_file(spec.output).value_or("");
  }
  pid_t child = 0;
  std::from_chars(text.data(), text.data() + text.size(), child);
  ASSERT_GT(child, 0);
  EXPECT_EQ(process->stop(std::chrono::milliseconds(100)).signal, SIGKILL);
  for (const Instant deadline = after(kPatience); is_running(child);) {
    ASSERT_LT(now(), deadline) << "the grandchild survived";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST(Process, TheDestructorStopsIt) {
  pid_t pid = 0;
  {
    auto process = Process::start(shell("sleep 1000"));
    ASSERT_TRUE(process);
    pid = process->pid();
    EXPECT_TRUE(is_running(pid));
  }
  EXPECT_FALSE(is_running(pid));
}

// Whatever ends us: a child of ours must not go on alone. (What it started itself, it has to end.)
TEST(Process, DiesWithUsEvenIfWeAreKilled) {
  std::array<int, 2> report{};
  ASSERT_EQ(::pipe(report.data()), 0);
  const pid_t us = ::fork();
  if (us == 0) {
    auto process = Process::start(shell("exec sleep 1000"));
    const pid_t pid = process ? process->pid() : 0;
    if (::write(report[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(report[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_GT(child, 0);
  EXPECT_TRUE(is_running(child));
  ::kill(us, SIGKILL);
  ::waitpid(us, nullptr, 0);
  for (const Instant deadline = after(kPatience); is_running(child);) {
    ASSERT_LT(now(), deadline) << "the child survived";
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::close(report[0]);
  ::close(report[1]);
}

TEST(RunTool, GivesTheOutput) {
  EXPECT_EQ(run_tool(shell("echo out; echo err >&2")).value(), "out\nerr\n");
}

TEST(RunTool, AFailureShowsCommandAndOutput) {
  const auto output = run_tool(shell("echo no such thing; exit 5"));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().what,
            "sh -c 'echo no such thing; exit 5' failed with exit code 5:\nno such thing\n");
}

TEST(RunTool, StopsWhatTakesTooLong) {
  const auto output = run_tool(shell("sleep 1000"), std::chrono::milliseconds(50));
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().what.find("did not end within"), std::string::npos);
}

TEST(FindProgram, NamesThePackageOfAKnownTool) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const auto program = find_program("qemu-system-x86_64");
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().advice,
            "install the package qemu-system-x86: apt install qemu-system-x86");
}

TEST(QuoteCommand, QuotesWhatAShellWouldChange) {
  EXPECT_EQ(quote_command({"a", "b c", "", "it's", "x=1,y"}), "a 'b c' '' 'it'\\''s' x=1,y");
}

}  // namespace
}  // namespace kedge::host
