// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Child processes that cannot outlive us: each runs in its own process group, is watched through a
// pidfd, receives SIGKILL when the thread that started it dies, and is stopped by the destructor.
// When the leader of the group has ended, the rest of its group is killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/clock.h"
#include "support/file.h"
#include "support/outcome.h"

namespace kedge::host {

struct ExitStatus {
  int code = 0;    // valid when signal is 0
  int signal = 0;  // the signal that ended the process, or 0

  bool success() const { return code == 0 && signal == 0; }
  // "exit code 3" or "signal 9 (Killed)".
  std::string describe() const;
};

struct ProcessSpec {
  std::vector<std::string> arguments = {};  // [0] is looked up by find_program
  std::filesystem::path output = {};        // receives stdout and stderr; empty: inherited from us
  std::filesystem::path directory = {};     // working directory; empty: ours
  std::vector<int> inherited = {};  // descriptors that the child keeps, under the same numbers
  int network_namespace = -1;       // descriptor of a network namespace to enter first
};

class Process {
 public:
  static Outcome<Process> start(const ProcessSpec& spec);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  // Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }
  // Collects the exit status if the process has ended. Never blocks.
  std::optional<ExitStatus> poll();
  std::optional<ExitStatus> wait_until(Instant deadline);
  // SIGTERM to the whole process group, SIGKILL after `grace`, then collects the status.
  ExitStatus stop(Duration grace = std::chrono::seconds(3));
  void send_signal(int signal);

 private:
  Process(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  void collect(int flags);

  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<ExitStatus> status_;
};

// Looks `name` up in PATH and in the sbin directories. The failure names the Debian package.
Outcome<std::filesystem::path> find_program(std::string_view name);

// Runs a short tool to its end and returns its combined output. Fails when the tool is missing,
// exits with an error, or is still running at the deadline (it is stopped then).
Outcome<std::string> run_tool(ProcessSpec spec, Duration timeout = std::chrono::seconds(60));

// "a 'b c' d": how a person would type the command.
std::string quote_command(const std::vector<std::string>& arguments);

}  // namespace kedge::host
