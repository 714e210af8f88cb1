// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/virtio_net.h"

#include <algorithm>
#include <new>

#include "base/log.h"
#include "driver/common/transmit_frame.h"
#include "link/link_errors.h"

namespace kedge::driver {

using virtio::Fault;
using virtio::Feature;
using virtio::NetConfig;
using virtio::Status;

namespace {

constexpr std::string_view kTag = "virtio-net";
constexpr std::uint16_t kMtuDefault = 1500;
/// Frames that may wait in the ring while poll() hands received ones to the stack.
constexpr std::uint32_t kTransmitBatchMax = 16;

/// Accepted whenever they are offered.
constexpr std::uint64_t kPlainFeatures = Feature::kCsum | Feature::kMtu | Feature::kMac |
                                         Feature::kMrgRxbuf | Feature::kStatus | Feature::kEventIdx;
/// For the commands that set a filter; which has to know the address, so the device has one.
constexpr std::uint64_t kFilterFeatures = Feature::kCtrlVq | Feature::kCtrlRx;
constexpr std::uint64_t kFilterNeeds = kFilterFeatures | Feature::kMac;
/// The legacy interface has only 32 feature bits.
constexpr std::uint64_t kLegacyFeatures = Feature::kAnyLayout;
/// DMA memory is mapped for the device by the port, and our barriers reach real devices, so both
/// PLATFORM bits hold (6.1).
constexpr std::uint64_t kModernFeatures =
    Feature::kVersion1 | Feature::kAccessPlatform | Feature::kOrderPlatform | Feature::kRingPacked;

}  // namespace

bool VirtioNet::probe(port::PciDevice& pci) noexcept {
  const PciId id{pci.config_read16(0x00), pci.config_read16(0x02)};
  return std::ranges::find(kVirtioNetIds, id) != std::end(kVirtioNetIds);
}

Result<std::unique_ptr<VirtioNet>> VirtioNet::create(port::PciDevice& pci,
                                                     const Options& options) noexcept {
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(auto transport, virtio::find_transport(pci));
  std::unique_ptr<VirtioNet> device(new (std::nothrow)
                                        VirtioNet(pci, std::move(transport), options));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

VirtioNet::~VirtioNet() {
  stop();
}

/// Reads what must be known before start(): 3.1.1 step 4 allows that before features are accepted.
Result<void> VirtioNet::identify() noexcept {
  KEDGE_CHECK(virtio::reset(*transport_, pci_, virtio::kResetWaitMs));
  status_ = 0;
  set_status(Status::kAcknowledge);
  set_status(Status::kDriver);
  const Result<void> read = read_identity();
  KEDGE_CHECK(virtio::reset(*transport_, pci_, virtio::kResetWaitMs));
  return read;
}

Result<void> VirtioNet::read_identity() noexcept {
  const std::uint64_t offered = transport_->device_features();
  mac_ = options_.fallback_mac;
  if ((offered & Feature::kMac) != 0) {
    std::array<std::byte, wire::MacAddress::kSize> octets{};
    KEDGE_CHECK(transport_->read_config(NetConfig::kMac, octets));
    ByteReader reader(octets);
    mac_ = wire::MacAddress::read(reader);
  }
  if (mac_.is_zero() || mac_.is_multicast()) return fail(err::virtio_no_mac);
  mtu_ = kMtuDefault;
  if ((offered & Feature::kMtu) != 0) {
    const std::uint16_t mtu = transport_->read_config16(NetConfig::kMtu);
    if (mtu >= NetConfig::kMtuMin) mtu_ = mtu;
  }
  return {};
}

void VirtioNet::set_status(std::uint8_t bits) noexcept {
  status_ |= bits;
  transport_->set_status(status_);
}

std::uint64_t VirtioNet::choose_features(std::uint64_t offered) const noexcept {
  std::uint64_t wanted =
      kPlainFeatures | kFilterFeatures | (transport_->modern() ? kModernFeatures : kLegacyFeatures);
  if (options_.receive_offloads) {
    wanted |= Feature::kGuestCsum | Feature::kGuestTso4 | Feature::kGuestTso6;
  }
  std::uint64_t chosen = offered & wanted;
  // 5.1.4.1: an MTU below the minimum is no MTU.
  if ((chosen & Feature::kMtu) != 0 &&
      transport_->read_config16(NetConfig::kMtu) < NetConfig::kMtuMin) {
    chosen &= ~Feature::kMtu;
  }
  // 5.1.6.6: a header in a descriptor of its own does not go with mergeable buffers; and commands
  // would come in more pieces.
  if (!transport_->modern() && (chosen & Feature::kAnyLayout) == 0) {
    chosen &= ~(Feature::kMrgRxbuf | kFilterFeatures);
  }
  if (!filters_ || (chosen & kFilterNeeds) != kFilterNeeds) chosen &= ~kFilterFeatures;
  // 5.1.3.1: segments are merged only where checksums may be partial. And without mergeable buffers
  // each would have to take 64 KiB.
  if ((chosen & Feature::kGuestCsum) == 0 || (chosen & Feature::kMrgRxbuf) == 0) {
    chosen &= ~(Feature::kGuestTso4 | Feature::kGuestTso6);
  }
  return chosen;
}

std::uint32_t VirtioNet::frame_bytes_max() const noexcept {
  return mtu_ + kEthernetHeader + kVlanTag;
}

Result<void> VirtioNet::negotiate() noexcept {
  const std::uint64_t offered = transport_->device_features();
  if (transport_->modern() && (offered & Feature::kVersion1) == 0) {
    return fail(err::virtio_no_version_1);
  }
  negotiated_ = {choose_features(offered), transport_->modern()};
  transport_->set_driver_features(negotiated_.features);
  if (!transport_->modern()) return {};  // 3.1.2: no FEATURES_OK
  set_status(Status::kFeaturesOk);
  if ((transport_->status() & Status::kFeaturesOk) == 0) return fail(err::virtio_features_refused);
  return {};
}

/// 3.1.1, in its order.
Result<void> VirtioNet::bring_up() noexcept {
  KEDGE_CHECK(virtio::reset(*transport_, pci_, virtio::kResetWaitMs));
  status_ = 0;
  set_status(Status::kAcknowledge);
  set_status(Status::kDriver);
  KEDGE_CHECK(negotiate());
  KEDGE_CHECK(pci_.enable(true));
  KEDGE_CHECK(
      receive_.create(pci_, *transport_, negotiated_,
                      {.frame_bytes_max = frame_bytes_max(), .spare_bytes = options_.spare_bytes}));
  KEDGE_CHECK(transmit_.create(pci_, *transport_, negotiated_, frame_bytes_max()));
  if (negotiated_.has(Feature::kCtrlRx) && !control_.create(pci_, *transport_, negotiated_).ok()) {
    control_.destroy();  // and so no command will succeed
  }
  receive_.refill();
  set_status(Status::kDriverOk);
  // The device did not look at the ring before DRIVER_OK, and no notification was allowed.
  transport_->notify(virtio::kReceiveQueue);
  receive_.connect(transport_.get());
  return {};
}

/// True as well where the device has no filter. False: no start goes with commands from now on.
bool VirtioNet::apply_filter() noexcept {
  if (!negotiated_.has(Feature::kCtrlRx)) return true;
  filters_ = control_.set_filter(pci_, *transport_, filter_);
  return filters_;
}

/// Who fails a command may hold back frames that are wanted now, or do so when it carries the
/// command out at last. It is stopped like one that breaks the rules of its rings.
void VirtioNet::set_receive_filter(const link::ReceiveFilter& filter) noexcept {
  filter_ = filter;
  if (state_ == State::running && !apply_filter()) give_up(Fault::command_failed);
}

Result<void> VirtioNet::start() noexcept {
  if (state_ == State::running) return {};
  stop();  // what a broken device left
  state_ = State::broken;
  do {
    if (auto up = bring_up(); !up.ok()) {
      set_status(Status::kFailed);
      stop();
      return std::move(up).context("starting the virtio network device");
    }
    // A device that fails a command starts again without any, and lets everything in.
  } while (!apply_filter());
  state_ = State::running;
  log(LogLevel::debug, kTag, "{} interface, {} ring, features {:x}, MTU {}",
      modern() ? "modern" : "legacy", negotiated_.packed() ? "packed" : "split",
      negotiated_.features, mtu_);
  return {};
}

/// Ends all DMA: reset first, and no bus mastering even when the reset fails.
void VirtioNet::silence() noexcept {
  receive_.connect(nullptr);
  const Result<void> done = virtio::reset(*transport_, pci_, virtio::kQuiesceWaitMs);
  const Result<void> off = pci_.enable(false);
  if (!done.ok() && !off.ok()) {
    log(LogLevel::error, kTag, "the device can neither be reset nor taken off the bus");
  }
}

void VirtioNet::stop() noexcept {
  KEDGE_ASSERT(!polling_);
  if (state_ == State::stopped) return;
  silence();
  state_ = State::stopped;
  fault_ = Fault::none;
  receive_.destroy();
  transmit_.destroy();
  control_.destroy();
}

void VirtioNet::quiesce() noexcept {
  if (state_ != State::running) return;
  // The queues stay as they are, so that a poll() which this interrupts ends well.
  state_ = State::broken;
  receive_.connect(nullptr);
  (void)virtio::reset(*transport_, pci_, virtio::kQuiesceWaitMs);
}

void VirtioNet::give_up(Fault fault) noexcept {
  if (state_ != State::running) return;
  state_ = State::broken;
  fault_ = fault;
  silence();
  log(LogLevel::error, kTag, "{} (rule {})", err::virtio_broken.text,
      static_cast<std::uint32_t>(fault));
}

link::Capabilities VirtioNet::capabilities() const noexcept {
  return {.receive_checksum = negotiated_.has(Feature::kGuestCsum),
          .receive_merge = negotiated_.has(Feature::kGuestTso4 | Feature::kGuestTso6),
          .transmit_checksum = negotiated_.has(Feature::kCsum),
          .receive_buffers = receive_.buffers()};
}

link::LinkState VirtioNet::link_state() noexcept {
  if (state_ != State::running) return link::LinkState::down;
  if (!negotiated_.has(Feature::kStatus)) return link::LinkState::up;  // 5.1.4.2
  const std::uint16_t status = transport_->read_config16(NetConfig::kStatus);
  return (status & NetConfig::kStatusLinkUp) != 0 ? link::LinkState::up : link::LinkState::down;
}

std::uint32_t VirtioNet::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (state_ != State::running || polling_) return 0;
  polling_ = true;
  const std::uint32_t delivered = receive_.poll(receiver, budget, statistics_);
  if (!transmit_.idle()) transmit_.recycle();
  polling_ = false;
  if (receive_.fault() != Fault::none) give_up(receive_.fault());
  flush_transmit();
  return delivered;
}

void VirtioNet::flush_transmit() noexcept {
  if (transmit_.fault() != Fault::none) give_up(transmit_.fault());
  if (state_ != State::running || transmit_.unpublished() == 0) return;
  if (transmit_.publish()) transport_->notify(virtio::kTransmitQueue);
}

Result<void> VirtioNet::transmit(std::span<const ByteView> pieces,
                                 link::TransmitInfo info) noexcept {
  if (state_ == State::broken && fault_ != Fault::none) {
    return fail(err::virtio_broken, static_cast<std::uint32_t>(fault_));
  }
  if (state_ != State::running) return fail(err::link_stopped);
  const Result<void> added = transmit_.add(pieces, info, statistics_);
  // What poll() delivers often makes the stack answer: those answers leave together.
  if (!polling_ || !added.ok() || transmit_.unpublished() >= kTransmitBatchMax) flush_transmit();
  return added;
}

Result<std::unique_ptr<link::Device>> create_virtio_net(port::PciDevice& pci,
                                                        Consumer consumer) noexcept {
  VirtioNet::Options options;
  if (consumer == Consumer::simple_network) {
    // Another stack takes frames of the MTU only, and hands each back before it gets the next.
    options.receive_offloads = false;
    options.spare_bytes = 0;
  }
  KEDGE_TRY(auto device, VirtioNet::create(pci, options));
  return std::unique_ptr<link::Device>(std::move(device));
}

}  // namespace kedge::driver
