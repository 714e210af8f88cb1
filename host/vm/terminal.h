// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The person's side: a terminal that is put back as it was, and signals as readable descriptors.
#pragma once

#include <termios.h>

#include "support/file.h"
#include "support/outcome.h"

namespace kedge::host {

// While it lives, keys reach us one by one, unechoed and without signals. Does nothing if standard
// input is no terminal.
class RawTerminal {
 public:
  RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  bool active() const { return active_; }

 private:
  termios before_{};
  bool active_ = false;
};

// While it lives, SIGINT, SIGTERM and SIGHUP make a descriptor readable instead of ending us.
// Create it before any thread: threads inherit the blocked signals.
class InterruptSignals {
 public:
  static Outcome<InterruptSignals> block();
  InterruptSignals(InterruptSignals&&) = default;
  InterruptSignals& operator=(InterruptSignals&&) = delete;
  ~InterruptSignals();

  int descriptor() const { return descriptor_.get(); }
  // True if a signal has arrived. Never blocks.
  bool pending() const;

 private:
  explicit InterruptSignals(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

}  // namespace kedge::host
