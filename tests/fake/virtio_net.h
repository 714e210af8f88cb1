// SPDX-License-Identifier: BSD-2-Clause-Patent
// VirtioNetModel: a virtio network device as its specification describes it (VIRTIO 1.2, 5.1),
// written from the device's side, and able to misbehave on request.
#pragma once

#include <optional>
#include <set>

#include "driver/virtio_net/net_header.h"
#include "driver/virtio_net/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

/// One virtqueue, device side, of either format.
struct VirtioQueueModel {
  struct Piece {
    std::uint64_t address;
    std::uint32_t length;
    bool write;
  };
  struct Chain {
    std::uint16_t id = 0;           // head descriptor, or buffer id
    std::uint16_t descriptors = 0;  // how many
    std::vector<Piece> pieces;
  };

  std::uint16_t size_max = 256;
  std::uint16_t size = 256;
  std::uint64_t descriptors = 0;
  std::uint64_t driver_area = 0;
  std::uint64_t device_area = 0;
  bool enabled = false;
  std::uint16_t next_available = 0;
  std::uint16_t next_used = 0;
  bool available_wrap = true;
  bool used_wrap = true;
  bool wants_notifications = true;
  unsigned notifications = 0;
  unsigned interrupts = 0;
  std::vector<Chain> held;  // taken from the ring and not yet used
};

class VirtioNetModel final : public FakePciDevice {
 public:
  enum class Interface : std::uint8_t { modern, transitional, legacy };
  struct Setup {
    Interface interface = Interface::modern;
    std::uint64_t features = 0;
    std::uint16_t receive_size = 256;
    std::uint16_t transmit_size = 256;
    std::uint16_t control_size = 64;
    wire::MacAddress mac{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
    std::uint16_t mtu = 1500;
    std::uint32_t notify_multiplier = 4;
  };
  struct Sent {
    driver::virtio::NetHeader header;
    std::vector<std::byte> frame;
  };

  /// The receive filter (5.1.6.5), promiscuous after a reset.
  struct Filter {
    bool promiscuous = true;
    bool all_groups = false;
    std::set<wire::MacAddress> stations;
    std::set<wire::MacAddress> groups;
  };
  /// What a device does with a command.
  enum class Answer : std::uint8_t {
    carry_out,
    late,            ///< carries it out some time after the notification
    refuse,          ///< says VIRTIO_NET_ERR
    use_only,        ///< uses the buffer without writing into it
    never,           ///< looks at nothing
    another_buffer,  ///< uses one that it does not have
    index_jump,      ///< split ring: uses more than there are
  };

  /// All that the driver may negotiate, but the packed ring.
  static constexpr std::uint64_t kAllFeatures =
      driver::virtio::Feature::kCsum | driver::virtio::Feature::kGuestCsum |
      driver::virtio::Feature::kMtu | driver::virtio::Feature::kMac |
      driver::virtio::Feature::kGuestTso4 | driver::virtio::Feature::kGuestTso6 |
      driver::virtio::Feature::kMrgRxbuf | driver::virtio::Feature::kStatus |
      driver::virtio::Feature::kCtrlVq | driver::virtio::Feature::kCtrlRx |
      driver::virtio::Feature::kAnyLayout | driver::virtio::Feature::kEventIdx |
      driver::virtio::Feature::kVersion1 | driver::virtio::Feature::kAccessPlatform |
      driver::virtio::Feature::kOrderPlatform;

  explicit VirtioNetModel(const Setup& setup);

  // ---- the wire's side ----
  /// Puts a frame that the filter lets in into receive buffers. False, and nothing done, when it
  /// does not, or when they do not suffice.
  bool deliver(ByteView frame, driver::virtio::NetHeader header = {});
  std::vector<Sent> sent;
  /// False: frames to transmit are taken on notification but stay unused until complete().
  bool complete_at_once = true;
  /// Uses all held transmit buffers, newest first when `reverse`.
  void complete(bool reverse = false);
  /// Receive buffers that are available now.
  unsigned posted();
  void set_link(bool up);
  void set_wants_notifications(unsigned queue, bool wants);

  // ---- state for assertions ----
  std::uint8_t status() const { return status_; }
  std::uint64_t driver_features() const { return driver_features_; }
  const Filter& filter() const { return filter_; }
  /// How many were carried out since the model was made.
  unsigned commands = 0;
  /// It is a violation when one of these does not pass after a command.
  std::vector<wire::MacAddress> always_wanted;
  bool packed() const { return (driver_features_ & driver::virtio::Feature::kRingPacked) != 0; }
  VirtioQueueModel& queue(unsigned index) { return queues_.at(index); }
  /// Time passes for a device that answers late, too.
  void stall_us(std::uint32_t microseconds) noexcept override;

  // ---- misbehaviour ----
  Answer answer = Answer::carry_out;
  /// So many commands are carried out before `answer` holds.
  unsigned honest_commands = 0;
  bool refuse_features = false;
  bool never_resets = false;
  /// The configuration generation changes at each of so many reads.
  unsigned unsettled_reads = 0;
  /// Marks a buffer as used that need not exist.
  void push_used(unsigned queue, std::uint32_t id, std::uint32_t length, unsigned descriptors = 1);
  /// Split ring: moves the used index without entries.
  void jump_used_index(unsigned queue, std::uint16_t by);
  /// The next available chain of a queue, taken.
  std::optional<VirtioQueueModel::Chain> pop(unsigned queue);
  /// Writes a header and bytes into a chain's memory.
  void fill(const VirtioQueueModel::Chain& chain, ByteView bytes);

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void build_config_space();
  void add_capability(std::uint8_t type, std::uint32_t offset, std::uint32_t length);
  std::uint32_t common_read(std::uint32_t offset, unsigned width);
  void common_write(std::uint32_t offset, unsigned width, std::uint32_t value);
  std::uint32_t legacy_read(std::uint32_t offset, unsigned width);
  void legacy_write(std::uint32_t offset, unsigned width, std::uint32_t value);
  std::uint32_t device_config_read(std::uint32_t offset, unsigned width);
  void set_status(std::uint8_t value, bool modern);
  void set_driver_features(std::uint64_t features);
  void check_features();
  void enable_queue(VirtioQueueModel& queue, bool modern);
  void reset();
  void notify(std::uint32_t index);
  void transmit(const VirtioQueueModel::Chain& chain);
  void take_commands();
  void answer_command(const VirtioQueueModel::Chain& chain);
  bool carry_out(ByteView command);
  bool set_tables(ByteView tables);
  bool passes(const wire::MacAddress& to) const;
  std::uint32_t header_bytes() const;
  std::optional<VirtioQueueModel::Chain> pop_split(VirtioQueueModel& queue);
  std::optional<VirtioQueueModel::Chain> pop_packed(VirtioQueueModel& queue);
  void count_interrupt(VirtioQueueModel& queue, std::uint16_t used_before);
  void show_wish(VirtioQueueModel& queue);
  std::uint16_t load16(std::uint64_t address);
  std::uint32_t load32(std::uint64_t address);
  std::uint64_t load64(std::uint64_t address);
  void store16(std::uint64_t address, std::uint16_t value);
  void store32(std::uint64_t address, std::uint32_t value);

  Setup setup_;
  std::array<VirtioQueueModel, driver::virtio::kQueues> queues_;
  Filter filter_;
  std::array<std::uint8_t, 12> net_config_{};
  std::uint64_t driver_features_ = 0;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  std::uint16_t queue_select_ = 0;
  unsigned stalls_ = 0;  // since a command waits
  std::uint8_t status_ = 0;
  std::uint8_t generation_ = 0;
  std::uint8_t last_capability_ = 0;
  std::uint8_t next_capability_ = 0x40;
  bool modern_used_ = false;
};

}  // namespace kedge::fake
