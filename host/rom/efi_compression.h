// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The compression of EFI images in option ROMs (UEFI 2.10, 19 "EFI Compression Algorithm
// Specification"): LZ77 with an 8 KiB window, then Huffman codes per block. The "Tiano" variant
// with its wider positions is not allowed in option ROMs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

// What a few bytes may unpack to.
inline constexpr std::size_t kUnpackedBytesMax = 64U << 20;
inline constexpr std::size_t kEfiCompressionHeaderBytes = 8;

namespace efi_compression {
inline constexpr std::size_t kWindowBytes = 8192;
inline constexpr std::size_t kMatchBytesMin = 3;
inline constexpr std::size_t kMatchBytesMax = 256;
inline constexpr std::size_t kCodeBitsMax = 16;
// Symbols: 256 literals, then the lengths of matches.
inline constexpr std::size_t kSymbols = 256 + kMatchBytesMax - kMatchBytesMin + 1;
inline constexpr unsigned kSymbolCountBits = 9;
// Positions are sent as the number of their bits, then the bits below the highest.
inline constexpr std::size_t kPositions = 14;
inline constexpr unsigned kPositionCountBits = 4;
// Lengths of the symbols' codes: 0 to 2 are runs of zeros, n + 2 is length n.
inline constexpr std::size_t kLengths = kCodeBitsMax + 3;
inline constexpr unsigned kLengthCountBits = 5;
// After this many lengths of length codes stands a two-bit count of zeros.
inline constexpr std::size_t kLengthsBeforeZeros = 3;
}  // namespace efi_compression

// The length of compressed data, its header included, as the header says. `packed` may be longer.
Outcome<std::size_t> efi_packed_bytes(ByteView packed);
// `packed` begins with the header (two 32-bit sizes); what follows its data is ignored. Failures
// name the offset in `packed`.
Outcome<std::string> efi_decompress(ByteView packed);
// The header included. `plain` has at most kUnpackedBytesMax bytes.
Outcome<std::string> efi_compress(ByteView plain);

}  // namespace kedge::host
