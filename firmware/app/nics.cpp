// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/nics.h"

#include "link/link_errors.h"

namespace kedge::app {
namespace {

constexpr std::uint16_t kDefaultMtu = 1500;

}  // namespace

std::string_view ClaimedDevice::driver_name() const noexcept {
  return device() != nullptr ? device()->driver_name() : "unclaimed";
}

std::uint16_t ClaimedDevice::mtu() const noexcept {
  return device() != nullptr ? device()->mtu() : kDefaultMtu;
}

link::Capabilities ClaimedDevice::capabilities() const noexcept {
  return device() != nullptr ? device()->capabilities() : link::Capabilities{};
}

link::LinkState ClaimedDevice::link_state() noexcept {
  return device() != nullptr ? device()->link_state() : link::LinkState::unknown;
}

const link::Statistics& ClaimedDevice::statistics() const noexcept {
  return device() != nullptr ? device()->statistics() : last_statistics_;
}

Result<void> ClaimedDevice::start() noexcept {
  KEDGE_CHECK(claim());
  set_receive_filter(*filter_);
  return device()->start();
}

void ClaimedDevice::set_receive_filter(const link::ReceiveFilter& filter) noexcept {
  filter_ = filter.promiscuous ? &link::kReceiveEverything : &link::kReceiveAllGroups;
  if (device() != nullptr) device()->set_receive_filter(*filter_);
}

void ClaimedDevice::stop() noexcept {
  if (device() == nullptr) return;
  last_statistics_ = device()->statistics();
  device()->stop();
}

void ClaimedDevice::quiesce() noexcept {
  if (device() != nullptr) device()->quiesce();
}

std::uint32_t ClaimedDevice::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (device() == nullptr) return 0;
  const std::uint32_t count = device()->poll(receiver, budget);
  if (count != 0) clock_.note_activity();
  return count;
}

Result<void> ClaimedDevice::transmit(std::span<const ByteView> pieces,
                                     link::TransmitInfo info) noexcept {
  if (device() == nullptr) return fail(err::link_stopped);
  clock_.note_activity();
  return device()->transmit(pieces, info);
}

Result<void> NicDevice::claim() noexcept {
  KEDGE_CHECK(through_firmware_ ? inventory_.claim_through_firmware(nic_) : inventory_.claim(nic_));
  return {};
}

Result<void> NicDevice::start() noexcept {
  const Result<void> started = ClaimedDevice::start();
  if (started.ok() || nic_.device == nullptr || nic_.through_firmware) return started;
  // Our own driver cannot make it run: the firmware's may.
  if (!inventory_.claim_through_firmware(nic_)) return started;
  return nic_.device->start();
}

}  // namespace kedge::app
