// SPDX-License-Identifier: BSD-2-Clause-Patent
// A PxeStackBackend on a scripted stack, for its tests.
#pragma once

#include "uefi/pxe_stack_backend.h"

#include <gtest/gtest.h>

#include <functional>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"
#include "client/tftp/tftp_client_errors.h"
#include "tests/fake/interface.h"
#include "tests/fake/link_device.h"
#include "tests/fake/net.h"
#include "tests/fake/sink.h"
#include "tests/fake/uefi.h"
#include "uefi/pxe_errors.h"

namespace kedge::uefi {
using namespace kedge::literals;
using namespace std::string_literals;

inline constexpr wire::Ipv4Address kOwn(192, 0, 2, 50);
inline constexpr wire::Ipv4Address kServer(192, 0, 2, 1);
inline constexpr wire::MacAddress kServerMac({0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc});

/// Goes on until it was asked so often.
struct Patience final : PxeWatch {
  unsigned asked = 0;
  unsigned limit = UINT32_MAX;
  std::vector<std::string> packets;
  std::size_t told = 0;
  std::function<void()> on_tell;
  void packet(Direction direction, ByteView bytes) noexcept override {
    packets.push_back((direction == Direction::sent ? "> " : "< ") + format("{}", bytes.size()));
  }
  bool tell() noexcept override {
    if (on_tell) on_tell();
    asked += static_cast<unsigned>(packets.size() - told);
    told = packets.size();
    return asked < limit;
  }
  bool waiting() noexcept override { return ++asked < limit; }
};

struct Nobody final : link::Receiver {
  void receive(link::Frame) noexcept override {}
};

struct PxeStackBackendTest : testing::Test {
  Nobody nobody;
  fake::FakeFirmware firmware;
  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface interface;
  fake::ScriptedDevice device;
  link::SharedDevice shared{device};
  PxeStackBackend backend{{firmware.firmware(),
                           sim.loop,
                           stack,
                           interface,
                           shared,
                           {},
                           {},
                           client::tftp_get_from_group}};
  Patience watch;
  std::optional<PxeServerError> refusal;
  const Instant began = sim.clock.now();

  PxeStackBackendTest() {
    EXPECT_TRUE(interface.open().ok());
    net::Ipv4Configuration configuration;
    configuration.address = kOwn;
    configuration.prefix_bits = 24;
    EXPECT_TRUE(interface.configure(configuration).ok());
  }
  Duration took() { return sim.clock.now() - began; }
  Result<std::uint16_t> send(std::uint16_t source_port, std::uint8_t time_to_live = 64) {
    const ByteView pieces[] = {as_byte_view("he"), as_byte_view("llo")};
    PxeUdpTarget target;
    target.address = kServer;
    target.port = 69;
    target.source_port = source_port;
    target.time_to_live = time_to_live;
    return backend.send(target, pieces);
  }
  Result<PxeDatagram> receive(std::uint16_t port) {
    return backend.receive(port, 3_s, [](const PxeDatagram&) { return true; }, watch);
  }
  void deliver(fake::FakeUdpSocket& socket, std::string_view text, std::uint16_t port = 0) {
    const ByteView view = as_byte_view(text);
    socket.deliver({kServer, 69}, {view.begin(), view.end()}, kOwn, port);
  }
};

}  // namespace kedge::uefi
