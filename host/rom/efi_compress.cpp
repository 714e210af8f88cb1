// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The upper half of the compressor: which matches to take and where to begin new blocks. The codes
// of a parse say what everything costs, and the cheapest parse by these costs has better codes; so
// both are made in turns. All arithmetic is of whole numbers: the result is the same everywhere.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "rom/efi_codes.h"

namespace kedge::host {
namespace {

using namespace efi_compression;

constexpr unsigned kRoundsMax = 12;
constexpr std::size_t kCellTokens = 128;  // blocks begin and end at multiples of it
constexpr std::size_t kHashes = 1U << 15;
constexpr std::size_t kNone = ~std::size_t{0};
// The price of what has no code yet.
constexpr std::uint8_t kUnusedSymbolBits = 13;
constexpr std::uint8_t kUnusedPositionBits = 8;

// For each place of the input the matches that are worth a look: longer ones are farther away.
class Matches {
 public:
  explicit Matches(ByteView plain) : plain_(plain) {
    std::vector<std::size_t> heads(kHashes, kNone);
    std::vector<std::size_t> previous(plain.size(), kNone);
    begins_.reserve(plain.size() + 1);
    for (std::size_t at = 0; at < plain.size(); ++at) {
      begins_.push_back(all_.size());
      if (at + kMatchBytesMin > plain.size()) continue;
      std::size_t& head = heads[hash(at)];
      find(at, head, previous);
      previous[at] = head;
      head = at;
    }
    begins_.push_back(all_.size());
  }

  std::span<const Token> at(std::size_t place) const {
    return std::span(all_).subspan(begins_[place], begins_[place + 1] - begins_[place]);
  }

 private:
  void find(std::size_t at, std::size_t candidate, const std::vector<std::size_t>& previous) {
    const std::size_t most = std::min(kMatchBytesMax, plain_.size() - at);
    std::size_t best = kMatchBytesMin - 1;
    for (; candidate != kNone && at - candidate <= kWindowBytes; candidate = previous[candidate]) {
      if (plain_[candidate + best] != plain_[at + best]) continue;
      std::size_t length = 0;
      while (length < most && plain_[candidate + length] == plain_[at + length]) ++length;
      if (length <= best) continue;
      all_.push_back(
          {static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(at - candidate - 1)});
      if (length == most) break;
      best = length;
    }
  }

  std::size_t hash(std::size_t at) const {
    const auto byte = [this](std::size_t i) { return std::to_integer<std::size_t>(plain_[i]); };
    return (byte(at) << 10U ^ byte(at + 1) << 5U ^ byte(at + 2)) % kHashes;
  }

  ByteView plain_;
  std::vector<Token> all_;
  std::vector<std::size_t> begins_;
};

// A run of tokens with codes of its own.
struct Block {
  std::size_t tokens = 0;
  std::size_t plain_bytes = 0;
  CodeLengths costs;
};

// Merges neighbouring cells for as long as that saves bits.
std::vector<Block> divide(std::span<const Token> tokens, std::size_t& total_bits) {
  struct Part {
    Counts counts;
    std::size_t plain_bytes = 0;
    std::size_t bits = 0;
    std::size_t bits_with_next = 0;
  };
  std::vector<Part> parts;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i % kCellTokens == 0) parts.emplace_back();
    parts.back().counts.add(tokens[i]);
    parts.back().plain_bytes += tokens[i].plain_bytes();
  }
  const auto look_ahead = [&parts](std::size_t i) {
    parts[i].bits_with_next = kNone;
    if (i + 1 == parts.size()) return;
    Counts both = parts[i].counts;
    both.add(parts[i + 1].counts);
    if (both.tokens <= kBlockTokensMax) parts[i].bits_with_next = both.block_bits();
  };
  for (Part& part : parts) part.bits = part.counts.block_bits();
  for (std::size_t i = 0; i < parts.size(); ++i) look_ahead(i);
  for (;;) {
    std::size_t best = kNone;
    std::size_t saved = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const std::size_t apart = parts[i].bits + parts[i + 1].bits;
      if (parts[i].bits_with_next >= apart || apart - parts[i].bits_with_next <= saved) continue;
      saved = apart - parts[i].bits_with_next;
      best = i;
    }
    if (best == kNone) break;
    parts[best].counts.add(parts[best + 1].counts);
    parts[best].plain_bytes += parts[best + 1].plain_bytes;
    parts[best].bits = parts[best].bits_with_next;
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    look_ahead(best);
    if (best > 0) look_ahead(best - 1);
  }
  std::vector<Block> blocks;
  total_bits = 0;
  for (const Part& part : parts) {
    total_bits += part.bits;
    blocks.push_back({part.counts.tokens, part.plain_bytes, part.counts.code_lengths()});
    CodeLengths& costs = blocks.back().costs;
    for (std::uint8_t& bits : costs.symbols) bits = bits == 0 ? kUnusedSymbolBits : bits;
    for (std::uint8_t& bits : costs.positions) bits = bits == 0 ? kUnusedPositionBits : bits;
  }
  return blocks;
}

// The cheapest tokens for `plain`, with the costs of the blocks that were there before.
std::vector<Token> parse(ByteView plain, const Matches& matches, std::span<const Block> blocks) {
  std::vector<std::uint32_t> costs(plain.size() + 1, std::numeric_limits<std::uint32_t>::max());
  std::vector<Token> steps(plain.size() + 1);
  costs[0] = 0;
  std::size_t block = 0;
  std::size_t block_end = blocks[0].plain_bytes;
  for (std::size_t at = 0; at < plain.size(); ++at) {
    if (at == block_end) block_end += blocks[++block].plain_bytes;
    const CodeLengths& code = blocks[block].costs;
    const auto offer = [&](Token token, std::uint32_t bits) {
      const std::size_t next = at + token.plain_bytes();
      if (costs[at] + bits >= costs[next]) return;
      costs[next] = costs[at] + bits;
      steps[next] = token;
    };
    const Token literal = {0, std::to_integer<std::uint16_t>(plain[at])};
    offer(literal, code.symbols[literal.symbol()]);
    auto length = static_cast<std::uint16_t>(kMatchBytesMin);
    for (const Token& match : matches.at(at)) {
      const unsigned position_class = match.position_class();
      const unsigned bits = code.positions[position_class] + position_bits(position_class);
      for (; length <= match.length; ++length) {
        const Token token = {length, match.position};
        offer(token, code.symbols[token.symbol()] + bits);
      }
    }
  }
  std::vector<Token> tokens;
  for (std::size_t at = plain.size(); at > 0; at -= tokens.back().plain_bytes()) {
    tokens.push_back(steps[at]);
  }
  std::ranges::reverse(tokens);
  return tokens;
}

std::string pack(ByteView plain) {
  const Matches matches(plain);
  Block flat{.plain_bytes = plain.size()};
  flat.costs.symbols.fill(9);
  flat.costs.positions.fill(4);
  std::vector<Block> blocks = {flat};
  std::vector<Token> best_tokens;
  std::vector<Block> best_blocks;
  std::size_t best_bits = kNone;
  for (unsigned round = 0; round < kRoundsMax; ++round) {
    std::vector<Token> tokens = parse(plain, matches, blocks);
    std::size_t bits = 0;
    blocks = divide(tokens, bits);
    if (bits >= best_bits) break;
    best_bits = bits;
    best_tokens = std::move(tokens);
    best_blocks = blocks;
  }
  BitWriter out;
  std::span<const Token> left = best_tokens;
  for (const Block& block : best_blocks) {
    write_block(out, left.first(block.tokens));
    left = left.subspan(block.tokens);
  }
  return out.take();
}

}  // namespace

Outcome<std::string> efi_compress(ByteView plain) {
  if (plain.size() > kUnpackedBytesMax) {
    return failure(fmt::format("{} bytes are too many to compress; {} is the limit", plain.size(),
                               kUnpackedBytesMax));
  }
  const std::string data = plain.empty() ? std::string() : pack(plain);
  std::array<std::byte, kEfiCompressionHeaderBytes> header = {};
  ByteWriter writer(header);
  writer.le32(static_cast<std::uint32_t>(data.size()));
  writer.le32(static_cast<std::uint32_t>(plain.size()));
  return std::string(as_text(header)) + data;
}

}  // namespace kedge::host
