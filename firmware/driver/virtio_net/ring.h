// SPDX-License-Identifier: BSD-2-Clause-Patent
// What split and packed ring have in common.
#pragma once

#include <cstdint>

namespace kedge::driver::virtio {

/// Which rule of the ring a device broke; the detail of err::virtio_broken.
enum class Fault : std::uint8_t {
  none = 0,
  used_index_jump = 1,   ///< more used buffers than were given
  id_out_of_range = 2,   ///< names a descriptor that is no chain's head
  id_not_in_flight = 3,  ///< names a buffer that the device does not have
  length_too_large = 4,  ///< claims to have written past a buffer's end
  length_too_small = 5,  ///< no room for the header that every frame has
  buffer_count = 6,      ///< a frame of no buffers, or of more than the ring holds
  command_failed = 7,    ///< does not carry out, or does not answer, a command for its filter
};

/// A used buffer as the ring tells it: nothing of it is checked but its being there.
struct UsedElement {
  std::uint32_t id = 0;
  std::uint32_t length = 0;
};

enum class TakeState : std::uint8_t { none, taken, broken };

inline constexpr std::uint16_t kDescriptorNext = 1;   // VIRTQ_DESC_F_NEXT
inline constexpr std::uint16_t kDescriptorWrite = 2;  // VIRTQ_DESC_F_WRITE

/// Direction of a buffer, from the device's view. device_answers: a command, which it reads but for
/// the last byte, which it writes. The values are the flags of a buffer's descriptors: of the last
/// one, and of another before it in the upper byte.
enum class Access : std::uint16_t {
  device_reads = kDescriptorNext << 8,
  device_writes = (kDescriptorNext | kDescriptorWrite) << 8 | kDescriptorWrite,
  device_answers = kDescriptorNext << 8 | kDescriptorWrite,
};

/// One piece of memory given to the device. Addresses are those of port::DeviceAddress.
struct RingPiece {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;  ///< kDescriptorNext in all of a buffer's pieces but the last
};

}  // namespace kedge::driver::virtio
