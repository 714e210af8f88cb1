// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/stream_printer.h"

#include <algorithm>
#include <utility>

namespace kedge::host {
namespace {

void put(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace

StreamPrinter::StreamPrinter(std::FILE* out, bool terminal)
    : out_(out),
      terminal_(terminal),
      text_([this](std::string_view line, LineEnd end) { end_line(line, end); }) {}

void StreamPrinter::pass_everything() {
  finish();
  raw_ = true;
}

void StreamPrinter::feed(std::string_view bytes) {
  if (raw_) {
    put(out_, bytes);
    std::fflush(out_);
    return;
  }
  text_.feed(bytes);
  if (terminal_) show_partial();
  std::fflush(out_);
}

void StreamPrinter::show_partial() {
  const std::string_view partial = text_.partial();
  if (partial.find_first_not_of(' ') == std::string_view::npos)
    return;                       // blank, perhaps to stay so
  if (partial.size() < shown_) {  // backspaces: paint the line anew
    put(out_, "\r\x1b[K");
    shown_ = 0;
  }
  put(out_, partial.substr(shown_));
  shown_ = partial.size();
}

void StreamPrinter::end_line(std::string_view line, LineEnd end) {
  const std::size_t shown = shown_;
  shown_ = 0;
  if (end == LineEnd::redraw && !terminal_) return;
  // Firmware and installers clear the screen by blank lines.
  const bool blank = shown == 0 && line.find_first_not_of(' ') == std::string_view::npos;
  if (blank && std::exchange(blank_before_, true)) return;
  blank_before_ = blank;
  if (!blank) put(out_, line.substr(std::min(shown, line.size())));
  put(out_, end == LineEnd::redraw ? "\r\x1b[K" : "\n");
}

void StreamPrinter::finish() {
  const std::string_view partial = text_.partial();
  if (!partial.empty()) {
    put(out_, partial.substr(std::min(shown_, partial.size())));
    put(out_, "\n");
    shown_ = partial.size();
  }
  std::fflush(out_);
}

}  // namespace kedge::host
