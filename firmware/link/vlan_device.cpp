// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/vlan_device.h"

#include <array>
#include <cstring>

#include "link/link_errors.h"

namespace kedge::link {
namespace {

using wire::VlanTag;

constexpr std::size_t kAddressBytes = 2 * wire::MacAddress::kSize;

}  // namespace

Capabilities VlanDevice::capabilities() const noexcept {
  Capabilities own = Middleware::capabilities();
  // Some chips find the checksum's place by parsing, and look for it where no tag is.
  if (!tag_.is_none()) own.transmit_checksum = false;
  return own;
}

std::uint32_t VlanDevice::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  if (tag_.is_none()) return inner().poll(receiver, budget);
  receiver_ = &receiver;
  return inner().poll(*this, budget);
}

void VlanDevice::receive(Frame frame) noexcept {
  Segment* const head = frame.head();
  if (head == nullptr) return;
  ByteReader header({head->data, head->length});
  header.skip(kAddressBytes);
  const std::uint16_t type = header.be16();
  const auto tag = VlanTag::from_control_information(header.be16());
  const bool tagged = type == VlanTag::kType && header.ok();
  if ((tagged ? tag.id : 0) != tag_.id) return;
  if (!tagged) return receiver_->receive(std::move(frame));
  std::memmove(head->data + VlanTag::kBytes, head->data, kAddressBytes);
  head->data += VlanTag::kBytes;
  head->length -= VlanTag::kBytes;
  SegmentOwner& owner = frame.owner();
  const std::uint32_t length = frame.length() - VlanTag::kBytes;
  const ReceiveInfo info = frame.info();
  receiver_->receive(Frame(owner, frame.release(), length, info));
}

Result<void> VlanDevice::transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept {
  if (tag_.is_none()) return inner().transmit(pieces, info);
  if (pieces.empty() || pieces.size() > kPiecesMax || pieces[0].size() < kAddressBytes) {
    return fail(err::link_frame_malformed);
  }
  std::array<std::byte, VlanTag::kBytes> tag;
  ByteWriter writer(tag);
  writer.be16(VlanTag::kType);
  writer.be16(tag_.control_information());
  std::array<ByteView, kPiecesMax + 2> tagged;
  tagged[0] = pieces[0].first(kAddressBytes);
  tagged[1] = tag;
  tagged[2] = pieces[0].subspan(kAddressBytes);
  for (std::size_t i = 1; i < pieces.size(); ++i) tagged[i + 2] = pieces[i];
  return inner().transmit(std::span(tagged).first(pieces.size() + 2), {});
}

}  // namespace kedge::link
