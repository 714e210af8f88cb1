// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The lower half of the compressor: tokens, their Huffman codes, and how a block of them is written
// (UEFI 2.10, 19.2).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rom/efi_compression.h"

namespace kedge::host::efi_compression {

inline constexpr std::size_t kBlockTokensMax = 65535;

// A literal has length 0 and its byte as position; a match has the distance less one.
struct Token {
  std::uint16_t length = 0;
  std::uint16_t position = 0;

  unsigned symbol() const {
    return length == 0 ? position : static_cast<unsigned>(256 + length - kMatchBytesMin);
  }
  unsigned position_class() const { return static_cast<unsigned>(std::bit_width(position)); }
  std::size_t plain_bytes() const { return length == 0 ? 1 : length; }
};

// Bits that follow the code of a position's class.
constexpr unsigned position_bits(unsigned position_class) {
  return position_class > 1 ? position_class - 1 : 0;
}

// Lengths of the codes of a block's symbols, 0 for those that do not occur. A single symbol takes
// no bits.
struct CodeLengths {
  std::array<std::uint8_t, kSymbols> symbols = {};
  std::array<std::uint8_t, kPositions> positions = {};
};

// How often everything occurs in tokens.
struct Counts {
  std::array<std::uint32_t, kSymbols> symbols = {};
  std::array<std::uint32_t, kPositions> positions = {};
  std::size_t tokens = 0;

  void add(const Token& token);
  void add(const Counts& other);
  CodeLengths code_lengths() const;
  // What write_block() would write.
  std::size_t block_bits() const;
};

class BitWriter {
 public:
  void bits(unsigned value, unsigned count);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  unsigned free_ = 0;
};

// `tokens` has 1 to kBlockTokensMax entries.
void write_block(BitWriter& out, std::span<const Token> tokens);

}  // namespace kedge::host::efi_compression
