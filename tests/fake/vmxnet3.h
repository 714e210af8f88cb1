// SPDX-License-Identifier: BSD-2-Clause-Patent
// Vmxnet3Model: the device's side of vmxnet3, able to misbehave on request.
#pragma once

#include "driver/vmxnet3/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

/// What a completion says of a frame's checksums.
struct Vmxnet3Checksum {
  bool calculated = false;
  bool right = false;
  bool tcp = false;
  bool udp = false;
  bool fragment = false;
};

class Vmxnet3Model : public FakePciDevice {
 public:
  struct SentChecksum {
    std::uint32_t start = 0;  // 0: none wanted
    std::uint32_t at = 0;     // from the start of the frame
  };
  using Checksum = Vmxnet3Checksum;

  explicit Vmxnet3Model(wire::MacAddress mac = wire::MacAddress({0x52, 0x54, 0, 0x12, 0x34, 0x56}));

  // ---- the wire's side ----
  /// False, and nothing done, when no buffer is posted, it is too small, or the filter refuses it.
  bool deliver(ByteView frame, Checksum checksum = {});
  std::vector<std::vector<std::byte>> sent;
  std::vector<SentChecksum> sent_checksums;
  /// False: frames are sent but their descriptors stay the device's until complete().
  bool complete_at_once = true;
  /// Completes all held frames; with `together` by one completion, of the last.
  void complete(bool together = false);
  /// Buffers that are the device's now.
  unsigned posted();
  void set_link(bool up);

  // ---- state for assertions ----
  bool active() const { return active_; }
  std::uint32_t rx_mode() { return shared().rx_mode; }
  driver::vmxnet3::RxQueueDesc& rx_queue();
  driver::vmxnet3::TxQueueDesc& tx_queue();
  unsigned rx_prod_writes = 0;
  unsigned commands = 0;

  // ---- misbehaviour ----
  bool gone = false;  ///< all reads give ones
  bool refuse_activation = false;
  std::uint32_t revisions = 1;
  /// Receive completion with any words but the generation, which is right.
  void push_receive(std::uint32_t word0, std::uint32_t word2, std::uint32_t word3);
  void push_transmit(std::uint32_t word0, std::uint32_t word3);
  /// Leaves a posted receive descriptor out.
  void skip_receive() { ++rx_next_; }

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  template <class T>
  T& at(std::uint64_t address);
  driver::vmxnet3::DriverShared& shared();
  void run_command(std::uint32_t code);
  void activate();
  void reset();
  void transmit();
  void take_groups();
  bool passes(const wire::MacAddress& to) const;
  bool rx_available();

  wire::MacAddress mac_;
  bool active_ = false;
  bool link_up_ = true;
  std::uint64_t shared_address_ = 0;
  std::uint32_t answer_ = 0;
  std::uint32_t rx_next_ = 0;
  std::uint32_t rx_completions_ = 0;
  std::uint32_t tx_next_ = 0;
  std::uint32_t tx_completions_ = 0;
  std::vector<std::uint32_t> held_;
  std::uint32_t rx_mode_ = 0;
  std::vector<wire::MacAddress> groups_;
  std::uint64_t scratch_[128] = {};
};

}  // namespace kedge::fake
