// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers, commands and shared structures of vmxnet3, interface revision 1. The names are those
// of VMware's interface definitions without their prefix.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::vmxnet3 {

/// BAR 0, "PT": what is written in operation. The first of each kind's queues.
inline constexpr std::uint8_t kPassThroughBar = 0;
struct PassThrough {
  static constexpr hw::Register<std::uint32_t> IMR{0x000};     // 1: interrupt 0 is masked
  static constexpr hw::Register<std::uint32_t> TXPROD{0x600};  // next transmit descriptor
  static constexpr hw::Register<std::uint32_t> RXPROD{0x800};  // next receive descriptor, ring 0
  static constexpr std::uint32_t kSize = 0x1000;
};

/// BAR 1, "VD": configuration.
inline constexpr std::uint8_t kVirtualDeviceBar = 1;
struct VirtualDevice {
  static constexpr hw::Register<std::uint32_t> VRRS{0x00};  // device revisions: report, select
  static constexpr hw::Register<std::uint32_t> UVRS{0x08};  // UPT versions: report, select
  static constexpr hw::Register<std::uint32_t> DSAL{0x10};  // address of DriverShared
  static constexpr hw::Register<std::uint32_t> DSAH{0x18};
  static constexpr hw::Register<std::uint32_t> CMD{0x20};  // reading gives the command's answer
  static constexpr hw::Register<std::uint32_t> MACL{0x28};
  static constexpr hw::Register<std::uint32_t> MACH{0x30};
  static constexpr hw::Register<std::uint32_t> ICR{0x38};
  static constexpr hw::Register<std::uint32_t> ECR{0x40};  // acknowledges events
  static constexpr std::uint32_t kSize = 0x1000;
};
inline constexpr std::uint32_t kRevision1 = 1;  // bit of VRRS and of UVRS
inline constexpr std::uint32_t kAbsent = 0xffffffff;

struct Command {
  static constexpr std::uint32_t kActivateDev = 0xcafe0000;  // answers 0 when it worked
  static constexpr std::uint32_t kQuiesceDev = 0xcafe0001;
  static constexpr std::uint32_t kResetDev = 0xcafe0002;
  static constexpr std::uint32_t kUpdateRxMode = 0xcafe0003;
  static constexpr std::uint32_t kUpdateMacFilters = 0xcafe0004;
  static constexpr std::uint32_t kGetLink = 0xf00d0002;  // bit 0: up; 31..16: Mbit/s
};
inline constexpr std::uint32_t kLinkUp = 1;

/// Bits of DriverShared::ecr.
struct Event {
  static constexpr std::uint32_t kReceiveQueueError = 1u << 0;
  static constexpr std::uint32_t kTransmitQueueError = 1u << 1;
  static constexpr std::uint32_t kLink = 1u << 2;
};

/// Rings begin at multiples of this and have multiples of kRingSizeStep entries.
inline constexpr std::size_t kRingAlign = 512;
inline constexpr std::uint32_t kRingSizeStep = 32;
/// Alignment of DriverShared and of the queue descriptors.
inline constexpr std::size_t kSharedAlign = 128;

struct DriverShared {
  static constexpr std::uint32_t kMagic = 0xbabefee1;
  static constexpr std::uint32_t kGos64Bit = 2;      // gos, bits 1..0
  static constexpr std::uint32_t kGosPxe = 5u << 2;  // gos, bits 5..2: the kind of guest
  static constexpr std::uint64_t kRxChecksum = 1;    // upt_features: UPT1_F_RXCSUM
  static constexpr std::uint32_t kDisableAll = 1;    // intr_ctrl: VMXNET3_IC_DISABLE_ALL
  static constexpr std::uint32_t kRxUnicast = 1;     // rx_mode
  static constexpr std::uint32_t kRxMulticast = 2;
  static constexpr std::uint32_t kRxBroadcast = 4;
  static constexpr std::uint32_t kRxAllMulticast = 8;
  static constexpr std::uint32_t kRxPromiscuous = 16;

  std::uint32_t magic;
  std::uint32_t pad0;
  // Vmxnet3_MiscConf
  std::uint32_t driver_version;
  std::uint32_t gos;
  std::uint32_t revisions;  // that the driver knows, bit 0: 1
  std::uint32_t upt_versions;
  std::uint64_t upt_features;
  std::uint64_t driver_data;
  std::uint64_t queue_descriptors;
  std::uint32_t driver_data_bytes;
  std::uint32_t queue_descriptor_bytes;
  std::uint32_t mtu;
  std::uint16_t rx_pieces_max;
  std::uint8_t tx_queues;
  std::uint8_t rx_queues;
  std::uint32_t reserved0[4];
  // Vmxnet3_IntrConf
  std::uint8_t auto_mask;
  std::uint8_t interrupts;
  std::uint8_t event_interrupt;
  std::uint8_t moderation_levels[25];
  std::uint32_t intr_ctrl;
  std::uint32_t reserved1[2];
  // Vmxnet3_RxFilterConf
  std::uint32_t rx_mode;
  std::uint16_t multicast_table_bytes;
  std::uint16_t pad1;
  std::uint64_t multicast_table;
  std::uint32_t vlan_table[128];  // bit set: frames of that VLAN pass
  // Three Vmxnet3_VariableLenConfDesc: RSS, power management, plug-in
  std::uint64_t variable[6];
  std::uint32_t ecr;
  std::uint32_t reserved2[5];
};
static_assert(offsetof(DriverShared, upt_features) == 24);
static_assert(offsetof(DriverShared, mtu) == 56);
static_assert(offsetof(DriverShared, auto_mask) == 80);
static_assert(offsetof(DriverShared, intr_ctrl) == 108);
static_assert(offsetof(DriverShared, rx_mode) == 120);
static_assert(offsetof(DriverShared, vlan_table) == 136);
static_assert(offsetof(DriverShared, variable) == 648);
static_assert(offsetof(DriverShared, ecr) == 696);
static_assert(sizeof(DriverShared) == 720);

struct TxQueueDesc {
  std::uint32_t deferred;
  std::uint32_t threshold;
  std::uint64_t reserved0;
  std::uint64_t ring;
  std::uint64_t data_ring;
  std::uint64_t completion_ring;
  std::uint64_t driver_data;
  std::uint64_t reserved1;
  std::uint32_t ring_entries;
  std::uint32_t data_ring_entries;
  std::uint32_t completion_ring_entries;
  std::uint32_t driver_data_bytes;
  std::uint8_t interrupt;
  std::uint8_t pad0[7];
  std::uint8_t stopped;  // UPT1 queue status
  std::uint8_t pad1[3];
  std::uint32_t error;
  std::uint64_t statistics[10];
  std::uint8_t pad2[88];
};
static_assert(offsetof(TxQueueDesc, ring_entries) == 56);
static_assert(offsetof(TxQueueDesc, stopped) == 80);
static_assert(sizeof(TxQueueDesc) == 256);

struct RxQueueDesc {
  std::uint8_t update_rx_prod;  // the device wants to be told by RXPROD
  std::uint8_t pad0[7];
  std::uint64_t reserved0;
  std::uint64_t ring[2];
  std::uint64_t completion_ring;
  std::uint64_t driver_data;
  std::uint64_t data_ring;
  std::uint32_t ring_entries[2];
  std::uint32_t completion_ring_entries;
  std::uint32_t driver_data_bytes;
  std::uint8_t interrupt;
  std::uint8_t pad1[7];
  std::uint8_t stopped;
  std::uint8_t pad2[3];
  std::uint32_t error;
  std::uint64_t statistics[10];
  std::uint8_t pad3[88];
};
static_assert(offsetof(RxQueueDesc, ring_entries) == 56);
static_assert(offsetof(RxQueueDesc, stopped) == 80);
static_assert(sizeof(RxQueueDesc) == 256);

/// A descriptor of any ring. The generation bit tells whose it is: it changes with each lap.
struct Descriptor {
  std::uint64_t address;
  std::uint32_t control;  // the word with the generation bit
  std::uint32_t extra;
};
static_assert(sizeof(Descriptor) == 16);

/// Vmxnet3_TxDesc: fields of `control` and of `extra`.
struct TxDesc {
  static constexpr hw::Field<std::uint32_t> LEN{0, 14};  // of control
  static constexpr hw::Field<std::uint32_t> GEN{14, 1};
  static constexpr hw::Field<std::uint32_t> MSSCOF{18, 14};  // where the checksum goes
  static constexpr hw::Field<std::uint32_t> HLEN{0, 10};     // of extra: where it begins
  static constexpr hw::Field<std::uint32_t> OM{10, 2};
  static constexpr hw::Field<std::uint32_t> EOP{12, 1};
  static constexpr hw::Field<std::uint32_t> CQ{13, 1};
  static constexpr std::uint32_t kOmChecksum = 2;
};

/// Vmxnet3_RxDesc.
struct RxDesc {
  static constexpr hw::Field<std::uint32_t> LEN{0, 14};    // of control
  static constexpr hw::Field<std::uint32_t> BTYPE{14, 1};  // 0: head, 1: body
  static constexpr hw::Field<std::uint32_t> GEN{31, 1};
};

/// An entry of a completion ring.
struct Completion {
  std::uint32_t word[4];  // the generation bit is in word 3
};
static_assert(sizeof(Completion) == 16);

/// Vmxnet3_TxCompDesc.
struct TxComp {
  static constexpr hw::Field<std::uint32_t> TXDIDX{0, 12};  // of word 0: the frame's last one
  static constexpr hw::Field<std::uint32_t> GEN{31, 1};     // of word 3
};

/// Vmxnet3_RxCompDesc.
struct RxComp {
  static constexpr hw::Field<std::uint32_t> RXDIDX{0, 12};  // of word 0
  static constexpr hw::Field<std::uint32_t> EOP{14, 1};
  static constexpr hw::Field<std::uint32_t> SOP{15, 1};
  static constexpr hw::Field<std::uint32_t> RQID{16, 10};
  static constexpr hw::Field<std::uint32_t> CNC{30, 1};  // checksum not calculated
  static constexpr hw::Field<std::uint32_t> LEN{0, 14};  // of word 2
  static constexpr hw::Field<std::uint32_t> ERR{14, 1};
  static constexpr hw::Field<std::uint32_t> TUC{16, 1};  // of word 3: TCP/UDP checksum is right
  static constexpr hw::Field<std::uint32_t> UDP{17, 1};
  static constexpr hw::Field<std::uint32_t> TCP{18, 1};
  static constexpr hw::Field<std::uint32_t> FRG{22, 1};  // IP fragment
  static constexpr hw::Field<std::uint32_t> GEN{31, 1};
};

}  // namespace kedge::driver::vmxnet3
