// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers, feature bits and layouts of VIRTIO 1.2 over PCI and of its network device. Section
// numbers in this folder are those of "Virtual I/O Device (VIRTIO) Version 1.2", CS01.
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::virtio {

// ---- PCI capabilities (4.1.4) ----
inline constexpr std::uint16_t kPciStatus = 0x06;
inline constexpr std::uint16_t kPciStatusCapabilities = 1u << 4;
inline constexpr std::uint16_t kPciCapabilityPointer = 0x34;
inline constexpr std::uint8_t kPciCapabilityVendor = 0x09;
inline constexpr std::uint8_t kPciCapabilityMsix = 0x11;
/// Message control is at 2 of the MSI-X capability.
inline constexpr hw::Field<std::uint16_t> kMsixEnable{15, 1};

/// struct virtio_pci_cap, offsets from the capability (4.1.4).
struct PciCap {
  static constexpr std::uint8_t kLength = 2;
  static constexpr std::uint8_t kType = 3;
  static constexpr std::uint8_t kBar = 4;
  static constexpr std::uint8_t kOffset = 8;
  static constexpr std::uint8_t kWindowLength = 12;
  static constexpr std::uint8_t kNotifyMultiplier = 16;  // only VIRTIO_PCI_CAP_NOTIFY_CFG
  static constexpr std::uint8_t kSize = 16;
  static constexpr std::uint8_t kNotifySize = 20;

  static constexpr std::uint8_t kCommonCfg = 1;
  static constexpr std::uint8_t kNotifyCfg = 2;
  static constexpr std::uint8_t kIsrCfg = 3;
  static constexpr std::uint8_t kDeviceCfg = 4;
  static constexpr std::uint8_t kPciCfg = 5;
};

/// struct virtio_pci_common_cfg (4.1.4.3).
struct CommonCfg {
  static constexpr hw::Register<std::uint32_t> device_feature_select{0x00};
  static constexpr hw::Register<std::uint32_t> device_feature{0x04};
  static constexpr hw::Register<std::uint32_t> driver_feature_select{0x08};
  static constexpr hw::Register<std::uint32_t> driver_feature{0x0c};
  static constexpr hw::Register<std::uint16_t> config_msix_vector{0x10};
  static constexpr hw::Register<std::uint16_t> num_queues{0x12};
  static constexpr hw::Register<std::uint8_t> device_status{0x14};
  static constexpr hw::Register<std::uint8_t> config_generation{0x15};
  static constexpr hw::Register<std::uint16_t> queue_select{0x16};
  static constexpr hw::Register<std::uint16_t> queue_size{0x18};
  static constexpr hw::Register<std::uint16_t> queue_msix_vector{0x1a};
  static constexpr hw::Register<std::uint16_t> queue_enable{0x1c};
  static constexpr hw::Register<std::uint16_t> queue_notify_off{0x1e};
  static constexpr hw::Register<std::uint32_t> queue_desc_lo{0x20};
  static constexpr hw::Register<std::uint32_t> queue_desc_hi{0x24};
  static constexpr hw::Register<std::uint32_t> queue_driver_lo{0x28};
  static constexpr hw::Register<std::uint32_t> queue_driver_hi{0x2c};
  static constexpr hw::Register<std::uint32_t> queue_device_lo{0x30};
  static constexpr hw::Register<std::uint32_t> queue_device_hi{0x34};
  static constexpr std::uint32_t kSize = 0x38;
};

/// The legacy interface's header in BAR 0 (4.1.4.10). Device configuration follows at 20, or at 24
/// while MSI-X is enabled.
struct LegacyCfg {
  static constexpr hw::Register<std::uint32_t> device_features{0x00};
  static constexpr hw::Register<std::uint32_t> driver_features{0x04};
  static constexpr hw::Register<std::uint32_t> queue_address{0x08};  // in pages of 4096 bytes
  static constexpr hw::Register<std::uint16_t> queue_size{0x0c};
  static constexpr hw::Register<std::uint16_t> queue_select{0x0e};
  static constexpr hw::Register<std::uint16_t> queue_notify{0x10};
  static constexpr hw::Register<std::uint8_t> device_status{0x12};
  static constexpr hw::Register<std::uint8_t> isr_status{0x13};
  static constexpr std::uint32_t kDeviceConfig = 20;
  static constexpr std::uint32_t kDeviceConfigMsix = 24;
  static constexpr unsigned kPageShift = 12;
  static constexpr std::uint32_t kSize = 0x40;
};

/// Device status bits (2.1).
struct Status {
  static constexpr std::uint8_t kAcknowledge = 1;
  static constexpr std::uint8_t kDriver = 2;
  static constexpr std::uint8_t kDriverOk = 4;
  static constexpr std::uint8_t kFeaturesOk = 8;
  static constexpr std::uint8_t kNeedsReset = 64;
  static constexpr std::uint8_t kFailed = 128;
  static constexpr std::uint8_t kAbsent = 0xff;  // nothing answers
};

/// Feature bits: 0-23 of the network device (5.1.3), the others of any device (6).
struct Feature {
  static constexpr std::uint64_t kCsum = 1ull << 0;
  static constexpr std::uint64_t kGuestCsum = 1ull << 1;
  static constexpr std::uint64_t kMtu = 1ull << 3;
  static constexpr std::uint64_t kMac = 1ull << 5;
  static constexpr std::uint64_t kGuestTso4 = 1ull << 7;
  static constexpr std::uint64_t kGuestTso6 = 1ull << 8;
  static constexpr std::uint64_t kMrgRxbuf = 1ull << 15;
  static constexpr std::uint64_t kStatus = 1ull << 16;
  static constexpr std::uint64_t kCtrlVq = 1ull << 17;
  static constexpr std::uint64_t kCtrlRx = 1ull << 18;
  static constexpr std::uint64_t kAnyLayout = 1ull << 27;
  static constexpr std::uint64_t kEventIdx = 1ull << 29;
  static constexpr std::uint64_t kVersion1 = 1ull << 32;
  static constexpr std::uint64_t kAccessPlatform = 1ull << 33;
  static constexpr std::uint64_t kRingPacked = 1ull << 34;
  static constexpr std::uint64_t kOrderPlatform = 1ull << 36;
};

/// struct virtio_net_config (5.1.4).
struct NetConfig {
  static constexpr std::uint32_t kMac = 0;
  static constexpr std::uint32_t kStatus = 6;
  static constexpr std::uint32_t kMtu = 10;
  static constexpr std::uint16_t kStatusLinkUp = 1;
  static constexpr std::uint16_t kMtuMin = 68;  // 5.1.4.1
};

inline constexpr std::uint16_t kReceiveQueue = 0;   // receiveq1 (5.1.2)
inline constexpr std::uint16_t kTransmitQueue = 1;  // transmitq1
inline constexpr std::uint16_t kControlQueue = 2;   // controlq where there is one pair of queues
inline constexpr std::uint16_t kQueues = 3;

inline constexpr std::uint32_t kRingSizeMax = 32768;  // 2.7, 2.8.10.1

}  // namespace kedge::driver::virtio
