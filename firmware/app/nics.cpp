// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/nics.h"

#include "link/link_errors.h"

namespace kedge::app {
namespace {

constexpr std::uint16_t kDefaultMtu = 1500;

}  // namespace

Result<void> NicDevice::claim() noexcept {
  KEDGE_CHECK(through_firmware_ ? inventory_.claim_through_firmware(nic_) : inventory_.claim(nic_));
  return {};
}

std::string_view NicDevice::driver_name() const noexcept {
  return nic_.device != nullptr ? nic_.device->driver_name() : "unclaimed";
}

std::uint16_t NicDevice::mtu() const noexcept {
  return nic_.device != nullptr ? nic_.device->mtu() : kDefaultMtu;
}

link::Capabilities NicDevice::capabilities() const noexcept {
  return nic_.device != nullptr ? nic_.device->capabilities() : link::Capabilities{};
}

link::LinkState NicDevice::link_state() noexcept {
  return nic_.device != nullptr ? nic_.device->link_state() : link::LinkState::unknown;
}

const link::Statistics& NicDevice::statistics() const noexcept {
  return nic_.device != nullptr ? nic_.device->statistics() : last_statistics_;
}

Result<void> NicDevice::start() noexcept {
  KEDGE_CHECK(claim());
  const Result<void> started = nic_.device->start();
  if (started.ok() || nic_.through_firmware) return started;
  // Our own driver cannot make it run: the firmware's may.
  if (!inventory_.claim_through_firmware(nic_)) return started;
  return nic_.device->start();
}

void NicDevice::stop() noexcept {
  if (nic_.device == nullptr) return;
  last_statistics_ = nic_.device->statistics();
  nic_.device->stop();
}

void NicDevice::quiesce() noexcept {
  if (nic_.device != nullptr) nic_.device->quiesce();
}

std::uint32_t NicDevice::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (nic_.device == nullptr) return 0;
  const std::uint32_t count = nic_.device->poll(receiver, budget);
  if (count != 0) clock_.note_activity();
  return count;
}

Result<void> NicDevice::transmit(std::span<const ByteView> pieces,
                                 link::TransmitInfo info) noexcept {
  if (nic_.device == nullptr) return fail(err::link_stopped);
  clock_.note_activity();
  return nic_.device->transmit(pieces, info);
}

}  // namespace kedge::app
