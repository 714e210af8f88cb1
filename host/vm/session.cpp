// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/session.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <tuple>

#include "vm/report.h"
#include "vm/session_setup.h"
#include "vm/stream_printer.h"
#include "vm/terminal.h"
#include "vm/vm.h"

namespace kedge::host {
namespace {

constexpr Duration kDefaultTimeout = std::chrono::minutes(10);
// How long the loop sleeps at most when nothing happens: a lost wake-up is not for ever.
constexpr Duration kIdle = std::chrono::seconds(1);
constexpr std::size_t kTailLines = 8;
constexpr char kEndKey = '\x1d';  // Ctrl-]

// A pattern that is being looked for, and how far the search has got.
struct Watch {
  Pattern pattern;
  SerialCursor cursor;
};

Outcome<std::vector<Watch>> compile_all(const std::vector<std::string>& patterns) {
  std::vector<Watch> watches;
  for (const std::string& text : patterns) {
    KEDGE_HOST_TRY(Pattern pattern, Pattern::compile(text));
    watches.push_back({.pattern = std::move(pattern), .cursor = {}});
  }
  return watches;
}

// One run from the start of the CPUs to the outcome.
class Session {
 public:
  Session(const VmOptions& options, Vm& vm, const InterruptSignals& signals, StreamPrinter& printer)
      : options_(options), vm_(vm), signals_(signals), printer_(printer) {}

  Outcome<void> prepare();
  // Returns when the outcome is known; fills result, explanation and match.
  void watch(VmReport& report);

 private:
  bool look_at_console(VmReport& report);
  void send_next();
  bool forward_keys();
  void start_interaction();
  void conclude(VmReport& report, VmResult result, std::string explanation) const;
  void conclude_end(VmReport& report) const;

  const VmOptions& options_;
  Vm& vm_;
  const InterruptSignals& signals_;
  StreamPrinter& printer_;
  std::vector<Watch> until_;
  std::vector<Watch> fail_on_;
  std::vector<Watch> sends_;
  std::size_t next_send_ = 0;
  bool matched_ = false;
  std::optional<RawTerminal> terminal_;
};

Outcome<void> Session::prepare() {
  KEDGE_HOST_TRY(until_, compile_all(options_.until));
  KEDGE_HOST_TRY(fail_on_, compile_all(options_.fail_on));
  for (const SendStep& step : options_.sends) {
    KEDGE_HOST_TRY(Pattern pattern, Pattern::compile(step.pattern));
    sends_.push_back({.pattern = std::move(pattern), .cursor = {}});
  }
  return {};
}

void Session::conclude(VmReport& report, VmResult result, std::string explanation) const {
  report.result = result;
  report.explanation = std::move(explanation);
  report.seconds = seconds(now() - vm_.started());
}

void Session::conclude_end(VmReport& report) const {
  const std::string tail =
      fmt::format("the console's last lines were:\n{}", vm_.serial().tail(kTailLines));
  if (vm_.state() == VmState::ended) {
    const auto status = vm_.exit_status();
    conclude(report, VmResult::crashed,
             fmt::format("QEMU ended by itself with {}; {}",
                         status ? status->describe() : std::string("an unknown status"), tail));
    return;
  }
  const std::string_view how =
      vm_.state() == VmState::reset ? "reset the machine" : "switched the machine off";
  if (until_.empty() || matched_) {
    conclude(report, VmResult::success, fmt::format("the guest {}", how));
  } else {
    conclude(report, VmResult::ended_early,
             fmt::format("the guest {} before --until matched; {}", how, tail));
  }
}

// True when the console has decided the outcome. What comes first on the console wins.
bool Session::look_at_console(VmReport& report) {
  using Place = std::tuple<std::size_t, std::size_t>;
  struct Found {
    Place place;
    const Watch* watch;
    SerialMatch match;
    bool good;
  };
  std::optional<Found> first;
  const auto look = [&](std::vector<Watch>& watches, bool good) {
    for (Watch& watch : watches) {
      auto match = vm_.serial().search(watch.pattern, watch.cursor);
      if (!match) continue;
      const Place place{watch.cursor.line, watch.cursor.offset};
      if (!first || place < first->place) first = Found{place, &watch, *std::move(match), good};
    }
  };
  look(fail_on_, false);
  if (!matched_) look(until_, true);
  if (!first) return false;
  report.matched_pattern = first->watch->pattern.text();
  report.matched_line = first->match.line;
  if (!first->good) {
    conclude(report, VmResult::failed, fmt::format("--fail-on matched: {}", report.matched_line));
    return true;
  }
  matched_ = true;
  conclude(report, VmResult::success, fmt::format("matched: {}", report.matched_line));
  report.timeline.push_back({.at = seconds(first->match.at - vm_.started()),
                             .what = "matched",
                             .detail = report.matched_line});
  if (options_.keep) start_interaction();
  return !options_.keep;
}

void Session::send_next() {
  while (next_send_ < sends_.size()) {
    if (!vm_.serial().search(sends_[next_send_].pattern, sends_[next_send_].cursor)) return;
    if (auto typed = vm_.type(options_.sends[next_send_].text); !typed) {
      fmt::print(stderr, "kedge: {}\n", typed.error().what);
    }
    const SerialCursor reached = sends_[next_send_].cursor;
    if (++next_send_ < sends_.size()) sends_[next_send_].cursor = reached;
  }
}

void Session::start_interaction() {
  if (terminal_) return;
  terminal_.emplace();
  if (terminal_->active()) {
    printer_.pass_everything();
    fmt::print(stderr, "kedge: keys go to the VM's serial console; Ctrl-] ends the VM\n");
  } else {
    terminal_.reset();
    fmt::print(stderr, "\nkedge: the VM (process {}) goes on; end it with Ctrl-C\n", vm_.pid());
  }
}

// False when the person asks for the end.
bool Session::forward_keys() {
  if (!terminal_) return true;
  pollfd entry{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, 0) <= 0) return true;
  std::array<char, 256> keys{};
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  if (count <= 0) return false;
  const std::string_view text(keys.data(), static_cast<std::size_t>(count));
  if (const auto end = text.find(kEndKey); end != std::string_view::npos) return false;
  return vm_.type(text).has_value();
}

void Session::watch(VmReport& report) {
  const bool unlimited = options_.keep || options_.interactive;
  std::optional<Instant> deadline;
  if (options_.timeout) {
    deadline = vm_.started() + *options_.timeout;
  } else if (!unlimited) {
    deadline = vm_.started() + kDefaultTimeout;
  }
  if (options_.interactive) start_interaction();
  for (;;) {
    std::vector<int> extra = {signals_.descriptor()};
    if (terminal_) extra.push_back(STDIN_FILENO);
    const Instant wake = after(kIdle);
    vm_.pump(deadline && !matched_ ? std::min(*deadline, wake) : wake, extra);
    if (look_at_console(report)) return;
    send_next();
    if (vm_.state() != VmState::running && vm_.exit_status()) return conclude_end(report);
    if (signals_.pending() || !forward_keys()) {
      if (!matched_ && !options_.interactive) {
        conclude(report, VmResult::interrupted, "interrupted");
      } else if (!matched_) {
        conclude(report, VmResult::success, "ended by the user");
      }
      return;
    }
    if (deadline && !matched_ && now() >= *deadline) {
      return conclude(
          report, VmResult::timed_out,
          fmt::format("nothing decided the outcome within {:.0f} s; the console's last "
                      "lines were:\n{}",
                      seconds(*deadline - vm_.started()), vm_.serial().tail(kTailLines)));
    }
  }
}

void announce(const VmOptions& options, const SessionSetup& setup) {
  if (options.quiet) return;
  const MachineSpec& machine = setup.launch.machine;
  fmt::print(stderr, "kedge: {} VM, {}, booting {}\n", architecture_name(machine.architecture),
             machine.accelerator == Accelerator::kvm
                 ? std::string("KVM")
                 : fmt::format("software emulation ({})", setup.accelerator_reason),
             setup.application);
  if (setup.http) {
    fmt::print(stderr, "kedge: serving http://127.0.0.1:{}/ (10.0.2.2 for the guest)\n",
               setup.http->port());
  }
}

}  // namespace

std::string_view result_name(VmResult result) {
  switch (result) {
    case VmResult::success:
      return "success";
    case VmResult::failed:
      return "failed";
    case VmResult::usage:
      return "usage";
    case VmResult::cannot_start:
      return "cannot-start";
    case VmResult::timed_out:
      return "timed-out";
    case VmResult::ended_early:
      return "ended-early";
    case VmResult::crashed:
      return "crashed";
    case VmResult::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || text.empty()) return std::nullopt;
  const std::string_view suffix(end, text.data() + text.size());
  constexpr std::string_view kSuffixes = "KMGT";
  if (suffix.empty()) return number;
  if (suffix.size() != 1) return std::nullopt;
  const auto power = kSuffixes.find(static_cast<char>(suffix[0] & ~0x20));
  if (power == std::string_view::npos) return std::nullopt;
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (number > (std::uint64_t{1} << 62) >> shift) return std::nullopt;
  return number << shift;
}

Outcome<SendStep> parse_send_step(std::string_view text) {
  constexpr std::string_view kArrow = "=>";
  const std::size_t arrow = text.find(kArrow);
  if (arrow == std::string_view::npos) {
    return failure(fmt::format("--send '{}' has no =>", text),
                   R"(write REGEX=>TEXT, for example: --send 'login:=>root\r')");
  }
  SendStep step{.pattern = std::string(text.substr(0, arrow)), .text = {}};
  const std::string_view escaped = text.substr(arrow + kArrow.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      step.text += escaped[i];
      continue;
    }
    const char kind = escaped[++i];
    if (kind == 'x' && i + 2 < escaped.size()) {
      unsigned value = 0;
      std::from_chars(escaped.data() + i + 1, escaped.data() + i + 3, value, 16);
      step.text += static_cast<char>(value);
      i += 2;
    } else {
      step.text += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return step;
}

Outcome<VmReport> run_session(const VmOptions& options) {
  KEDGE_HOST_TRY(const InterruptSignals signals, InterruptSignals::block());
  KEDGE_HOST_TRY(SessionSetup setup, set_up_session(options));
  VmReport report;
  report.accelerator = setup.launch.machine.accelerator;
  report.accelerator_reason = setup.accelerator_reason;
  report.firmware = setup.launch.machine.firmware_code.string();
  report.application = setup.application;
  report.command = qemu_command(setup.launch.machine);
  if (options.dry_run) {
    report.explanation = quote_command(report.command);
    return report;
  }
  announce(options, setup);
  // With --json - the summary has standard output for itself.
  std::FILE* const console = options.json == "-" ? stderr : stdout;
  StreamPrinter printer(console, ::isatty(::fileno(console)) != 0);
  setup.launch.on_serial = [&](std::string_view bytes) {
    if (!options.quiet) printer.feed(bytes);
  };
  KEDGE_HOST_TRY(const auto vm, Vm::start(setup.launch));
  {
    Session session(options, *vm, signals, printer);  // has the terminal while it lives
    KEDGE_HOST_CHECK(session.prepare());
    session.watch(report);
  }
  if (!options.screenshot.empty() && vm->state() == VmState::running) {
    if (auto taken = vm->screenshot(options.screenshot); !taken) {
      fmt::print(stderr, "kedge: no screenshot: {}\n", taken.error().what);
    }
  }
  vm->stop();
  printer.finish();
  auto events = timeline_from_serial(vm->serial(), vm->started());
  events.insert(events.end(), report.timeline.begin(), report.timeline.end());
  if (setup.http) report.transfers = setup.http->transfers();
  add_transfers(events, report.transfers, vm->started());
  report.timeline = std::move(events);
  report.serial_bytes = vm->serial().bytes();
  return report;
}

}  // namespace kedge::host
