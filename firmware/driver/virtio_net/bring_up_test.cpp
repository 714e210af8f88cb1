// SPDX-License-Identifier: BSD-2-Clause-Patent
// Bring-up, register by register, and what may go wrong on the way.
#include <gtest/gtest.h>

#include "driver/virtio_net/virtio_net.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/virtio_net.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using fake::VirtioNetModel;
using virtio::Feature;
using Interface = VirtioNetModel::Interface;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// One vendor capability at `at`.
void add_capability(PciScript& pci, std::uint8_t at, std::uint8_t next, std::uint8_t type,
                    std::uint32_t offset, std::uint32_t length) {
  pci.config[at] = 0x09;
  pci.config[at + 1] = next;
  pci.config[at + 2] = 20;
  pci.config[at + 3] = type;
  pci.config[at + 4] = 4;  // BAR
  pci.put_config32(at + 8, offset);
  pci.put_config32(at + 12, length);
}

void make_modern(PciScript& pci) {
  pci.put_config32(0x00, 0x1041'1af4);
  pci.put_config16(0x06, 0x0010);
  pci.config[0x08] = 1;
  pci.config[0x34] = 0x40;
  add_capability(pci, 0x40, 0x54, 1, 0x0000, 0x1000);
  add_capability(pci, 0x54, 0x68, 4, 0x2000, 0x1000);
  add_capability(pci, 0x68, 0x00, 2, 0x3000, 0x1000);
  pci.put_config32(0x68 + 16, 4);  // notify_off_multiplier
}

constexpr std::uint32_t kOfferedLow = 0x0001'8028;  // STATUS MRG_RXBUF MAC MTU
constexpr std::uint32_t kOfferedHigh = 0x1;         // VERSION_1

void expect_modern_features(PciScript& pci) {
  pci.write(4, 0x00, 4, 0).read(4, 0x04, 4, kOfferedLow);
  pci.write(4, 0x00, 4, 1).read(4, 0x04, 4, kOfferedHigh);
}

TEST(VirtioNetBringUp, FollowsTheModernSequenceOfTheSpecification) {
  PciScript pci;
  make_modern(pci);
  // create(): reset, acknowledge, features, address, MTU, reset again.
  pci.write(4, 0x14, 1, 0).read(4, 0x14, 1, 0x0f).read(4, 0x14, 1, 0);
  pci.write(4, 0x14, 1, 1).write(4, 0x14, 1, 3);
  expect_modern_features(pci);
  pci.read(4, 0x15, 1, 7);
  for (unsigned i = 0; i < 6; ++i) pci.read(4, 0x2000 + i, 1, 0x50 + i);
  pci.read(4, 0x15, 1, 7);
  pci.read(4, 0x200a, 2, 1400);
  pci.write(4, 0x14, 1, 0).read(4, 0x14, 1, 0);
  auto device = VirtioNet::create(pci, {.spare_bytes = 0});
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE(pci.finished());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x50, 0x51, 0x52, 0x53, 0x54, 0x55}));
  EXPECT_EQ((*device)->mtu(), 1400);

  // start(): 3.1.1 steps 1 to 8.
  pci.write(4, 0x14, 1, 0).read(4, 0x14, 1, 0);   // 1 reset
  pci.write(4, 0x14, 1, 1).write(4, 0x14, 1, 3);  // 2, 3 ACKNOWLEDGE, DRIVER
  expect_modern_features(pci);                    // 4
  pci.read(4, 0x200a, 2, 1400);
  pci.write(4, 0x08, 4, 0).write(4, 0x0c, 4, kOfferedLow);
  pci.write(4, 0x08, 4, 1).write(4, 0x0c, 4, kOfferedHigh);
  pci.write(4, 0x14, 1, 0x0b).read(4, 0x14, 1, 0x0b);  // 5, 6 FEATURES_OK
  std::uint32_t address = 0;                           // 7
  for (unsigned queue = 0; queue < 2; ++queue) {
    pci.write(4, 0x16, 2, queue).read(4, 0x18, 2, 16);
    pci.write(4, 0x16, 2, queue).read(4, 0x1e, 2, queue).write(4, 0x18, 2, 16);
    pci.write(4, 0x20, 4, address).write(4, 0x24, 4, 1);           // descriptors
    pci.write(4, 0x28, 4, address + 0x100).write(4, 0x2c, 4, 1);   // available ring
    pci.write(4, 0x30, 4, address + 0x1000).write(4, 0x34, 4, 1);  // used ring
    pci.write(4, 0x1c, 2, 1);
    address += 0x3000 + 16 * 4096 + 0x1000;  // ring, its gap, receive buffers, their gap
  }
  pci.write(4, 0x14, 1, 0x0f);  // 8 DRIVER_OK
  pci.write(4, 0x3000, 2, 0);   // and only then the first notification
  const auto started = (*device)->start();
  EXPECT_TRUE(started.ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_TRUE(pci.bus_master());

  // stop(): reset, no more bus mastering.
  pci.write(4, 0x14, 1, 0).read(4, 0x14, 1, 0);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_FALSE(pci.bus_master());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(joined(pci.violations), "");
}

TEST(VirtioNetBringUp, FollowsTheLegacySequence) {
  PciScript pci;
  pci.put_config32(0x00, 0x1000'1af4);
  pci.put_config32(0x10, 0xc001);                  // BAR 0 in I/O space
  constexpr std::uint32_t kOffered = 0x0001'0020;  // STATUS MAC
  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  pci.write(0, 18, 1, 1).write(0, 18, 1, 3);
  pci.read(0, 0, 4, kOffered);
  for (int twice = 0; twice < 2; ++twice) {
    for (unsigned i = 0; i < 6; ++i) pci.read(0, 20 + i, 1, 0x52 + i);
  }
  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  auto device = VirtioNet::create(pci, {.spare_bytes = 0});
  ASSERT_TRUE(device.ok());
  EXPECT_FALSE((*device)->modern());

  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  pci.write(0, 18, 1, 1).write(0, 18, 1, 3);
  pci.read(0, 0, 4, kOffered).write(0, 4, 4, kOffered);
  // Queue memory: 16 descriptors take three pages with their gap, then come 8 buffers of 2 KiB.
  pci.write(0, 14, 2, 0).read(0, 12, 2, 16).write(0, 14, 2, 0).write(0, 8, 4, 0x100000);
  pci.write(0, 14, 2, 1).read(0, 12, 2, 16).write(0, 14, 2, 1).write(0, 8, 4, 0x100000 + 3 + 5);
  pci.write(0, 18, 1, 7);  // DRIVER_OK without FEATURES_OK
  pci.write(0, 16, 2, 0);
  EXPECT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());

  pci.read(0, 26, 2, 0);
  EXPECT_EQ((*device)->link_state(), link::LinkState::down);
  pci.read(0, 26, 2, 1);
  EXPECT_EQ((*device)->link_state(), link::LinkState::up);
  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(joined(pci.violations), "");
}

TEST(VirtioNetBringUp, FindsLegacyConfigurationBehindTheMsixRegisters) {
  PciScript pci;
  pci.put_config32(0x00, 0x1000'1af4);
  pci.put_config32(0x10, 0xc001);
  pci.put_config16(0x06, 0x0010);
  pci.config[0x34] = 0x40;
  pci.config[0x40] = 0x11;         // MSI-X
  pci.put_config16(0x42, 0x8002);  // enabled
  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  pci.write(0, 18, 1, 1).write(0, 18, 1, 3).read(0, 0, 4, 0x20);
  for (int twice = 0; twice < 2; ++twice) {
    for (unsigned i = 0; i < 6; ++i) pci.read(0, 24 + i, 1, 0x52);
  }
  pci.write(0, 18, 1, 0).read(0, 18, 1, 0);
  EXPECT_TRUE(VirtioNet::create(pci, {}).ok());
  EXPECT_EQ(joined(pci.violations), "");
}

TEST(VirtioNetBringUp, KnowsItsDevicesByTheirIds) {
  VirtioNetModel modern({.interface = Interface::modern});
  VirtioNetModel legacy({.interface = Interface::legacy});
  EXPECT_TRUE(VirtioNet::probe(modern));
  EXPECT_TRUE(VirtioNet::probe(legacy));
  modern.put_config16(0x02, 0x1042);  // a block device
  EXPECT_FALSE(VirtioNet::probe(modern));
}

struct Failure {
  const char* name;
  void (*prepare)(VirtioNetModel&);
  const ErrorSite* site;
};

TEST(VirtioNetBringUp, LeavesTheDeviceResetWhenCreateFails) {
  const Failure failures[] = {
      {"unsettled", [](VirtioNetModel& m) { m.unsettled_reads = 1000; }, &err::virtio_bad_config},
      {"capability loop", [](VirtioNetModel& m) { m.config[0x41] = 0x40; },
       &err::virtio_no_interface},
      {"short window", [](VirtioNetModel& m) { m.put_config32(0x40 + 12, 0x30); },
       &err::virtio_no_interface},
      {"BAR 6", [](VirtioNetModel& m) { m.config[0x44] = 6; }, &err::virtio_no_interface},
  };
  for (const Failure& failure : failures) {
    SCOPED_TRACE(failure.name);
    VirtioNetModel model({.features = VirtioNetModel::kAllFeatures});
    failure.prepare(model);
    const auto device = VirtioNet::create(model, {});
    ASSERT_FALSE(device.ok());
    EXPECT_EQ(device.error(), *failure.site);
    EXPECT_EQ(model.status(), 0);
    EXPECT_FALSE(model.bus_master());
    EXPECT_EQ(model.dma_blocks(), 0u);
  }
}

TEST(VirtioNetBringUp, GivesUpOnADeviceThatDoesNotReset) {
  PciScript pci;
  make_modern(pci);
  pci.write(4, 0x14, 1, 0);
  for (unsigned i = 0; i < 20 + virtio::kResetWaitMs; ++i) pci.read(4, 0x14, 1, 0x0f);
  const auto device = VirtioNet::create(pci, {});
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error(), err::virtio_reset_timeout);
  EXPECT_TRUE(pci.finished());
  EXPECT_GE(pci.stalled_us, virtio::kResetWaitMs * 1000);
  EXPECT_LE(pci.stalled_us, virtio::kResetWaitMs * 1000 + 10'000);
}

TEST(VirtioNetBringUp, SaysWhenNothingAnswers) {
  PciScript pci;
  make_modern(pci);
  pci.write(4, 0x14, 1, 0);
  for (unsigned i = 0; i < 21; ++i) pci.read(4, 0x14, 1, 0xff);
  const auto device = VirtioNet::create(pci, {});
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error(), err::virtio_no_response);
  EXPECT_EQ(joined(pci.violations), "");
}

TEST(VirtioNetBringUp, LeavesTheDeviceResetWhenStartFails) {
  const Failure failures[] = {
      {"features", [](VirtioNetModel& m) { m.refuse_features = true; },
       &err::virtio_features_refused},
      {"no receive queue", [](VirtioNetModel& m) { m.queue(0).size_max = m.queue(0).size = 0; },
       &err::virtio_no_queue},
      {"no transmit queue", [](VirtioNetModel& m) { m.queue(1).size_max = m.queue(1).size = 0; },
       &err::virtio_no_queue},
      {"huge queue", [](VirtioNetModel& m) { m.queue(0).size_max = m.queue(0).size = 0x8001; },
       &err::virtio_bad_queue_size},
      {"no memory for the ring", [](VirtioNetModel& m) { m.allocations_left = 0; },
       &err::base_no_memory},
      {"no memory for buffers", [](VirtioNetModel& m) { m.allocations_left = 1; },
       &err::base_no_memory},
      {"no memory for the second ring", [](VirtioNetModel& m) { m.allocations_left = 2; },
       &err::base_no_memory},
      {"no memory for transmit slots", [](VirtioNetModel& m) { m.allocations_left = 3; },
       &err::base_no_memory},
      {"no memory for the third ring", [](VirtioNetModel& m) { m.allocations_left = 4; },
       &err::base_no_memory},
  };
  for (const Failure& failure : failures) {
    SCOPED_TRACE(failure.name);
    VirtioNetModel model({.features = VirtioNetModel::kAllFeatures});
    auto device = VirtioNet::create(model, {});
    ASSERT_TRUE(device.ok());
    failure.prepare(model);
    const auto started = (*device)->start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error(), *failure.site);
    EXPECT_EQ(model.status(), 0);
    EXPECT_FALSE(model.bus_master());
    EXPECT_EQ(model.dma_blocks(), 0u);
    EXPECT_EQ(joined(model.violations), "");
    EXPECT_EQ((*device)->link_state(), link::LinkState::down);
  }
}

TEST(VirtioNetBringUp, RefusesANotificationAddressOutsideOfItsWindow) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures, .notify_multiplier = 0x1000});
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  const auto started = (*device)->start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), err::virtio_bad_notify_address);
}

TEST(VirtioNetBringUp, RefusesAModernDeviceWithoutVersion1) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures & ~Feature::kVersion1});
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  const auto started = (*device)->start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), err::virtio_no_version_1);
}

TEST(VirtioNetBringUp, RefusesLegacyQueueMemoryThatThePageNumberCannotHold) {
  VirtioNetModel model({.interface = Interface::legacy, .features = VirtioNetModel::kAllFeatures});
  model.next_address = std::uint64_t{1} << 44;
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  const auto started = (*device)->start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), err::virtio_address_too_high);
}

TEST(VirtioNetBringUp, RoundsAModernSplitRingDownToAPowerOfTwo) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures, .receive_size = 300});
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_EQ(model.queue(0).size, 256);
  EXPECT_EQ(joined(model.violations), "");
}

TEST(VirtioNetBringUp, UsesTheAddressGivenWhenTheDeviceHasNone) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures & ~Feature::kMac});
  const auto without = VirtioNet::create(model, {});
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error(), err::virtio_no_mac);
  const wire::MacAddress own({0x02, 0, 0, 0, 0, 1});
  const auto device = VirtioNet::create(model, {.fallback_mac = own});
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mac(), own);
}

TEST(VirtioNetBringUp, RefusesAMulticastAddress) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures,
                        .mac = wire::MacAddress({0x01, 0, 0x5e, 0, 0, 1})});
  const auto device = VirtioNet::create(model, {});
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error(), err::virtio_no_mac);
}

struct Negotiation {
  const char* name;
  Interface interface;
  std::uint64_t offered;
  bool offloads;
  std::uint64_t expected;
};

TEST(VirtioNetBringUp, NegotiatesOnlyWhatGoesTogether) {
  constexpr std::uint64_t kTso = Feature::kGuestTso4 | Feature::kGuestTso6;
  constexpr std::uint64_t kAll = VirtioNetModel::kAllFeatures | Feature::kRingPacked;
  constexpr std::uint64_t kLow = 0xffffffff;
  constexpr std::uint64_t kUnknown = 1ull << 10 | 1ull << 19 | 1ull << 28 | 1ull << 38 | 1ull << 63;
  constexpr std::uint64_t kModern = kAll & ~Feature::kAnyLayout;
  constexpr std::uint64_t kFilter = Feature::kCtrlVq | Feature::kCtrlRx;
  const Negotiation cases[] = {
      {"all", Interface::modern, kAll, true, kModern},
      {"what is unknown stays off", Interface::modern, kAll | kUnknown, true, kModern},
      {"no offloads", Interface::modern, kAll, false, kModern & ~(kTso | Feature::kGuestCsum)},
      {"no partial checksums", Interface::modern, kAll & ~Feature::kGuestCsum, true,
       kModern & ~(kTso | Feature::kGuestCsum)},
      {"no mergeable buffers", Interface::modern, kAll & ~Feature::kMrgRxbuf, true,
       kModern & ~(kTso | Feature::kMrgRxbuf)},
      {"transitional is used as modern", Interface::transitional, kAll, true, kModern},
      {"legacy", Interface::legacy, kAll, true, kAll & kLow},
      {"legacy without ANY_LAYOUT", Interface::legacy, kAll & ~Feature::kAnyLayout, true,
       kAll & kLow & ~(kTso | Feature::kMrgRxbuf | Feature::kAnyLayout | kFilter)},
      {"no commands", Interface::modern, kAll & ~Feature::kCtrlVq & ~Feature::kCtrlRx, true,
       kModern & ~kFilter},
      {"no commands for a filter", Interface::modern, kAll & ~Feature::kCtrlRx, true,
       kModern & ~kFilter},
      {"no queue for commands", Interface::modern, kAll & ~Feature::kCtrlVq, true,
       kModern & ~kFilter},
  };
  for (const Negotiation& negotiation : cases) {
    SCOPED_TRACE(negotiation.name);
    VirtioNetModel model({.interface = negotiation.interface, .features = negotiation.offered});
    auto device = VirtioNet::create(model, {.receive_offloads = negotiation.offloads});
    ASSERT_TRUE(device.ok());
    ASSERT_TRUE((*device)->start().ok());
    EXPECT_EQ(model.driver_features(), negotiation.expected);
    EXPECT_EQ((*device)->capabilities().receive_merge, (negotiation.expected & kTso) != 0);
    EXPECT_EQ(joined(model.violations), "");
  }
}

TEST(VirtioNetBringUp, IgnoresAnMtuBelowTheMinimum) {
  VirtioNetModel model({.features = VirtioNetModel::kAllFeatures, .mtu = 60});
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mtu(), 1500);
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_EQ(model.driver_features() & Feature::kMtu, 0u);
}

TEST(VirtioNetBringUp, ReadsTheAddressAgainWhileTheConfigurationChanges) {
  for (const Interface interface : {Interface::modern, Interface::legacy}) {
    VirtioNetModel model({.interface = interface, .features = VirtioNetModel::kAllFeatures});
    model.unsettled_reads = 5;
    const auto device = VirtioNet::create(model, {});
    ASSERT_TRUE(device.ok());
    EXPECT_EQ((*device)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  }
}

}  // namespace
}  // namespace kedge::driver
