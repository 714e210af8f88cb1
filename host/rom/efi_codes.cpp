// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/efi_codes.h"

#include <algorithm>
#include <queue>

namespace kedge::host::efi_compression {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

using Lengths = std::vector<std::uint8_t>;

// Lengths of a Huffman code. When it has longer codes than the format allows, frequencies are
// evened out and it is made again.
Lengths huffman_lengths(std::vector<std::uint32_t> frequencies) {
  struct Node {
    std::size_t weight;
    std::size_t index;
    bool operator<(const Node& other) const {
      return weight != other.weight ? weight > other.weight : index > other.index;
    }
  };
  const std::size_t count = frequencies.size();
  for (;;) {
    std::priority_queue<Node> heap;
    std::vector<std::size_t> parents(2 * count, kNone);
    for (std::size_t i = 0; i < count; ++i) {
      if (frequencies[i] > 0) heap.push({frequencies[i], i});
    }
    std::size_t nodes = count;
    for (; heap.size() > 1; ++nodes) {
      const Node one = heap.top();
      heap.pop();
      const Node two = heap.top();
      heap.pop();
      parents[one.index] = parents[two.index] = nodes;
      heap.push({one.weight + two.weight, nodes});
    }
    // Parents have higher numbers than their children.
    std::vector<std::size_t> depths(2 * count);
    std::size_t longest = 0;
    for (std::size_t i = nodes; i-- > 0;) {
      if (parents[i] != kNone) depths[i] = depths[parents[i]] + 1;
      longest = std::max(longest, depths[i]);
    }
    if (longest <= kCodeBitsMax) {
      Lengths lengths(count);
      for (std::size_t i = 0; i < count; ++i) lengths[i] = static_cast<std::uint8_t>(depths[i]);
      return lengths;
    }
    for (std::uint32_t& frequency : frequencies) frequency = (frequency + 1) / 2;
  }
}

// The canonical code of a set of symbols, and how its lengths are sent.
class Code {
 public:
  explicit Code(std::span<const std::uint32_t> frequencies)
      : lengths_(huffman_lengths({frequencies.begin(), frequencies.end()})) {
    unsigned code = 0;
    codes_.resize(lengths_.size());
    for (unsigned length = 1; length <= kCodeBitsMax; ++length) {
      for (std::size_t symbol = 0; symbol < lengths_.size(); ++symbol) {
        if (lengths_[symbol] == length) codes_[symbol] = code++;
      }
      code *= 2;
    }
    const auto used = std::ranges::find_if(frequencies, [](std::size_t n) { return n > 0; });
    if (used != frequencies.end()) only_ = static_cast<unsigned>(used - frequencies.begin());
    while (!lengths_.empty() && lengths_.back() == 0) lengths_.pop_back();
  }

  template <class Out>
  void write(Out& out, unsigned symbol) const {
    if (!lengths_.empty()) out.bits(codes_[symbol], lengths_[symbol]);
  }
  // Without those of unused symbols at the end; empty when there is one symbol or none.
  const Lengths& lengths() const { return lengths_; }
  unsigned only() const { return only_; }

  template <class Out>
  void write_lengths(Out& out, unsigned count_bits, std::size_t zeros_after) const {
    out.bits(static_cast<unsigned>(lengths_.size()), count_bits);
    if (lengths_.empty()) return out.bits(only_, count_bits);
    for (std::size_t i = 0; i < lengths_.size();) {
      const unsigned length = lengths_[i++];
      if (length <= 6) {
        out.bits(length, 3);
      } else {
        out.bits((1U << (length - 3)) - 2, length - 3);
      }
      if (i != zeros_after) continue;
      const std::size_t begin = i;
      while (i < begin + 3 && i < lengths_.size() && lengths_[i] == 0) ++i;
      out.bits(static_cast<unsigned>(i - begin), 2);
    }
  }

 private:
  Lengths lengths_;
  std::vector<unsigned> codes_;
  unsigned only_ = 0;
};

// How lengths of symbols' codes are sent: code, and the value and number of bits behind it.
struct LengthToken {
  unsigned code;
  unsigned extra = 0;
  unsigned extra_bits = 0;
};

std::vector<LengthToken> length_tokens(const Lengths& lengths) {
  std::vector<LengthToken> tokens;
  for (std::size_t i = 0; i < lengths.size();) {
    if (lengths[i] > 0) {
      tokens.push_back({.code = lengths[i++] + 2U});
      continue;
    }
    std::size_t zeros = 0;
    while (i < lengths.size() && lengths[i] == 0) ++i, ++zeros;
    if (zeros == 19) {  // neither of the runs has this length
      tokens.push_back({.code = 0});
      --zeros;
    }
    if (zeros >= 20) {
      tokens.push_back({2, static_cast<unsigned>(zeros - 20), kSymbolCountBits});
    } else if (zeros >= 3) {
      tokens.push_back({1, static_cast<unsigned>(zeros - 3), 4});
    } else {
      tokens.insert(tokens.end(), zeros, LengthToken{.code = 0});
    }
  }
  return tokens;
}

template <class Out>
void write_head(Out& out, std::size_t count, const Code& symbols, const Code& positions) {
  const std::vector<LengthToken> lengths = length_tokens(symbols.lengths());
  std::array<std::uint32_t, kLengths> length_counts = {};
  for (const LengthToken& token : lengths) ++length_counts[token.code];
  const Code length_code(length_counts);
  out.bits(static_cast<unsigned>(count), 16);
  length_code.write_lengths(out, kLengthCountBits, kLengthsBeforeZeros);
  out.bits(static_cast<unsigned>(symbols.lengths().size()), kSymbolCountBits);
  if (symbols.lengths().empty()) out.bits(symbols.only(), kSymbolCountBits);
  for (const LengthToken& token : lengths) {
    length_code.write(out, token.code);
    out.bits(token.extra, token.extra_bits);
  }
  positions.write_lengths(out, kPositionCountBits, kPositions + 1);
}

struct BitCounter {
  std::size_t total = 0;
  void bits(unsigned, unsigned count) { total += count; }
};

}  // namespace

void Counts::add(const Token& token) {
  ++tokens;
  ++symbols[token.symbol()];
  if (token.length > 0) ++positions[token.position_class()];
}

void Counts::add(const Counts& other) {
  tokens += other.tokens;
  for (std::size_t i = 0; i < kSymbols; ++i) symbols[i] += other.symbols[i];
  for (std::size_t i = 0; i < kPositions; ++i) positions[i] += other.positions[i];
}

CodeLengths Counts::code_lengths() const {
  CodeLengths result;
  std::ranges::copy(huffman_lengths({symbols.begin(), symbols.end()}), result.symbols.begin());
  std::ranges::copy(huffman_lengths({positions.begin(), positions.end()}),
                    result.positions.begin());
  return result;
}

std::size_t Counts::block_bits() const {
  const Code symbol_code(symbols);
  const Code position_code(positions);
  BitCounter counter;
  write_head(counter, tokens, symbol_code, position_code);
  std::size_t bits = counter.total;
  for (std::size_t i = 0; i < symbol_code.lengths().size(); ++i) {
    bits += std::size_t{symbols[i]} * symbol_code.lengths()[i];
  }
  for (std::size_t i = 0; i < position_code.lengths().size(); ++i) {
    bits += std::size_t{positions[i]} * position_code.lengths()[i];
  }
  for (unsigned i = 0; i < kPositions; ++i) bits += std::size_t{positions[i]} * position_bits(i);
  return bits;
}

void BitWriter::bits(unsigned value, unsigned count) {
  while (count-- > 0) {
    if (free_ == 0) {
      bytes_.push_back('\0');
      free_ = 8;
    }
    --free_;
    if ((value >> count & 1U) != 0) {
      bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | 1U << free_);
    }
  }
}

void write_block(BitWriter& out, std::span<const Token> tokens) {
  Counts counts;
  for (const Token& token : tokens) counts.add(token);
  const Code symbols(counts.symbols);
  const Code positions(counts.positions);
  write_head(out, tokens.size(), symbols, positions);
  for (const Token& token : tokens) {
    symbols.write(out, token.symbol());
    if (token.length == 0) continue;
    const unsigned position_class = token.position_class();
    positions.write(out, position_class);
    const unsigned bits = position_bits(position_class);
    out.bits(token.position & ((1U << bits) - 1), bits);
  }
}

}  // namespace kedge::host::efi_compression
