// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace kedge::host {
namespace {

struct ToolPackage {
  std::string_view tool;
  std::string_view package;
};

// Where Debian keeps the programs that the host tools and the tests start.
constexpr std::array kToolPackages = {
    ToolPackage{"qemu-system-x86_64", "qemu-system-x86"},
    ToolPackage{"qemu-system-aarch64", "qemu-system-arm"},
    ToolPackage{"qemu-img", "qemu-utils"},
    ToolPackage{"mformat", "mtools"},
    ToolPackage{"mmd", "mtools"},
    ToolPackage{"mcopy", "mtools"},
    ToolPackage{"xorriso", "xorriso"},
    ToolPackage{"sbsign", "sbsigntool"},
    ToolPackage{"sbverify", "sbsigntool"},
    ToolPackage{"sbattach", "sbsigntool"},
    ToolPackage{"openssl", "openssl"},
    ToolPackage{"ip", "iproute2"},
    ToolPackage{"dnsmasq", "dnsmasq-base"},
    ToolPackage{"nginx", "nginx"},
    ToolPackage{"in.tftpd", "tftpd-hpa"},
    ToolPackage{"tcpdump", "tcpdump"},
    ToolPackage{"cpio", "cpio"},
    ToolPackage{"grub-mkimage", "grub-common"},
};

// Between fork and exec only async-signal-safe calls are allowed: everything is prepared before.
[[noreturn]] void run_child(const ProcessSpec& spec, const char* program, char* const* arguments,
                            int output, int report, pid_t parent) {
  const auto give_up = [report] {
    const int error = errno;
    [[maybe_unused]] const ssize_t ignored = ::write(report, &error, sizeof error);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl took effect

  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  if (spec.network_namespace >= 0 && ::setns(spec.network_namespace, CLONE_NEWNET) != 0) give_up();
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) give_up();
  const int null_input = ::open("/dev/null", O_RDONLY);
  if (null_input < 0 || ::dup2(null_input, STDIN_FILENO) < 0) give_up();
  if (output >= 0 && (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0)) {
    give_up();
  }
  for (const int fd : spec.inherited) {
    if (::fcntl(fd, F_SETFD, 0) != 0) give_up();
  }
  ::execv(program, arguments);
  give_up();
  std::abort();
}

ExitStatus decode(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exit code {}", code);
}

Outcome<std::filesystem::path> find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    if (::access(std::string(name).c_str(), X_OK) == 0) return std::filesystem::path(name);
    return errno_failure(fmt::format("cannot run {}", name));
  }
  const char* variable = std::getenv("PATH");
  const std::string path =
      fmt::format("{}:/usr/local/sbin:/usr/sbin:/sbin", variable != nullptr ? variable : "");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (end > begin) {
      const auto candidate = std::filesystem::path(path.substr(begin, end - begin)) / name;
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    begin = end + 1;
  }
  for (const ToolPackage& known : kToolPackages) {
    if (known.tool != name) continue;
    return failure(
        fmt::format("{} is not installed (looked in PATH and in the sbin directories)", name),
        fmt::format("install the package {}: apt install {}", known.package, known.package));
  }
  return failure(fmt::format("{} is not installed (looked in PATH)", name));
}

Outcome<Process> Process::start(const ProcessSpec& spec) {
  KEDGE_HOST_TRY(const auto program, find_program(spec.arguments.at(0)));
  std::vector<char*> arguments;
  arguments.reserve(spec.arguments.size() + 1);
  for (const std::string& argument : spec.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execv's historic signature
  }
  arguments.push_back(nullptr);

  FileDescriptor output;
  if (!spec.output.empty()) {
    output = FileDescriptor(
        ::open(spec.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!output.valid()) {
      return errno_failure(fmt::format("cannot open the log {}", spec.output.string()));
    }
  }
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) return errno_failure("cannot create a pipe");
  FileDescriptor report_read(report[0]);
  FileDescriptor report_write(report[1]);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_failure(fmt::format("cannot fork to run {}", program.string()));
  if (pid == 0) {
    run_child(spec, program.c_str(), arguments.data(), output.get(), report_write.get(), parent);
  }
  ::setpgid(pid, pid);  // both sides do it, so that neither has to wait for the other
  report_write.reset();
  Process process(pid, FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));

  int error = 0;
  ssize_t count = 0;
  do {
    count = ::read(report_read.get(), &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    process.stop();
    errno = error;
    return errno_failure(fmt::format("cannot run {}", program.string()));
  }
  if (!process.pidfd_.valid()) {
    process.stop();
    return failure("cannot open a pidfd", "Kedge's host tools need Linux 5.3 or newer");
  }
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (pid_ > 0) stop();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    status_ = std::exchange(other.status_, std::nullopt);
  }
  return *this;
}

Process::~Process() {
  if (pid_ > 0) stop();
}

// Collects the leader after killing what is left of its group: the unreaped leader keeps the
// group's number ours, so the signal cannot reach anybody else.
void Process::collect(int flags) {
  siginfo_t info{};
  const auto id = static_cast<id_t>(pid_);
  while (::waitid(P_PID, id, &info, WEXITED | WNOWAIT | flags) != 0 && errno == EINTR) {
  }
  if (info.si_pid != pid_) return;
  ::kill(-pid_, SIGKILL);
  ::waitid(P_PID, id, &info, WEXITED);
  status_ = decode(info);
}

std::optional<ExitStatus> Process::poll() {
  if (!status_ && pid_ > 0) collect(WNOHANG);
  return status_;
}

std::optional<ExitStatus> Process::wait_until(Instant deadline) {
  for (;;) {
    if (poll() || now() >= deadline) return status_;
    pollfd entry{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, poll_timeout(deadline));
  }
}

ExitStatus Process::stop(Duration grace) {
  if (pid_ > 0 && !poll()) {
    ::kill(-pid_, SIGTERM);
    if (!wait_until(after(grace))) {
      ::kill(-pid_, SIGKILL);
      collect(0);
    }
  }
  pid_ = -1;
  return status_.value_or(ExitStatus{});
}

void Process::send_signal(int signal) {
  if (pid_ > 0 && !poll()) ::kill(pid_, signal);
}

Outcome<std::string> run_tool(ProcessSpec spec, Duration timeout) {
  KEDGE_HOST_TRY(const TempDir directory, TempDir::create("kedge-tool-"));
  spec.output = directory.path() / "output";
  const std::string command = quote_command(spec.arguments);
  KEDGE_HOST_TRY(Process process, Process::start(spec));
  const auto status = process.wait_until(after(timeout));
  if (!status) {
    process.stop();
    return failure(fmt::format("{} did not end within {:.0f} s", command, seconds(timeout)));
  }
  KEDGE_HOST_TRY(std::string output, read_file(spec.output));
  if (!status->success()) {
    return failure(fmt::format("{} failed with {}:\n{}", command, status->describe(), output));
  }
  return output;
}

std::string quote_command(const std::vector<std::string>& arguments) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  std::string text;
  for (const std::string& argument : arguments) {
    if (!text.empty()) text += ' ';
    if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string::npos) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text += c;
      }
    }
    text += '\'';
  }
  return text;
}

}  // namespace kedge::host
