// SPDX-License-Identifier: BSD-2-Clause-Patent
// In which order functions pack best: the compression of option ROMs (UEFI 2.10, 19) sees only
// the last 8 KiB, so functions with common instructions should be neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kedge::host::elf2pe {

/// A function's code; functions with the same code at one address have several names.
struct Function {
  std::vector<std::string_view> names;
  ByteView code;
};

constexpr std::size_t kFunctionCountMax = 1u << 16;
constexpr std::size_t kCodeBytesMax = 16u << 20;

/// The functions of an ELF file by address, from its symbol table. Throws InputError when `file`
/// is no 64-bit ELF file or its tables are damaged. They point
/// into `file`.
std::vector<Function> read_functions(std::span<const std::byte> file);

/// Indices of `codes`, each once, in an order in which they pack well. Beginning with the largest,
/// always that function follows of which the largest part is in the window already. The same
/// input gives the same order.
std::vector<std::size_t> order_for_packing(std::span<const ByteView> codes,
                                           std::size_t window_bytes);

/// The order as lld's --symbol-ordering-file wants it: a name a line.
std::string symbol_order(std::span<const std::byte> file);

}  // namespace kedge::host::elf2pe
