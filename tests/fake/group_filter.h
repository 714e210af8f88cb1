// SPDX-License-Identifier: BSD-2-Clause-Patent
// What models of NICs share to filter frames: the CRC of an address as a shift register, bit by
// bit as it comes from the wire (IEEE 802.3, 3.2.9), and the destination of a frame.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/mac.h"

namespace kedge::fake {

/// The coefficient of x^31 is the highest bit.
inline std::uint32_t address_crc(const wire::MacAddress& address) {
  std::uint32_t crc = 0xffff'ffff;
  for (const std::uint8_t octet : address.octets()) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const bool feedback = (crc >> 31 != 0) != ((octet >> bit & 1) != 0);
      crc <<= 1;
      if (feedback) crc ^= 0x04c1'1db7;
    }
  }
  return crc;
}

/// The coefficients of x^5 to x^0 in the other order: x^0 is the highest.
inline std::uint32_t low_bits_reversed(std::uint32_t crc) {
  std::uint32_t value = 0;
  for (unsigned bit = 0; bit < 6; ++bit) value |= (crc >> bit & 1) << (5 - bit);
  return value;
}

inline wire::MacAddress destination_of(ByteView frame) {
  ByteReader reader(frame);
  return wire::MacAddress::read(reader);
}

}  // namespace kedge::fake
