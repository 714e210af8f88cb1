// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/interpreter.h"

#include <utility>

#include "script/expand.h"
#include "script/script_errors.h"

namespace kedge::script {
namespace {

bool runs_after(When when, const Result<void>& outcome) noexcept {
  return when == When::always || (when == When::on_success) == outcome.ok();
}

/// Whether the line goes on in some way when its command number `index` fails.
bool is_handled(const Statement& statement, std::size_t index) noexcept {
  for (std::size_t i = index + 1; i < statement.commands.size(); ++i) {
    if (statement.commands[i].when != When::on_success) return true;
  }
  return false;
}

}  // namespace

/// Makes a frame the running one for as long as it lives.
class Interpreter::FrameGuard {
 public:
  FrameGuard(Interpreter& interpreter, Frame& frame) noexcept : interpreter_(interpreter) {
    frame.parent = std::exchange(interpreter.frame_, &frame);
    if (interpreter.depth_++ == 0) interpreter.stop_all_ = false;
  }
  FrameGuard(const FrameGuard&) = delete;
  FrameGuard& operator=(const FrameGuard&) = delete;
  ~FrameGuard() {
    --interpreter_.depth_;
    interpreter_.frame_ = interpreter_.frame_->parent;
  }

 private:
  Interpreter& interpreter_;
};

Interpreter::Interpreter(Environment& environment, std::span<const CommandTable> tables) noexcept
    : environment_(environment),
      tables_(tables),
      input_(environment.input),
      editor_(environment.console, input_) {
  ComputedBlock& builtin = environment.settings.builtin();
  builtin.add("errno", SettingType::uint32, compute_errno, this);
  builtin.add("cwuri", SettingType::string, compute_working_uri, this);
  builtin.add("cwduri", SettingType::string, compute_working_folder, this);
}

Interpreter::~Interpreter() {
  KEDGE_ASSERT(frame_ == nullptr);
  for (const std::string_view name : {"errno", "cwuri", "cwduri"}) {
    environment_.settings.builtin().remove(name);
  }
}

async::Task<Result<void>> Interpreter::run_image(ImageId image) noexcept {
  for (;;) {
    ImageId replacement = ImageId::none;
    Result<void> outcome = co_await run_once(image, replacement);
    if (!outcome.ok() || replacement == ImageId::none) co_return outcome;
    image = replacement;
  }
}

async::Task<Result<void>> Interpreter::run_once(ImageId image, ImageId& replacement) noexcept {
  Images& images = environment_.images;
  const std::optional<ImageInfo> info = images.describe(image);
  if (!info) co_return fail(err::script_no_image);
  // Relative URIs are relative to what runs.
  std::string outer_uri = images.working_uri();
  images.set_working_uri(info->uri);
  images.hold(image);
  Result<void> outcome;
  if (is_script(images.content(image))) {
    const Result<std::string_view> script = script_text(images.content(image));
    if (!script) {
      outcome = script.error();
    } else {
      outcome = co_await run_script(info->name, *script, replacement);
    }
  } else {
    outcome = co_await images.execute(image);
  }
  const std::optional<ImageInfo> after = images.describe(image);
  images.release(image);
  images.set_working_uri(std::move(outer_uri));
  // A script that was replaced will not run again, and must not be taken for an initrd.
  const bool replaced = replacement != ImageId::none && replacement != image;
  if (after && (after->free_after_use || replaced)) images.free(image);
  co_return outcome;
}

async::Task<Result<void>> Interpreter::run_script(std::string name, std::string_view script,
                                                  ImageId& replacement) noexcept {
  if (depth_ >= kNestingMax) co_return fail(err::script_too_deep);
  Frame frame{.name = std::move(name), .script = script, .reader = LineReader(script)};
  const FrameGuard guard(*this, frame);
  Result<void> outcome = co_await run_lines(frame);
  replacement = frame.replacement;
  co_return outcome;
}

async::Task<Result<void>> Interpreter::run_text(std::string name, std::string text) noexcept {
  if (text.size() > kScriptBytesMax) co_return fail(err::script_too_large);
  ImageId replacement = ImageId::none;
  Result<void> outcome = co_await run_script(std::move(name), text, replacement);
  if (!outcome.ok() || replacement == ImageId::none) co_return outcome;
  co_return co_await run_image(replacement);
}

async::Task<Result<void>> Interpreter::run_lines(Frame& frame) noexcept {
  LogicalLine line;
  for (;;) {
    KEDGE_CO_CHECK(co_await between_lines());
    const Result<bool> more = frame.reader.next(line);
    frame.line = &line;
    if (!more) {
      report(more.error(), {}, line.place(0), false);
      co_return more.error();
    }
    if (!*more) co_return {};
    Result<void> outcome = co_await run_line(frame, line);
    if (!outcome.ok() || std::exchange(frame.flow, Flow::next) == Flow::end_script) {
      co_return outcome;
    }
  }
}

async::Task<Result<void>> Interpreter::run_line(Frame& frame, const LogicalLine& line) noexcept {
  frame.line = &line;
  const Result<Statement> statement = parse_statement(line);
  if (!statement) {
    report(statement.error(), {}, line.place(0), false);
    co_return statement.error();
  }
  Result<void> outcome;
  for (std::size_t i = 0; i < statement->commands.size(); ++i) {
    const Command& command = statement->commands[i];
    if (!runs_after(command.when, outcome)) continue;
    outcome = co_await run_words(command, is_handled(*statement, i));
    if (stop_all_) co_return fail(err::async_cancelled);
    if (frame.flow != Flow::next) break;
  }
  co_return outcome;
}

async::Task<Result<void>> Interpreter::run_words(const Command& command, bool handled) noexcept {
  if (command.words.empty()) co_return {};
  complaint_.reset();
  const Result<std::vector<Word>> words = expand_words(command);
  Result<void> outcome = words ? Result<void>() : Result<void>(words.error());
  if (outcome.ok()) outcome = co_await run_command(*words);
  if (!outcome.ok()) {
    const Word& name = words ? words->front() : command.words.front();
    report(outcome.error(), name.text, name.place, handled);
  }
  co_return outcome;
}

async::Task<Result<void>> Interpreter::run_command(std::span<const Word> words) noexcept {
  const CommandSpec* spec = find_command(words[0].text);
  if (spec == nullptr) co_return unknown_command(words[0]);
  Invocation invocation(*this, environment_, words, *spec);
  Result<void> outcome = invocation.parse();
  if (outcome.ok() && invocation.wants_help()) {
    write_usage(environment_.console, words[0].text, *spec);
    co_return outcome;
  }
  if (outcome.ok()) outcome = co_await spec->run(invocation);
  if (!outcome.ok() && invocation.complaint()) complaint_ = invocation.complaint();
  co_return outcome;
}

Result<std::vector<Word>> Interpreter::expand_words(const Command& command) noexcept {
  std::vector<Word> words;
  words.reserve(command.words.size());
  std::size_t bytes = 0;
  for (const Word& word : command.words) {
    Result<std::string> text = expand(word.text, environment_.settings);
    if (text) bytes += text->size();
    if (!text || bytes > kExpandedBytesMax) {
      complaint_ = Complaint{word.place, {}};
      return text ? fail(err::script_expansion) : text.error();
    }
    words.push_back({*std::move(text), word.place});
  }
  return words;
}

const CommandSpec* Interpreter::find_command(std::string_view name) const noexcept {
  for (const CommandTable& table : tables_) {
    for (const CommandName& entry : table) {
      if (entry.name == name) return entry.spec;
    }
  }
  return nullptr;
}

Error Interpreter::unknown_command(const Word& word) noexcept {
  Suggestion suggestion(word.text);
  for (const CommandTable& table : tables_) {
    for (const CommandName& entry : table) suggestion.consider(entry.name);
  }
  complaint_ =
      Complaint{word.place, word.text.empty() ? std::string("the command's name expands to nothing")
                                              : format("unknown command{}", suggestion.text())};
  return fail(err::script_unknown_command);
}

async::Task<Result<void>> Interpreter::between_lines() noexcept {
  if (input_.take_interrupt()) {
    interrupted(co_await async::current_time());
    co_return fail(err::async_cancelled);
  }
  co_return co_await async::yield();
}

async::Task<Result<void>> Interpreter::watch_interrupt() noexcept {
  for (;;) {
    const Result<port::Key> key = co_await input_.read_key(Instant::never());
    if (key && key->code == port::Key::kCtrlC) co_return {};
    // Other keys are lost: what is typed at a progress bar must not answer the next question.
    // Without a keyboard there is nothing to watch, and nothing must end because of it.
    if (!key) co_return co_await async::sleep_until(Instant::never());
  }
}

void Interpreter::interrupted(Instant now) noexcept {
  stop_all_ = interrupted_at_ && now - *interrupted_at_ <= kStopAllWithin;
  interrupted_at_ = now;
}

Result<void> Interpreter::go_to(std::string_view label) noexcept {
  if (!in_script()) return fail(err::script_not_in_script);
  // The line with the label runs next: it may hold a command, too.
  KEDGE_TRY(frame_->reader, find_label(frame_->script, label));
  frame_->flow = Flow::end_line;
  return {};
}

void Interpreter::stop() noexcept {
  if (frame_ != nullptr) frame_->flow = Flow::end_script;
}

void Interpreter::replace_by(ImageId image) noexcept {
  KEDGE_ASSERT(in_script());
  frame_->replacement = image;
  frame_->flow = Flow::end_script;
}

async::Task<Result<void>> Interpreter::run_shell() noexcept {
  if (depth_ >= kNestingMax) co_return fail(err::script_too_deep);
  Frame frame{.name = "shell", .script = {}, .reader = LineReader({}), .interactive = true};
  const FrameGuard guard(*this, frame);
  for (;;) {
    KEDGE_CO_TRY(const std::optional<std::string> text, co_await editor_.read("kedge> ", {}, true));
    if (!text) continue;
    LineReader reader(*text);
    LogicalLine line;
    const Result<bool> more = reader.next(line);
    Result<void> outcome = more ? Result<void>() : Result<void>(more.error());
    if (more && *more) outcome = co_await run_line(frame, line);
    stop_all_ = false;
    if (frame.flow == Flow::end_script) co_return outcome;
    frame.flow = Flow::next;
    // A cancelled scope, unlike Ctrl-C, ends the shell.
    KEDGE_CO_CHECK(co_await async::yield());
  }
}

}  // namespace kedge::script
