// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipStack: net::Stack on lwIP's raw API. The only header of this folder that others include.
//
// lwIP's state is global, so one LwipStack exists at a time; it is torn down completely, and
// another may follow. Sockets and streams must be gone before it.
#pragma once

#include "net/resolver.h"
#include "net/stack.h"

namespace kedge::net {

class LwipInterface;
class LwipTcpStream;
class LwipTimers;
class LwipUdpSocket;
struct IcmpUnreachable;
struct OwesAcknowledgement;

class LwipStack final : public Stack, private async::Poller {
 public:
  static constexpr unsigned kInterfacesMax = 32;
  /// Frames taken from one device in one turn of the loop. Their acknowledgements go out together.
  static constexpr std::uint32_t kPollBudget = 256;

  LwipStack(async::Loop& loop, port::Entropy& entropy) noexcept;
  LwipStack(const LwipStack&) = delete;
  LwipStack& operator=(const LwipStack&) = delete;
  ~LwipStack();

  /// Makes `device` the next interface (net0, net1, ...), closed. It must outlive the stack.
  /// base_no_space beyond kInterfacesMax.
  Result<Interface*> add(link::Device& device) noexcept;
  std::size_t interface_count() const noexcept { return interfaces_.size(); }
  Interface& interface(std::size_t index) noexcept;
  /// Who answers resolve(); it must outlive the stack or be replaced. nullptr: literals only.
  void set_resolver_client(Resolver* resolver) noexcept { resolver_ = resolver; }

  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) noexcept override;
  async::Task<Result<std::unique_ptr<Stream>>> connect(wire::Endpoint target,
                                                       Instant deadline) noexcept override;
  void set_resolver(std::vector<wire::IpAddress> servers,
                    std::vector<std::string> search) noexcept override;
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name,
                                                            Instant deadline) noexcept override;
  port::Entropy& entropy() noexcept override { return entropy_; }

  // For leak checks in tests: what lwIP holds now.
  static std::size_t blocks_in_use() noexcept;
  /// Connections that lwIP still knows, those in TIME-WAIT included.
  static std::size_t connections() noexcept;
  std::size_t lent_segments() const noexcept;

 private:
  friend class LwipInterface;
  friend class LwipTcpStream;
  friend class LwipUdpSocket;
  friend struct LwipHooks;

  bool poll() noexcept override;
  /// Sends the acknowledgements that the last burst of frames is owed.
  void end_burst() noexcept;
  /// Something happened: lwIP's clock must run for a while.
  void touch() noexcept;
  std::uint16_t random_port() noexcept;
  /// An ICMP destination unreachable about a packet that we sent (RFC 1122 3.2.2.1).
  void unreachable(const IcmpUnreachable& report) noexcept;
  void end_sockets_of(const Interface& interface) noexcept;

  async::Loop& loop_;
  port::Entropy& entropy_;
  Resolver* resolver_ = nullptr;
  std::unique_ptr<LwipTimers> timers_;
  std::vector<std::unique_ptr<LwipInterface>> interfaces_;
  List<LwipTcpStream> streams_;
  List<LwipTcpStream, OwesAcknowledgement> owing_;
  List<LwipUdpSocket> sockets_;
};

}  // namespace kedge::net
