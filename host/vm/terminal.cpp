// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/terminal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace kedge::host {
namespace {

sigset_t interrupt_set() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

RawTerminal::RawTerminal() {
  if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
  termios raw = before_;
  ::cfmakeraw(&raw);
  raw.c_oflag = before_.c_oflag;  // our own lines still end with \n
  active_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

RawTerminal::~RawTerminal() {
  if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

Outcome<InterruptSignals> InterruptSignals::block() {
  const sigset_t set = interrupt_set();
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0)
    return errno_failure("cannot block signals");
  FileDescriptor descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor.valid()) return errno_failure("cannot create a signal descriptor");
  return InterruptSignals(std::move(descriptor));
}

InterruptSignals::~InterruptSignals() {
  if (!descriptor_.valid()) return;
  const sigset_t set = interrupt_set();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool InterruptSignals::pending() const {
  signalfd_siginfo info;
  return ::read(descriptor_.get(), &info, sizeof info) == sizeof info;
}

}  // namespace kedge::host
