// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

namespace kedge::host {
namespace {

constexpr std::size_t kContext = 3;
// Beyond this many changed lines they are shown as replaced as a whole: the table would be large.
constexpr std::size_t kTableLinesMax = 2000;

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), lines.back().size() + 1));
  }
  return lines;
}

struct Edit {
  char kind;  // ' ', '-', '+'
  std::string_view line;
};

// The edits from a to b by their longest common subsequence.
std::vector<Edit> compare(std::span<const std::string_view> a,
                          std::span<const std::string_view> b) {
  std::vector<Edit> edits;
  if (a.size() > kTableLinesMax || b.size() > kTableLinesMax) {
    for (const auto line : a) edits.push_back({'-', line});
    for (const auto line : b) edits.push_back({'+', line});
    return edits;
  }
  const std::size_t width = b.size() + 1;
  std::vector<unsigned> common((a.size() + 1) * width, 0);  // of a[i..] and b[j..]
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i * width + j] =
          a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                       : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      edits.push_back({' ', a[i++]});
      ++j;
    } else if (j >= b.size() ||
               (i < a.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      edits.push_back({'-', a[i++]});
    } else {
      edits.push_back({'+', b[j++]});
    }
  }
  return edits;
}

struct Numbers {
  std::size_t before = 1;
  std::size_t after = 1;
};

void write_hunk(std::string& out, std::span<const Edit> edits, Numbers at) {
  const auto count = [edits](char other) {
    return std::ranges::count_if(edits, [other](const Edit& edit) { return edit.kind != other; });
  };
  out += fmt::format("@@ -{},{} +{},{} @@\n", at.before, count('+'), at.after, count('-'));
  for (const Edit& edit : edits) out += fmt::format("{}{}\n", edit.kind, edit.line);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return {};
  const Lines a = split(before);
  const Lines b = split(after);
  std::size_t front = 0;
  while (front < std::min(a.size(), b.size()) && a[front] == b[front]) ++front;
  std::size_t back = 0;
  while (back < std::min(a.size(), b.size()) - front &&
         a[a.size() - 1 - back] == b[b.size() - 1 - back]) {
    ++back;
  }
  const std::size_t lead = std::min(front, kContext);
  const std::size_t tail = std::min(back, kContext);
  const std::size_t begin = front - lead;
  const std::vector<Edit> edits =
      compare(std::span(a).subspan(begin, a.size() - back + tail - begin),
              std::span(b).subspan(begin, b.size() - back + tail - begin));
  std::string out = fmt::format("--- {}\n+++ {} (changed)\n", name, name);
  Numbers at{.before = begin + 1, .after = begin + 1};
  std::size_t done = 0;
  while (done < edits.size()) {
    // A hunk ends where more than twice the context is unchanged.
    std::size_t first = done;
    while (first < edits.size() && edits[first].kind == ' ') ++first;
    if (first == edits.size()) break;
    std::size_t last = first;
    for (std::size_t i = first; i < edits.size() && i <= last + 2 * kContext; ++i) {
      if (edits[i].kind != ' ') last = i;
    }
    const std::size_t from = std::max(done, first - std::min(first, kContext));
    const std::size_t to = std::min(edits.size(), last + 1 + kContext);
    for (std::size_t i = done; i < from; ++i) ++at.before, ++at.after;
    write_hunk(out, std::span(edits).subspan(from, to - from), at);
    for (std::size_t i = from; i < to; ++i) {
      at.before += edits[i].kind != '+' ? 1 : 0;
      at.after += edits[i].kind != '-' ? 1 : 0;
    }
    done = to;
  }
  return out;
}

}  // namespace kedge::host
