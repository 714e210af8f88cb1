// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_interface.h"

#include <algorithm>
#include <cstring>

#include "async/wait.h"
#include "link/link_errors.h"
#include "net/lwip/checksum.h"
#include "net/lwip/icmp_unreachable.h"
#include "net/lwip/routes.h"
#include "net/net_errors.h"

namespace kedge::net {
namespace {

constexpr std::uint16_t kEthernetHeader = 14;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeArp = 0x0806;
constexpr std::size_t kArpBytes = 28;
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint16_t kTcpChecksumOffset = 16;
constexpr std::uint16_t kFragmentMask = 0x3fff;
/// IPv4's smallest MTU that every link must carry (RFC 791 3.2).
constexpr std::uint16_t kMtuMin = 576;
/// How much of its pool a driver can miss when it does not say how large that is.
constexpr std::size_t kLentMaxDefault = 64;

ByteView view_of(const pbuf& p) noexcept {
  return {static_cast<const std::byte*>(p.payload), p.len};
}

bool is_arp_request(ByteView frame) noexcept {
  constexpr std::uint16_t kRequest = 1;  // RFC 826
  ByteReader reader(frame);
  reader.skip(12);
  const std::uint16_t type = reader.be16();
  reader.skip(6);
  return type == kTypeArp && reader.be16() == kRequest;
}

}  // namespace

LwipInterface::LwipInterface(LwipStack& stack, link::Device& device, unsigned index) noexcept
    : stack_(stack), device_(device), index_(index) {
  // "net0"; kInterfacesMax keeps the number below three digits.
  name_ = {'n', 'e', 't'};
  name_length_ = 3;
  if (index >= 10) name_[name_length_++] = static_cast<char>('0' + index / 10);
  name_[name_length_++] = static_cast<char>('0' + index % 10);
}

LwipInterface::~LwipInterface() {
  close();
}

[[clang::minsize]] Result<void> LwipInterface::open() noexcept {
  if (open_) return {};
  set_receive_filter();
  KEDGE_CHECK(device_.start());
  netif_ = {};
  const auto initialise = [](netif* interface) -> err_t {
    LwipInterface& self = of(*interface);
    interface->name[0] = 'n';
    interface->name[1] = 't';
    interface->hwaddr_len = wire::MacAddress::kSize;
    std::memcpy(interface->hwaddr, self.device_.mac().octets().data(), wire::MacAddress::kSize);
    interface->mtu = self.mtu();
    interface->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    interface->output = etharp_output;
    interface->linkoutput = [](netif* out, pbuf* p) -> err_t { return of(*out).output(p); };
    return ERR_OK;
  };
  if (netif_add_noaddr(&netif_, this, initialise, ip4_input) == nullptr) {
    device_.stop();
    return fail(err::net_no_memory);
  }
  // The device completes TCP's; UDP datagrams may leave in fragments, which it cannot.
  if (device_.capabilities().transmit_checksum) {
    netif_.chksum_flags &= static_cast<u16_t>(~NETIF_CHECKSUM_GEN_TCP);
  }
  // Whatever the link's state: a frame that is sent too early is lost, and retried as any other.
  netif_set_up(&netif_);
  netif_set_link_up(&netif_);
  const std::size_t buffers = device_.capabilities().receive_buffers;
  lent_max_ = buffers != 0 ? buffers / 2 : kLentMaxDefault;
  open_ = true;
  return {};
}

/// All groups: those of the IPv6 stack come and go.
void LwipInterface::set_receive_filter() noexcept {
  device_.set_receive_filter(mode_.promiscuous ? link::kReceiveEverything
                                               : link::kReceiveAllGroups);
}

void LwipInterface::close() noexcept {
  if (!open_) return;
  stack_.end_sockets_of(*this);
  netif_set_down(&netif_);
  netif_remove(&netif_);
  configuration_ = {};
  mode_ = {};
  waiting_.clear();
  open_ = false;
  device_.stop();
}

[[clang::minsize]] async::Task<Result<void>> LwipInterface::wait_link(Instant deadline) noexcept {
  while (device_.link_state() == link::LinkState::down) {
    const Instant now = co_await async::current_time();
    if (now >= deadline) co_return fail(err::net_no_link);
    KEDGE_CO_CHECK(co_await async::sleep_until(std::min(deadline, now + kLinkPollInterval)));
  }
  co_return Result<void>();
}

[[clang::minsize]] Result<void> LwipInterface::configure(
    const Ipv4Configuration& configuration) noexcept {
  if (!open_) return fail(err::net_closed);
  if (!configuration.address.is_usable_host() || configuration.prefix_bits > 32) {
    return fail(err::net_bad_address, configuration.address.value());
  }
  configuration_ = configuration;
  const ip4_addr_t address = to_lwip(configuration.address);
  const wire::Ipv4Subnet subnet{configuration.address, configuration.prefix_bits};
  const ip4_addr_t netmask = to_lwip(subnet.netmask());
  const ip4_addr_t none{};  // gateways are found by kedge_lwip_gateway
  netif_set_addr(&netif_, &address, &netmask, &none);
  netif_.mtu = mtu();
  return {};
}

void LwipInterface::clear_ipv4() noexcept {
  if (!open_) return;
  configuration_ = {};
  const ip4_addr_t none{};
  netif_set_addr(&netif_, &none, &none, &none);
  etharp_cleanup_netif(&netif_);
  netif_.mtu = mtu();
}

[[clang::minsize]] bool LwipInterface::neighbour_answers(wire::Ipv4Address destination) noexcept {
  const auto hop = find_hop(configuration_, destination);
  if (!hop) return false;
  const ip4_addr_t next = to_lwip(hop->next);
  eth_addr* link_address = nullptr;
  const ip4_addr_t* known = nullptr;
  return etharp_find_addr(&netif_, &next, &link_address, &known) >= 0;
}

[[clang::minsize]] async::Task<Result<wire::MacAddress>> LwipInterface::find_neighbour(
    wire::Ipv4Address address, Instant deadline) noexcept {
  const ip4_addr_t wanted = to_lwip(address);
  Instant ask_at;
  for (;;) {
    if (!open_) co_return fail(err::net_closed);
    eth_addr* link_address = nullptr;
    const ip4_addr_t* known = nullptr;
    if (etharp_find_addr(&netif_, &wanted, &link_address, &known) >= 0) {
      std::array<std::uint8_t, wire::MacAddress::kSize> octets;
      std::copy_n(link_address->addr, octets.size(), octets.begin());
      co_return wire::MacAddress(octets);
    }
    const Instant now = co_await async::current_time();
    if (now >= deadline) co_return fail(err::net_no_neighbour);
    if (now >= ask_at) {
      // Makes an entry for the answer, too.
      asking_ = true;
      (void)etharp_query(&netif_, &wanted, nullptr);
      asking_ = false;
      stack_.touch();
      ask_at = now + kNeighbourAskInterval;
    }
    KEDGE_CO_CHECK(co_await async::sleep_until(std::min(deadline, now + kLinkPollInterval)));
  }
}

std::uint16_t LwipInterface::mtu() const noexcept {
  const std::uint16_t own = device_.mtu();
  if (configuration_.mtu == 0) return own;
  return std::min(own, std::max(configuration_.mtu, kMtuMin));
}

std::uint32_t LwipInterface::poll(std::uint32_t budget) noexcept {
  // Consumers run after the burst and give their segments back: a burst that lends more than half
  // of what may be lent would only make later frames be copied. At least one batch goes through
  // always.
  const std::uint32_t batch = device_.capabilities().receive_merge ? kBatchMerged : kBatch;
  std::uint32_t count = 0;
  std::uint32_t delivered = 0;
  do {
    delivered = device_.poll(*this, std::min(batch, budget - count));
    count += delivered;
  } while (delivered == batch && count < budget && pool_.lent() < lent_max_ / 2);
  if (!waiting_.empty()) count += send_waiting();
  return count;
}

// --- receiving

pbuf* LwipInterface::to_pbuf(link::Frame frame) noexcept {
  // lwIP wants headers in one piece, and the driver wants to keep half of its buffers.
  if (frame.head()->length < kEthernetHeader + SegmentPool::kLinearBytes ||
      pool_.lent() >= lent_max_) {
    ++statistics_.copied_frames;
    return SegmentPool::copy(std::move(frame), kEthernetHeader);
  }
  return pool_.lend(std::move(frame), kEthernetHeader);
}

void LwipInterface::receive(link::Frame frame) noexcept {
  // lwIP counts in 16 bits, and no IPv4 packet is longer.
  if (frame.head() == nullptr || frame.length() <= kEthernetHeader ||
      frame.length() > kEthernetHeader + 0xffffu || frame.head()->length < kEthernetHeader) {
    ++statistics_.malformed_frames;
    return;
  }
  ByteReader header(ByteView(frame.head()->data, kEthernetHeader));
  const wire::MacAddress target = wire::MacAddress::read(header);
  header.skip(wire::MacAddress::kSize);
  const std::uint16_t type = header.be16();
  if (type != kTypeIpv4 && type != kTypeArp) return;
  const bool ours = target.is_multicast() || target == device_.mac();
  if (!ours && !mode_.promiscuous) return;

  const link::ReceiveInfo info = frame.info();
  pbuf* packet = to_pbuf(std::move(frame));
  if (packet == nullptr) {
    ++statistics_.no_memory;
    return;
  }
  if (target.is_broadcast()) {
    packet->flags |= PBUF_FLAG_LLBCAST;
  } else if (target.is_multicast()) {
    packet->flags |= PBUF_FLAG_LLMCAST;
  }
  stack_.touch();
  to_another_ = !ours;
  if (type == kTypeIpv4) {
    input_ipv4(packet, info);
  } else if (packet->len >= kArpBytes) {
    etharp_input(packet, &netif_);
  } else {
    ++statistics_.malformed_frames;
    pbuf_free(packet);
  }
}

void LwipInterface::input_ipv4(pbuf* packet, const link::ReceiveInfo& info) noexcept {
  const ByteView view = view_of(*packet);
  if (view.size() > 9 && std::to_integer<std::uint8_t>(view[9]) == kProtocolIcmp) {
    const auto report = IcmpUnreachable::parse(view);
    if (report && report->local == configuration_.address) stack_.unreachable(*report);
  }
  if (info.checksum_verified || info.checksum_partial) {
    netif_.chksum_flags &=
        static_cast<u16_t>(~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP));
  } else {
    netif_.chksum_flags |= NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;
  }
  if (ip4_input(packet, &netif_) != ERR_OK) pbuf_free(packet);
}

// --- transmitting

link::TransmitInfo LwipInterface::request_checksum(pbuf* frame) noexcept {
  ByteReader header(view_of(*frame));
  header.skip(12);
  if (header.be16() != kTypeIpv4) return {};
  const std::size_t start = header.offset();
  const std::size_t header_bytes = (header.u8() & 0xf) * std::size_t{4};
  header.skip(1);
  const std::uint16_t total = header.be16();
  header.skip(2);
  const std::uint16_t fragment = header.be16();
  header.skip(1);
  const std::uint8_t protocol = header.u8();
  header.skip(2);
  const ByteView addresses = header.bytes(8);
  if (!header.ok() || protocol != kProtocolTcp || (fragment & kFragmentMask) != 0) return {};
  const std::size_t transport = start + header_bytes;
  if (transport + kTcpChecksumOffset + 2 > frame->len) return {};

  // RFC 9293 3.1: addresses, protocol and length.
  std::byte pseudo[12];
  ByteWriter writer(pseudo);
  writer.bytes(addresses);
  writer.be16(protocol);
  writer.be16(static_cast<std::uint16_t>(total - header_bytes));
  const std::uint16_t sum = internet_sum(pseudo);
  std::memcpy(static_cast<std::byte*>(frame->payload) + transport + kTcpChecksumOffset, &sum,
              sizeof sum);
  return {static_cast<std::uint16_t>(transport), kTcpChecksumOffset};
}

err_t LwipInterface::output(pbuf* frame) noexcept {
  if (!mode_.asks_neighbours && !asking_ && is_arp_request(view_of(*frame))) return ERR_IF;
  stack_.touch();
  link::TransmitInfo info;
  if ((netif_.chksum_flags & NETIF_CHECKSUM_GEN_TCP) == 0) info = request_checksum(frame);
  const bool scattered = pbuf_clen(frame) > kPiecesMax;
  if (waiting_.empty() && !scattered) {
    ByteView pieces[kPiecesMax];
    std::size_t count = 0;
    for (pbuf* p = frame; p != nullptr; p = p->next) pieces[count++] = view_of(*p);
    const auto sent = device_.transmit(std::span(pieces, count), info);
    if (sent.ok()) return ERR_OK;
    if (!(sent.error() == err::link_busy)) {
      ++statistics_.transmit_dropped;
      return ERR_IF;
    }
  }
  if (waiting_.size() >= kWaitingMax) {
    ++statistics_.transmit_dropped;
    return ERR_MEM;  // TCP tries again later
  }
  Waiting waiting{std::vector<std::byte>(frame->tot_len), info};
  pbuf_copy_partial(frame, waiting.bytes.data(), frame->tot_len, 0);
  waiting_.push_back(std::move(waiting));
  ++statistics_.transmit_delayed;
  if (scattered) (void)send_waiting();
  return ERR_OK;
}

std::uint32_t LwipInterface::send_waiting() noexcept {
  std::size_t done = 0;
  for (; done < waiting_.size(); ++done) {
    const ByteView piece = waiting_[done].bytes;
    const auto sent = device_.transmit(std::span(&piece, 1), waiting_[done].info);
    if (!sent.ok() && sent.error() == err::link_busy) break;
    if (!sent.ok()) ++statistics_.transmit_dropped;
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
  return static_cast<std::uint32_t>(done);
}

}  // namespace kedge::net
