// SPDX-License-Identifier: BSD-2-Clause-Patent
// VlanDevice: a device that is in a virtual LAN (IEEE 802.1Q), over one that sees all of a trunk:
// its frames leave with the VLAN's tag, it receives those that have it, and nobody above sees tags.
#pragma once

#include "link/tap.h"
#include "wire/vlan.h"

namespace kedge::link {

class VlanDevice final : public Middleware, private Receiver {
 public:
  /// Without a tag, as at first, nothing is changed and nothing is kept back.
  using Middleware::Middleware;

  const wire::VlanTag& tag() const noexcept { return tag_; }
  /// While the device is not in use. Without an id, but with a priority, frames without a tag are
  /// received, too.
  void set_tag(const wire::VlanTag& tag) noexcept { tag_ = tag; }

  Capabilities capabilities() const noexcept override;
  /// Frames of other VLANs count, but are not delivered.
  std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
  /// link_frame_malformed without Ethernet addresses in the first piece, or in too many pieces.
  Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;

 private:
  /// The stack's frames have fewer; more are not worth the memory.
  static constexpr std::size_t kPiecesMax = 32;

  void receive(Frame frame) noexcept override;

  wire::VlanTag tag_;
  Receiver* receiver_ = nullptr;
};

}  // namespace kedge::link
