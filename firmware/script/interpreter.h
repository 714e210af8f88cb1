// SPDX-License-Identifier: BSD-2-Clause-Patent
// Interpreter: runs scripts line by line and commands one by one.
//
// A script ends at the first line that fails. Failures are explained on the console where they
// happen, with file, line and column; the result tells only how it ended. Between lines the
// interpreter yields to the loop, so that a script that loops for ever can be interrupted.
//
// Ctrl-C ends what the running command waits for (and lets "||" go on); twice within
// kStopAllWithin it ends all scripts.
#pragma once

#include <string>
#include <string_view>

#include "async/combine.h"
#include "script/command.h"
#include "script/commands.h"
#include "script/line_editor.h"
#include "script/parser.h"
#include "script/settings.h"
#include "script/type_ahead.h"

namespace kedge::script {

/// Scripts within scripts.
inline constexpr std::size_t kNestingMax = 32;
inline constexpr Duration kStopAllWithin = Duration::milliseconds(1500);

class Interpreter {
 public:
  explicit Interpreter(Environment& environment,
                       std::span<const CommandTable> tables = standard_commands()) noexcept;
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  /// Runs an image: a script here, anything else through the environment. Success means that it ran
  /// and ended well.
  async::Task<Result<void>> run_image(ImageId image) noexcept;
  /// Runs commands that are no image, such as those of LoadOptions; needs no "#!ipxe".
  async::Task<Result<void>> run_text(std::string name, std::string text) noexcept;
  /// The interactive command line; ends with the status of its exit command.
  async::Task<Result<void>> run_shell() noexcept;

  // The rest is for commands.

  /// Runs one command; `words` are expanded and outlive it.
  async::Task<Result<void>> run_command(std::span<const Word> words) noexcept;
  /// Awaits `task`, which Ctrl-C then cancels. For everything that takes time and does not itself
  /// read keys.
  template <class T>
  async::Task<Result<T>> interruptible(async::Task<Result<T>> task) noexcept;
  /// True in a script, false on the interactive command line.
  bool in_script() const noexcept { return frame_ != nullptr && !frame_->interactive; }
  /// Goes on behind `label`. Errors: script_no_label, script_not_in_script.
  Result<void> go_to(std::string_view label) noexcept;
  /// Ends the running script or the interactive command line after this command.
  void stop() noexcept;
  /// Ends the running script after this command and runs `image` in its place.
  void replace_by(ImageId image) noexcept;

  const CommandSpec* find_command(std::string_view name) const noexcept;
  std::span<const CommandTable> commands() const noexcept { return tables_; }
  LineEditor& editor() noexcept { return editor_; }
  /// The keys, for commands that read some themselves.
  port::Input& input() noexcept { return input_; }

 private:
  enum class Flow : std::uint8_t { next, end_line, end_script };
  /// A script that runs, or an interactive command line.
  struct Frame {
    std::string name;
    std::string_view script;
    LineReader reader;
    bool interactive = false;
    Flow flow = Flow::next;
    ImageId replacement = ImageId::none;
    const LogicalLine* line = nullptr;
    Frame* parent = nullptr;
  };
  class FrameGuard;

  async::Task<Result<void>> run_once(ImageId image, ImageId& replacement) noexcept;
  async::Task<Result<void>> run_script(std::string name, std::string_view script,
                                       ImageId& replacement) noexcept;
  async::Task<Result<void>> run_lines(Frame& frame) noexcept;
  async::Task<Result<void>> run_line(Frame& frame, const LogicalLine& line) noexcept;
  async::Task<Result<void>> run_words(const Command& command, bool handled) noexcept;
  async::Task<Result<void>> watch_interrupt() noexcept;
  async::Task<Result<void>> between_lines() noexcept;
  void interrupted(Instant now) noexcept;

  Result<std::vector<Word>> expand_words(const Command& command) noexcept;
  Error unknown_command(const Word& word) noexcept;
  /// Explains a failure on the console. `command` may be empty; `handled`: the line goes on with
  /// ||.
  void report(const Error& error, std::string_view command, Place place, bool handled) noexcept;
  void write_excerpt(Place place) noexcept;

  static RawValue compute_errno(void* self);
  static RawValue compute_working_uri(void* self);
  static RawValue compute_working_folder(void* self);

  Environment& environment_;
  std::span<const CommandTable> tables_;
  TypeAhead input_;
  LineEditor editor_;
  Frame* frame_ = nullptr;
  std::size_t depth_ = 0;
  std::optional<Complaint> complaint_;
  std::uint32_t last_error_ = 0;  // what ${errno} shows
  std::uint32_t explained_ = 0;   // code of the failure that was explained at full length last
  std::optional<Instant> interrupted_at_;
  bool stop_all_ = false;
};

template <class T>
async::Task<Result<T>> Interpreter::interruptible(async::Task<Result<T>> task) noexcept {
  auto outcome = co_await async::when_any(std::move(task), watch_interrupt());
  if (outcome.first == 1 && std::get<1>(outcome.values).ok()) {
    interrupted(co_await async::current_time());
  }
  co_return std::move(std::get<0>(outcome.values));
}

}  // namespace kedge::script
