// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A port of a switch for tagged frames (IEEE 802.1Q), in user space: what a machine sends with the
// tag of one VLAN goes to the bridge without it, and what comes from there goes to the machine with
// the tag. Frames without this tag go nowhere.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

#include "support/network_namespace.h"
#include "vm/machine.h"

namespace kedge::host::e2e {

class VlanTrunk {
 public:
  static Outcome<std::unique_ptr<VlanTrunk>> start(const NetworkNamespace& network,
                                                   std::uint16_t id);
  VlanTrunk(const VlanTrunk&) = delete;
  VlanTrunk& operator=(const VlanTrunk&) = delete;
  ~VlanTrunk();

  // Gives the one machine on this port its NIC. `device`: model and properties, as for QEMU's
  // -device; an empty `rom` is none at all.
  static void add_nic(MachineSpec& machine, std::string_view device, std::string_view rom);

  // Frames of the machine with the tag, and others.
  int tagged() const { return tagged_; }
  int others() const { return others_; }

 private:
  VlanTrunk(FileDescriptor machine, FileDescriptor tap, std::uint16_t id);
  void serve();
  void from_machine();
  void from_bridge();

  static constexpr std::size_t kFrameBytesMax = 2048;

  FileDescriptor machine_;  // a datagram is a frame
  FileDescriptor tap_;      // on the bridge
  std::array<char, 4> tag_;
  std::array<char, kFrameBytesMax> buffer_{};
  std::atomic<int> tagged_ = 0;
  std::atomic<int> others_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace kedge::host::e2e
