// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/failure_screen.h"

#include "base/units.h"

namespace kedge::app {
namespace {

// More than any keyboard queue of ours holds.
constexpr int kStaleKeysMax = 64;

}  // namespace

void show_failure(port::Console& console, const Error& error, Explained explained) noexcept {
  format_to(console, "\nBoot failed: {}\n", error);
  if (explained == Explained::yes) return;
  if (const std::string_view help = error.site().help; !help.empty()) {
    format_to(console, "  {}\n", help);
  }
}

async::Task<Result<AfterFailure>> ask_after_failure(port::Console& console, port::Input& input,
                                                    Duration timeout) noexcept {
  if (timeout <= Duration()) co_return AfterFailure::give_up;
  // A key that was pressed before the question is no answer to it.
  for (int i = 0; i < kStaleKeysMax && input.poll_key().has_value(); ++i) {
  }
  format_to(console,
            "S: shell   R: try again   any other key: the firmware's next boot option ({})\n",
            HumanDuration(timeout));
  const Instant deadline = (co_await async::current_time()) + timeout;
  const Result<port::Key> key = co_await input.read_key(deadline);
  if (!key.ok()) {
    if (key.error() == err::async_timed_out) co_return AfterFailure::give_up;
    co_return key.error();
  }
  if (key->code == U's' || key->code == U'S') co_return AfterFailure::shell;
  if (key->code == U'r' || key->code == U'R') co_return AfterFailure::retry;
  co_return AfterFailure::give_up;
}

}  // namespace kedge::app
