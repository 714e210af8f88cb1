// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakeInterface: a net::Interface on a device that does nothing but have a link, for protocol
// tests.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "async/wait.h"
#include "net/net_errors.h"
#include "net/stack.h"

namespace kedge::fake {

class IdleDevice final : public link::Device {
 public:
  wire::MacAddress address{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
  link::LinkState state = link::LinkState::up;

  std::string_view driver_name() const noexcept override { return "fake"; }
  wire::MacAddress mac() const noexcept override { return address; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  link::Capabilities capabilities() const noexcept override { return {}; }
  link::LinkState link_state() noexcept override { return state; }
  const link::Statistics& statistics() const noexcept override { return statistics_; }
  Result<void> start() noexcept override { return {}; }
  void stop() noexcept override {}
  void quiesce() noexcept override {}
  std::uint32_t poll(link::Receiver&, std::uint32_t) noexcept override { return 0; }
  Result<void> transmit(std::span<const ByteView>, link::TransmitInfo) noexcept override {
    return {};
  }

 private:
  link::Statistics statistics_;
};

class FakeInterface final : public net::Interface {
 public:
  IdleDevice idle_device;
  std::string interface_name = "net0";
  /// What the next open() fails with; a NIC that cannot be had.
  std::optional<Error> open_error;

  std::string_view name() const noexcept override { return interface_name; }
  unsigned index() const noexcept override { return 0; }
  link::Device& device() noexcept override { return idle_device; }
  bool is_open() const noexcept override { return open_; }
  Result<void> open() noexcept override {
    if (open_error.has_value()) return *std::exchange(open_error, std::nullopt);
    open_ = true;
    return {};
  }
  void close() noexcept override {
    open_ = false;
    clear_ipv4();
  }
  /// Brings the link up or down as the switch would.
  void set_link(link::LinkState state) {
    idle_device.state = state;
    link_changed_.notify_all();
  }
  async::Task<Result<void>> wait_link(Instant deadline) noexcept override {
    while (idle_device.state == link::LinkState::down) {
      const Result<void> changed = co_await link_changed_.wait_until(deadline);
      if (changed) continue;
      if (changed.error() == err::async_timed_out) co_return fail(err::net_no_link);
      co_return changed.error();
    }
    co_return Result<void>();
  }
  /// Who answers find_neighbour(); others are silent.
  std::map<wire::Ipv4Address, wire::MacAddress> neighbours;
  async::Task<Result<wire::MacAddress>> find_neighbour(wire::Ipv4Address address,
                                                       Instant deadline) noexcept override {
    if (const auto found = neighbours.find(address); found != neighbours.end()) {
      co_return found->second;
    }
    KEDGE_CO_CHECK(co_await async::sleep_until(deadline));
    co_return fail(err::net_no_neighbour);
  }
  /// Called in the middle of configure().
  std::function<void()> on_configure;
  Result<void> configure(const net::Ipv4Configuration& configuration) noexcept override {
    if (on_configure) on_configure();
    configuration_ = configuration;
    return {};
  }
  void clear_ipv4() noexcept override { configuration_ = {}; }
  const net::Ipv4Configuration& ipv4() const noexcept override { return configuration_; }
  void set_mode(const net::InterfaceMode& mode) noexcept override { mode_ = mode; }
  const net::InterfaceMode& mode() const noexcept override { return mode_; }

 private:
  bool open_ = false;
  net::Ipv4Configuration configuration_;
  net::InterfaceMode mode_;
  async::Signal link_changed_;
};

}  // namespace kedge::fake
