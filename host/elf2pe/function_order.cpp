// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/function_order.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kedge::host::elf2pe {
namespace {

// What the compression looks back, and the bytes of a piece of code: long enough to be worth a
// match. Other lengths from 4 to 8 were tried: within 0.5 % of the packed size.
constexpr std::size_t kWindowBytes = 8192;
constexpr std::size_t kPieceBytes = 6;
// Added to the length of a function, so that the tiniest do not all come first.
constexpr std::uint64_t kHandicapBytes = 16;

// Which pieces of code several functions have, both ways round.
struct SharedPieces {
  std::vector<std::vector<std::uint32_t>> of_function;
  std::vector<std::vector<std::uint32_t>> owners;

  explicit SharedPieces(std::span<const ByteView> codes) : of_function(codes.size()) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
    for (std::uint32_t i = 0; i < codes.size(); ++i) {
      for (std::size_t at = 0; at + kPieceBytes <= codes[i].size(); ++at) {
        std::uint64_t piece = 0;
        for (const std::byte b : codes[i].subspan(at, kPieceBytes)) {
          piece = piece << 8 | std::to_integer<std::uint64_t>(b);
        }
        all.emplace_back(piece, i);
      }
    }
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      while (end < all.size() && all[end].first == all[begin].first) ++end;
      if (end - begin < 2) continue;
      owners.emplace_back();
      for (std::size_t i = begin; i < end; ++i) {
        owners.back().push_back(all[i].second);
        of_function[all[i].second].push_back(static_cast<std::uint32_t>(owners.size() - 1));
      }
    }
  }
};

class Packing {
 public:
  Packing(std::span<const ByteView> codes, std::size_t window_bytes)
      : codes_(codes),
        window_bytes_(window_bytes),
        shared_(codes),
        in_window_(shared_.owners.size()),
        known_(codes.size()),
        placed_(codes.size()) {}

  std::vector<std::size_t> run() {
    if (codes_.empty()) return {};
    place(static_cast<std::size_t>(std::ranges::max_element(codes_, {}, &ByteView::size) -
                                   codes_.begin()));
    while (order_.size() < codes_.size()) place(best());
    return std::move(order_);
  }

 private:
  std::size_t best() const {
    std::size_t found = codes_.size();
    std::uint64_t known = 0;
    std::uint64_t bytes = 1;
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      if (placed_[i]) continue;
      const std::uint64_t own = codes_[i].size() + kHandicapBytes;
      if (found < codes_.size() && known_[i] * bytes <= known * own) continue;
      found = i;
      known = known_[i];
      bytes = own;
    }
    return found;
  }

  void place(std::size_t function) {
    placed_[function] = true;
    order_.push_back(function);
    placed_bytes_ += codes_[function].size();
    for (const std::uint32_t piece : shared_.of_function[function]) {
      if (in_window_[piece]++ > 0) continue;
      for (const std::uint32_t owner : shared_.owners[piece]) ++known_[owner];
    }
    // A function leaves once all of it is too far behind.
    while (oldest_ + 1 < order_.size() &&
           placed_bytes_ - codes_[order_[oldest_]].size() >= window_bytes_) {
      leave(order_[oldest_++]);
    }
  }

  void leave(std::size_t function) {
    placed_bytes_ -= codes_[function].size();
    for (const std::uint32_t piece : shared_.of_function[function]) {
      if (--in_window_[piece] > 0) continue;
      for (const std::uint32_t owner : shared_.owners[piece]) --known_[owner];
    }
  }

  std::span<const ByteView> codes_;
  std::size_t window_bytes_;
  SharedPieces shared_;
  std::vector<std::uint32_t> in_window_;  // in how many functions of the window a piece occurs
  std::vector<std::uint64_t> known_;      // how many of a function's pieces are in the window
  std::vector<bool> placed_;
  std::vector<std::size_t> order_;
  std::size_t oldest_ = 0;
  std::size_t placed_bytes_ = 0;  // of those in the window
};

}  // namespace

std::vector<std::size_t> order_for_packing(std::span<const ByteView> codes,
                                           std::size_t window_bytes) {
  return Packing(codes, window_bytes).run();
}

std::string symbol_order(std::span<const std::byte> file) {
  const std::vector<Function> functions = read_functions(file);
  std::vector<ByteView> codes;
  codes.reserve(functions.size());
  for (const Function& function : functions) codes.push_back(function.code);
  std::string lines;
  for (const std::size_t index : order_for_packing(codes, kWindowBytes)) {
    for (const std::string_view name : functions[index].names) lines.append(name).append("\n");
  }
  return lines;
}

}  // namespace kedge::host::elf2pe
