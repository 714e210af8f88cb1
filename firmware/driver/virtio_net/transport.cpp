// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/transport.h"

#include <new>
#include <optional>

#include "driver/virtio_net/legacy_transport.h"
#include "driver/virtio_net/modern_transport.h"

namespace kedge::driver::virtio {

namespace {

constexpr std::uint32_t kFastPolls = 20;
constexpr std::uint32_t kFastPollUs = 50;

constexpr std::uint8_t kBarCount = 6;
/// Capabilities lie in 192 bytes, four each at least; more is a loop.
constexpr int kCapabilitiesMax = 48;

struct Capabilities {
  std::optional<port::BarWindow> common;
  std::optional<port::BarWindow> notify;
  std::optional<port::BarWindow> device;
  std::uint32_t notify_multiplier = 0;
  bool msix_enabled = false;
};

/// 4.1.4.1: of each type the first that the driver can use counts, unknown types and BARs beyond 5
/// are ignored.
void add_virtio_capability(port::PciDevice& pci, std::uint8_t at, Capabilities& found) noexcept {
  const auto field = [at](std::uint8_t offset) { return static_cast<std::uint16_t>(at + offset); };
  const std::uint8_t length = pci.config_read8(field(PciCap::kLength));
  const std::uint8_t bar = pci.config_read8(field(PciCap::kBar));
  if (length < PciCap::kSize || bar >= kBarCount) return;
  const port::BarWindow window(pci, bar, pci.config_read32(field(PciCap::kOffset)),
                               pci.config_read32(field(PciCap::kWindowLength)));
  switch (pci.config_read8(field(PciCap::kType))) {
    case PciCap::kCommonCfg:
      if (!found.common && window.length() >= CommonCfg::kSize) found.common = window;
      break;
    case PciCap::kNotifyCfg:
      if (!found.notify && length >= PciCap::kNotifySize && window.length() >= 2) {
        found.notify = window;
        found.notify_multiplier = pci.config_read32(field(PciCap::kNotifyMultiplier));
      }
      break;
    case PciCap::kDeviceCfg:
      if (!found.device) found.device = window;
      break;
    default:
      break;
  }
}

Capabilities find_capabilities(port::PciDevice& pci) noexcept {
  Capabilities found;
  if ((pci.config_read16(kPciStatus) & kPciStatusCapabilities) == 0) return found;
  std::uint8_t at = pci.config_read8(kPciCapabilityPointer) & 0xfc;
  for (int count = 0; at >= 0x40 && count < kCapabilitiesMax; ++count) {
    const std::uint8_t id = pci.config_read8(at);
    if (id == kPciCapabilityVendor && at <= 0x100 - PciCap::kNotifySize) {
      add_virtio_capability(pci, at, found);
    } else if (id == kPciCapabilityMsix) {
      found.msix_enabled =
          kMsixEnable.get(pci.config_read16(static_cast<std::uint16_t>(at + 2))) != 0;
    }
    at = pci.config_read8(static_cast<std::uint16_t>(at + 1)) & 0xfc;
  }
  return found;
}

constexpr std::uint16_t kPciDeviceId = 0x02;
constexpr std::uint16_t kPciRevision = 0x08;
constexpr std::uint16_t kTransitionalIdMax = 0x103f;  // 4.1.2
constexpr std::uint16_t kPciBar0 = 0x10;
constexpr std::uint32_t kPciBarIo = 1;

/// 4.1.2.3: a transitional device has revision 0; its legacy registers are in BAR 0, in I/O space.
bool has_legacy_interface(port::PciDevice& pci) noexcept {
  return pci.config_read16(kPciDeviceId) <= kTransitionalIdMax &&
         pci.config_read8(kPciRevision) == 0 && (pci.config_read32(kPciBar0) & kPciBarIo) != 0;
}

}  // namespace

Result<std::unique_ptr<Transport>> find_transport(port::PciDevice& pci) noexcept {
  const Capabilities found = find_capabilities(pci);
  std::unique_ptr<Transport> transport;
  if (found.common && found.notify && found.device) {
    transport.reset(new (std::nothrow) ModernTransport(*found.common, *found.notify, *found.device,
                                                       found.notify_multiplier));
  } else if (has_legacy_interface(pci)) {
    transport.reset(new (std::nothrow) LegacyTransport(
        port::BarWindow(pci, 0, 0, LegacyCfg::kSize),
        found.msix_enabled ? LegacyCfg::kDeviceConfigMsix : LegacyCfg::kDeviceConfig));
  } else {
    return fail(err::virtio_no_interface);
  }
  if (transport == nullptr) return fail(err::base_no_memory);
  return transport;
}

Result<void> reset(Transport& transport, port::PciDevice& pci, std::uint32_t wait_ms) noexcept {
  transport.set_status(0);
  std::uint8_t status = 0;
  for (std::uint32_t turn = 0; turn < kFastPolls + wait_ms; ++turn) {
    status = transport.status();
    if (status == 0) return {};
    if (status == Status::kAbsent && turn >= kFastPolls) return fail(err::virtio_no_response);
    pci.stall_us(turn < kFastPolls ? kFastPollUs : 1000);
  }
  return fail(err::virtio_reset_timeout, status);
}

}  // namespace kedge::driver::virtio
