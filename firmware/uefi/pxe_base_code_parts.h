// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the files of PxeBaseCode share; nobody else includes it.
#pragma once

#include <algorithm>
#include <cstring>

#include "uefi/protocol.h"
#include "uefi/pxe_base_code.h"

namespace kedge::uefi {

namespace pxe {

/// Callers' addresses may lie anywhere, so only their bytes are looked at.
inline wire::Ipv4Address from_raw(const void* ip) noexcept {
  std::array<std::byte, wire::Ipv4Address::kSize> octets;
  std::memcpy(octets.data(), ip, octets.size());
  ByteReader reader(octets);
  return wire::Ipv4Address::read(reader);
}

inline void to_raw(EFI_IP_ADDRESS& out, wire::Ipv4Address address) noexcept {
  std::memset(&out, 0, sizeof(out));
  const auto octets = address.octets();
  std::memcpy(&out, octets.data(), octets.size());
}

/// The same to where a caller has room for, perhaps, only four bytes.
inline void give_ip(EFI_IP_ADDRESS* out, wire::Ipv4Address address) noexcept {
  if (out == nullptr) return;
  const auto octets = address.octets();
  std::memcpy(static_cast<void*>(out), octets.data(), octets.size());
}

/// An empty packet is none.
inline void put_packet(EFI_PXE_BASE_CODE_PACKET& out, BOOLEAN& valid, ByteView packet) noexcept {
  out = {};
  const std::size_t count = std::min(packet.size(), sizeof(out.Raw));
  if (count != 0) std::memcpy(out.Raw, packet.data(), count);
  valid = packet.empty() ? FALSE : TRUE;
}

}  // namespace pxe

/// A function that uses the network is at work.
class PxeBaseCode::Busy {
 public:
  explicit Busy(PxeBaseCode& owner) noexcept;
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy();

 private:
  PxeBaseCode& owner_;
};

/// Tells the callback protocol, if the image wants that.
class PxeBaseCode::Watch final : public PxeWatch {
 public:
  Watch(PxeBaseCode& owner, EFI_PXE_BASE_CODE_FUNCTION function) noexcept
      : owner_(owner), function_(function) {}

  void packet(Direction direction, ByteView packet) noexcept override;
  bool tell() noexcept override;
  // "If these fields are zero and NULL respectively, then this is a status update callback."
  bool waiting() noexcept override { return tell() && call(FALSE, {}); }
  bool aborted() const noexcept { return aborted_; }

 private:
  /// What came within one turn of the loop, which the devices' rings bound.
  struct Told {
    BOOLEAN received;
    std::vector<std::byte> packet;
  };
  bool call(BOOLEAN received, ByteSpan packet) noexcept;

  PxeBaseCode& owner_;
  EFI_PXE_BASE_CODE_FUNCTION function_;
  std::vector<Told> untold_;
  bool aborted_ = false;
};

}  // namespace kedge::uefi
