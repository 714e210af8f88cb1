// SPDX-License-Identifier: BSD-2-Clause-Patent
// Membership in multicast groups: a host's part of IGMPv2 (RFC 2236), so that routers and switches
// that look into it send us a group's packets. lwIP takes the packets of any group that come.
//
// Questions are answered at once instead of after a random time: nobody of ours would be awake
// then, and one more report does no harm. A flood of questions gets an answer each half second.
// Routers of IGMPv3 understand (RFC 3376 7.3.2).
#include <algorithm>
#include <cstring>

#include "net/lwip/checksum.h"
#include "net/lwip/lwip_hooks.h"
#include "net/lwip/lwip_interface.h"

namespace kedge::net {
namespace {

constexpr std::uint8_t kQuery = 0x11;
constexpr std::uint8_t kReport = 0x16;
constexpr std::uint8_t kLeave = 0x17;
constexpr wire::Ipv4Address kAllRouters(224, 0, 0, 2);
constexpr std::size_t kHeaderBytes = 24;  // of IPv4, with Router Alert (RFC 2113)
constexpr std::size_t kMessageBytes = 8;

bool has(const InterfaceMode& mode, wire::Ipv4Address group) noexcept {
  return std::ranges::find(mode.groups, group) != mode.groups.end();
}

void put_sum(ByteSpan bytes, std::size_t offset) noexcept {
  const auto sum = static_cast<std::uint16_t>(~internet_sum(bytes));
  std::memcpy(bytes.data() + offset, &sum, sizeof sum);
}

}  // namespace

[[clang::minsize]] void LwipInterface::set_mode(const InterfaceMode& mode) noexcept {
  if (!open_ || mode == mode_) return;
  const InterfaceMode before = std::exchange(mode_, mode);
  report_after_ = {};
  set_receive_filter();
  for (const wire::Ipv4Address group : before.groups) {
    if (!has(mode_, group)) send_igmp(kLeave, group);
  }
  for (const wire::Ipv4Address group : mode_.groups) {
    if (!has(before, group)) send_igmp(kReport, group);
  }
}

[[clang::minsize]] void LwipInterface::groups_asked(ByteView message) noexcept {
  ByteReader reader(message);
  const std::uint8_t type = reader.u8();
  reader.skip(3);
  const auto asked = wire::Ipv4Address::read(reader);
  if (!reader.ok() || type != kQuery || internet_sum(message) != 0xffff) return;
  const Instant now = Instant() + Duration::nanoseconds(LwipHooks::now_ns());
  for (std::size_t i = 0; i < mode_.groups.size(); ++i) {
    const wire::Ipv4Address group = mode_.groups[i];
    if ((!asked.is_any() && asked != group) || now < report_after_[i]) continue;
    report_after_[i] = now + kReportInterval;
    send_igmp(kReport, group);
  }
}

[[clang::minsize]] void LwipInterface::send_igmp(std::uint8_t type,
                                                 wire::Ipv4Address group) noexcept {
  if (group.is_any()) return;
  pbuf* packet = pbuf_alloc(PBUF_LINK, kHeaderBytes + kMessageBytes, PBUF_RAM);
  if (packet == nullptr) return;  // routers ask again
  const ByteSpan bytes(static_cast<std::byte*>(packet->payload), packet->len);
  const wire::Ipv4Address target = type == kLeave ? kAllRouters : group;
  ByteWriter writer(bytes);
  writer.be16(0x4600);
  writer.be16(static_cast<std::uint16_t>(bytes.size()));
  writer.be32(0);       // identification; not fragmented
  writer.be16(0x0102);  // time to live 1, IGMP
  writer.be16(0);
  configuration_.address.write(writer);
  target.write(writer);
  writer.be32(0x94040000);
  writer.be32(std::uint32_t{type} << 24);
  group.write(writer);
  put_sum(bytes.first(kHeaderBytes), 10);
  put_sum(bytes.subspan(kHeaderBytes), 2);
  const ip4_addr_t next = to_lwip(target);
  (void)etharp_output(&netif_, packet, &next);
  pbuf_free(packet);
}

}  // namespace kedge::net
