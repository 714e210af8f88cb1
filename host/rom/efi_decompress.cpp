// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "rom/efi_compression.h"

namespace kedge::host {
namespace {

using namespace efi_compression;

// Bits from the highest of each byte on. Past the end come zeros, and ok() is false.
class BitReader {
 public:
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return position_ <= bytes_.size() * 8; }
  std::size_t byte_offset() const { return std::min(position_ / 8, bytes_.size()); }
  unsigned bit() {
    const std::size_t at = position_ / 8;
    const unsigned shift = 7 - static_cast<unsigned>(position_ % 8);
    ++position_;
    return at < bytes_.size() ? (std::to_integer<unsigned>(bytes_[at]) >> shift) & 1U : 0U;
  }
  unsigned bits(unsigned count) {
    unsigned value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 1U | bit();
    return value;
  }

 private:
  ByteView bytes_;
  std::size_t position_ = 0;
};

// A canonical prefix code: codes are given by length, then by symbol (UEFI 2.10, 19.2.3).
class PrefixCode {
 public:
  // One symbol that takes no bits.
  void set_single(unsigned symbol) { single_ = symbol; }

  // False when the lengths describe no complete code.
  bool set_lengths(const std::vector<std::uint8_t>& lengths) {
    single_.reset();
    counts_ = {};
    for (const std::uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    std::array<unsigned, kCodeBitsMax + 2> starts = {};
    unsigned space = 1;
    for (std::size_t length = 1; length <= kCodeBitsMax; ++length) {
      space *= 2;
      if (counts_[length] > space) return false;
      space -= counts_[length];
      starts[length + 1] = starts[length] + counts_[length];
    }
    if (space != 0) return false;
    symbols_.assign(starts[kCodeBitsMax + 1], 0);
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] > 0) {
        symbols_[starts[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
      }
    }
    return true;
  }

  unsigned decode(BitReader& reader) const {
    if (single_) return *single_;
    unsigned code = 0;
    unsigned first = 0;
    unsigned index = 0;
    for (std::size_t length = 1; length <= kCodeBitsMax; ++length) {
      code |= reader.bit();
      if (code - first < counts_[length]) return symbols_[index + code - first];
      index += counts_[length];
      first = (first + counts_[length]) * 2;
      code *= 2;
    }
    return 0;  // cannot be: the code is complete
  }

 private:
  std::optional<unsigned> single_ = 0;
  std::array<unsigned, kCodeBitsMax + 1> counts_ = {};
  std::vector<std::uint16_t> symbols_;
};

class Unpacker {
 public:
  Unpacker(ByteView data, std::size_t plain_bytes) : reader_(data), plain_bytes_(plain_bytes) {}

  Outcome<std::string> run() {
    plain_.reserve(plain_bytes_);
    while (plain_.size() < plain_bytes_) {
      if (block_symbols_ == 0) {
        if (const char* error = read_block_head()) return fail(error);
      }
      --block_symbols_;
      const unsigned symbol = symbols_.decode(reader_);
      if (symbol < 256) {
        plain_.push_back(static_cast<char>(symbol));
      } else if (const char* error = copy(symbol - 256 + kMatchBytesMin)) {
        return fail(error);
      }
      if (!reader_.ok()) return fail("the data ends too early");
    }
    return std::move(plain_);
  }

 private:
  std::unexpected<Failure> fail(const char* what) const {
    return failure(fmt::format("compressed data, offset {:#x}: {} (after {} of {} bytes)",
                               kEfiCompressionHeaderBytes + reader_.byte_offset(), what,
                               plain_.size(), plain_bytes_));
  }

  const char* read_block_head() {
    block_symbols_ = reader_.bits(16);
    if (!reader_.ok()) return "the data ends before its block's head";
    if (block_symbols_ == 0) return "a block is empty";
    if (!read_short_lengths(lengths_, kLengths, kLengthCountBits, kLengthsBeforeZeros)) {
      return "the codes of code lengths are damaged";
    }
    if (!read_symbol_lengths()) return "the codes of symbols are damaged";
    if (!read_short_lengths(positions_, kPositions, kPositionCountBits, kPositions + 1)) {
      return "the codes of positions are damaged";
    }
    return nullptr;
  }

  // Lengths of up to 6 are sent in three bits; seven and more as 111, a one per further, a zero.
  bool read_short_lengths(PrefixCode& code, std::size_t most, unsigned count_bits,
                          std::size_t zeros_after) {
    const std::size_t count = reader_.bits(count_bits);
    if (count == 0) {
      const unsigned symbol = reader_.bits(count_bits);
      code.set_single(symbol);
      return symbol < most && reader_.ok();
    }
    if (count > most) return false;
    std::vector<std::uint8_t> lengths;
    while (lengths.size() < count) {
      unsigned length = reader_.bits(3);
      if (length == 7) {
        while (length <= kCodeBitsMax && reader_.bit() == 1) ++length;
      }
      if (length > kCodeBitsMax || !reader_.ok()) return false;
      lengths.push_back(static_cast<std::uint8_t>(length));
      if (lengths.size() == zeros_after) lengths.resize(lengths.size() + reader_.bits(2));
    }
    return lengths.size() <= most && reader_.ok() && code.set_lengths(lengths);
  }

  bool read_symbol_lengths() {
    const std::size_t count = reader_.bits(kSymbolCountBits);
    if (count == 0) {
      const unsigned symbol = reader_.bits(kSymbolCountBits);
      symbols_.set_single(symbol);
      return symbol < kSymbols && reader_.ok();
    }
    if (count > kSymbols) return false;
    std::vector<std::uint8_t> lengths;
    while (lengths.size() < count) {
      const unsigned code = lengths_.decode(reader_);
      if (!reader_.ok()) return false;
      if (code > 2) {
        lengths.push_back(static_cast<std::uint8_t>(code - 2));
        continue;
      }
      std::size_t zeros = 1;
      if (code == 1) zeros = reader_.bits(4) + 3;
      if (code == 2) zeros = reader_.bits(kSymbolCountBits) + 20;
      if (lengths.size() + zeros > kSymbols) return false;
      lengths.resize(lengths.size() + zeros);
    }
    return symbols_.set_lengths(lengths);
  }

  const char* copy(std::size_t length) {
    std::size_t position = positions_.decode(reader_);
    if (position > 1) {
      const unsigned low_bits = static_cast<unsigned>(position) - 1;
      position = (std::size_t{1} << low_bits) + reader_.bits(low_bits);
    }
    if (position >= plain_.size()) return "a match reaches before the beginning";
    if (length > plain_bytes_ - plain_.size()) return "a match reaches behind the end";
    for (std::size_t i = 0; i < length; ++i) plain_.push_back(plain_[plain_.size() - position - 1]);
    return nullptr;
  }

  BitReader reader_;
  std::size_t plain_bytes_;
  std::string plain_;
  std::size_t block_symbols_ = 0;
  PrefixCode lengths_;
  PrefixCode symbols_;
  PrefixCode positions_;
};

}  // namespace

Outcome<std::size_t> efi_packed_bytes(ByteView packed) {
  ByteReader reader(packed);
  const std::uint32_t data_bytes = reader.le32();
  if (!reader.ok()) return failure("compressed data, offset 0x0: no room for its sizes");
  if (data_bytes > packed.size() - 4 || kEfiCompressionHeaderBytes + data_bytes > packed.size()) {
    return failure(
        fmt::format("compressed data, offset 0x0: {} bytes announced, {} are there", data_bytes,
                    packed.size() - std::min(packed.size(), kEfiCompressionHeaderBytes)),
        "The file is cut off, or its image length is wrong.");
  }
  return kEfiCompressionHeaderBytes + data_bytes;
}

Outcome<std::string> efi_decompress(ByteView packed) {
  KEDGE_HOST_TRY(const std::size_t packed_bytes, efi_packed_bytes(packed));
  ByteReader reader(packed.first(packed_bytes));
  reader.skip(4);
  const std::uint32_t plain_bytes = reader.le32();
  if (plain_bytes > kUnpackedBytesMax) {
    return failure(
        fmt::format("compressed data, offset 0x4: would unpack to {} bytes; {} is the limit",
                    plain_bytes, kUnpackedBytesMax));
  }
  return Unpacker(reader.rest(), plain_bytes).run();
}

}  // namespace kedge::host
