// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipInterface: a link::Device as lwIP's netif: frames in both directions.
#pragma once

#include <array>
#include <vector>

#include "net/lwip/lwip_headers.h"
#include "net/lwip/lwip_stack.h"
#include "net/lwip/segment_pool.h"

namespace kedge::net {

class LwipInterface final : public Interface, private link::Receiver {
 public:
  LwipInterface(LwipStack& stack, link::Device& device, unsigned index) noexcept;
  LwipInterface(const LwipInterface&) = delete;
  LwipInterface& operator=(const LwipInterface&) = delete;
  ~LwipInterface() override;

  std::string_view name() const noexcept override { return {name_.data(), name_length_}; }
  unsigned index() const noexcept override { return index_; }
  link::Device& device() noexcept override { return device_; }
  bool is_open() const noexcept override { return open_; }
  Result<void> open() noexcept override;
  void close() noexcept override;
  async::Task<Result<void>> wait_link(Instant deadline) noexcept override;
  async::Task<Result<wire::MacAddress>> find_neighbour(wire::Ipv4Address address,
                                                       Instant deadline) noexcept override;
  Result<void> configure(const Ipv4Configuration& configuration) noexcept override;
  void clear_ipv4() noexcept override;
  const Ipv4Configuration& ipv4() const noexcept override { return configuration_; }
  void set_mode(const InterfaceMode& mode) noexcept override;
  const InterfaceMode& mode() const noexcept override { return mode_; }
  InterfaceStatistics statistics() const noexcept override { return statistics_; }

  netif& lwip() noexcept { return netif_; }
  static LwipInterface& of(const netif& netif) noexcept {
    return *static_cast<LwipInterface*>(netif.state);
  }
  /// One burst of frames from the device, and those that wait to be sent. Returns how many there
  /// were.
  std::uint32_t poll(std::uint32_t budget) noexcept;
  std::size_t lent_segments() const noexcept { return pool_.lent(); }
  /// Whether the machine that leads to `destination` has answered ARP lately.
  bool neighbour_answers(wire::Ipv4Address destination) noexcept;
  /// Whether the frame that lwIP looks at was sent to another machine.
  bool is_to_another() const noexcept { return to_another_; }
  /// An IGMP message has come: a router's question, perhaps, who is in which group.
  void groups_asked(ByteView message) noexcept;

 private:
  /// Frames that wait for room in the transmit ring: a whole window of acknowledgements and
  /// requests.
  static constexpr std::size_t kWaitingMax = 64;
  static constexpr std::size_t kPiecesMax = 8;
  /// Frames asked for at once: of one segment each, and of up to 17.
  static constexpr std::uint32_t kBatch = 32;
  static constexpr std::uint32_t kBatchMerged = 4;
  static constexpr Duration kNeighbourAskInterval = Duration::seconds(1);
  /// Between two answers about one group. Routers repeat a question after a second (RFC 2236 8.8).
  static constexpr Duration kReportInterval = Duration::milliseconds(500);
  static constexpr Duration kLinkPollInterval = Duration::milliseconds(20);

  struct Waiting {
    std::vector<std::byte> bytes;
    link::TransmitInfo info;
  };

  void receive(link::Frame frame) noexcept override;
  void set_receive_filter() noexcept;
  void input_ipv4(pbuf* packet, const link::ReceiveInfo& info) noexcept;
  pbuf* to_pbuf(link::Frame frame) noexcept;
  void send_igmp(std::uint8_t type, wire::Ipv4Address group) noexcept;
  err_t output(pbuf* frame) noexcept;
  link::TransmitInfo request_checksum(pbuf* frame) noexcept;
  std::uint32_t send_waiting() noexcept;
  std::uint16_t mtu() const noexcept;

  LwipStack& stack_;
  link::Device& device_;
  unsigned index_;
  std::array<char, 8> name_{};
  std::size_t name_length_ = 0;
  bool open_ = false;
  std::size_t lent_max_ = 0;
  SegmentPool pool_;
  netif netif_{};
  Ipv4Configuration configuration_;
  InterfaceMode mode_;
  std::array<Instant, InterfaceMode::kGroupsMax> report_after_{};  // the earliest next report
  bool to_another_ = false;
  bool asking_ = false;  // an ARP request that is wanted, whatever the mode
  InterfaceStatistics statistics_;
  std::vector<Waiting> waiting_;
};

}  // namespace kedge::net
