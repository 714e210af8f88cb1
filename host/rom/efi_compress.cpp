// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <queue>
#include <vector>

#include "rom/efi_compression.h"

namespace kedge::host {
namespace {

using namespace efi_compression;

constexpr std::size_t kBlockSymbols = 32768;  // at most 65535
constexpr std::size_t kHashes = 1U << 15;
constexpr std::size_t kChainMax = 512;  // candidates that are compared for one match
constexpr std::size_t kNone = ~std::size_t{0};

class BitWriter {
 public:
  void bits(unsigned value, unsigned count) {
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
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  unsigned free_ = 0;
};

// A literal has length 0 and its byte as position.
struct Token {
  std::uint16_t length = 0;
  std::uint16_t position = 0;

  unsigned symbol() const {
    return length == 0 ? position : static_cast<unsigned>(256 + length - kMatchBytesMin);
  }
  unsigned position_class() const { return static_cast<unsigned>(std::bit_width(position)); }
};

using Lengths = std::vector<std::uint8_t>;

// Lengths of a Huffman code. When it has longer codes than the format allows, frequencies are
// evened out and it is made again.
Lengths code_lengths(std::vector<std::size_t> frequencies) {
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
    for (std::size_t next = count; heap.size() > 1; ++next) {
      const Node one = heap.top();
      heap.pop();
      const Node two = heap.top();
      heap.pop();
      parents[one.index] = parents[two.index] = next;
      heap.push({one.weight + two.weight, next});
    }
    Lengths lengths(count);
    std::size_t longest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t depth = 0;
      for (std::size_t at = i; parents[at] != kNone; at = parents[at]) ++depth;
      longest = std::max(longest, depth);
      lengths[i] = static_cast<std::uint8_t>(std::min<std::size_t>(depth, kCodeBitsMax + 1));
    }
    if (longest <= kCodeBitsMax) return lengths;
    for (std::size_t& frequency : frequencies) frequency = (frequency + 1) / 2;
  }
}

class Code {
 public:
  explicit Code(const std::vector<std::size_t>& frequencies) : lengths_(code_lengths(frequencies)) {
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
    const bool single =
        std::ranges::all_of(lengths_, [](std::uint8_t length) { return length == 0; });
    if (single) lengths_.clear();
    while (!lengths_.empty() && lengths_.back() == 0) lengths_.pop_back();
  }

  void write(BitWriter& out, unsigned symbol) const {
    if (!lengths_.empty()) out.bits(codes_[symbol], lengths_[symbol]);
  }
  // Without those of unused symbols at the end; empty when there is one symbol or none.
  const Lengths& lengths() const { return lengths_; }
  unsigned only() const { return only_; }

  void write_lengths(BitWriter& out, unsigned count_bits, std::size_t zeros_after) const {
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

void write_block(BitWriter& out, const std::vector<Token>& tokens) {
  std::vector<std::size_t> symbol_counts(kSymbols);
  std::vector<std::size_t> position_counts(kPositions);
  for (const Token& token : tokens) {
    ++symbol_counts[token.symbol()];
    if (token.length > 0) ++position_counts[token.position_class()];
  }
  const Code symbols(symbol_counts);
  const Code positions(position_counts);
  const std::vector<LengthToken> lengths = length_tokens(symbols.lengths());
  std::vector<std::size_t> length_counts(kLengths);
  for (const LengthToken& token : lengths) ++length_counts[token.code];
  const Code length_code(length_counts);

  out.bits(static_cast<unsigned>(tokens.size()), 16);
  length_code.write_lengths(out, kLengthCountBits, kLengthsBeforeZeros);
  out.bits(static_cast<unsigned>(symbols.lengths().size()), kSymbolCountBits);
  if (symbols.lengths().empty()) out.bits(symbols.only(), kSymbolCountBits);
  for (const LengthToken& token : lengths) {
    length_code.write(out, token.code);
    out.bits(token.extra, token.extra_bits);
  }
  positions.write_lengths(out, kPositionCountBits, kPositions + 1);
  for (const Token& token : tokens) {
    symbols.write(out, token.symbol());
    if (token.length == 0) continue;
    const unsigned bits = token.position_class();
    positions.write(out, bits);
    if (bits > 1) out.bits(token.position & ((1U << (bits - 1)) - 1), bits - 1);
  }
}

// Finds earlier occurrences through chains of places with the same hash of three bytes.
class Matcher {
 public:
  explicit Matcher(ByteView plain)
      : plain_(plain), heads_(kHashes, kNone), previous_(plain.size(), kNone) {}

  void enter(std::size_t at) {
    if (at + kMatchBytesMin > plain_.size()) return;
    std::size_t& head = heads_[hash(at)];
    previous_[at] = head;
    head = at;
  }
  // The longest match at `at`; its length is 0 when there is none.
  Token find(std::size_t at) const {
    Token best;
    const std::size_t most = std::min(kMatchBytesMax, plain_.size() - at);
    if (most < kMatchBytesMin) return best;
    std::size_t candidate = heads_[hash(at)];
    for (std::size_t i = 0; i < kChainMax && candidate != kNone; ++i) {
      if (at - candidate > kWindowBytes) break;
      std::size_t length = 0;
      while (length < most && plain_[candidate + length] == plain_[at + length]) ++length;
      if (length >= kMatchBytesMin && length > best.length) {
        best = {static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(at - candidate - 1)};
        if (length == most) break;
      }
      candidate = previous_[candidate];
    }
    return best;
  }

 private:
  std::size_t hash(std::size_t at) const {
    const auto byte = [this](std::size_t i) { return std::to_integer<std::size_t>(plain_[i]); };
    return (byte(at) << 10U ^ byte(at + 1) << 5U ^ byte(at + 2)) % kHashes;
  }

  ByteView plain_;
  std::vector<std::size_t> heads_;
  std::vector<std::size_t> previous_;
};

}  // namespace

Outcome<std::string> efi_compress(ByteView plain) {
  if (plain.size() > kUnpackedBytesMax) {
    return failure(fmt::format("{} bytes are too many to compress; {} is the limit", plain.size(),
                               kUnpackedBytesMax));
  }
  BitWriter out;
  Matcher matcher(plain);
  std::vector<Token> tokens;
  const auto add = [&](Token token) {
    tokens.push_back(token);
    if (tokens.size() == kBlockSymbols) {
      write_block(out, tokens);
      tokens.clear();
    }
  };
  for (std::size_t at = 0; at < plain.size();) {
    const Token match = matcher.find(at);
    matcher.enter(at);
    const Token literal = {0, std::to_integer<std::uint16_t>(plain[at])};
    // A literal, then a longer match one byte on, is shorter than a match now.
    const bool wait =
        match.length > 0 && at + 1 < plain.size() && matcher.find(at + 1).length > match.length;
    if (match.length == 0 || wait) {
      add(literal);
      ++at;
      continue;
    }
    add(match);
    for (std::size_t i = 1; i < match.length; ++i) matcher.enter(at + i);
    at += match.length;
  }
  if (!tokens.empty()) write_block(out, tokens);
  const std::string data = out.take();
  std::array<std::byte, kEfiCompressionHeaderBytes> header = {};
  ByteWriter writer(header);
  writer.le32(static_cast<std::uint32_t>(data.size()));
  writer.le32(static_cast<std::uint32_t>(plain.size()));
  return std::string(as_text(header)) + data;
}

}  // namespace kedge::host
