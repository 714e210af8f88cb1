// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/group_hash.h"

namespace kedge::driver {
namespace {

/// The generator polynomial, x^0 as the highest bit.
constexpr std::uint32_t kPolynomial = 0xedb8'8320;

/// Bit by bit, without a table: a filter has few groups, and an option ROM little room.
std::uint32_t crc(const wire::MacAddress& address) noexcept {
  std::uint32_t value = ~0u;
  for (const std::uint8_t octet : address.octets()) {
    value ^= octet;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (kPolynomial & (0u - (value & 1)));
  }
  return value;
}

}  // namespace

std::uint64_t group_hash(const link::ReceiveFilter& filter, HashOrder order) noexcept {
  if (filter.promiscuous || filter.all_groups) return ~std::uint64_t{0};
  std::uint64_t table = 0;
  for (const wire::MacAddress& group : filter.groups()) {
    std::uint32_t value = crc(group);
    if (order == HashOrder::x31_to_x26) value = __builtin_bitreverse32(value);
    table |= std::uint64_t{1} << (value >> 26);
  }
  return table;
}

}  // namespace kedge::driver
