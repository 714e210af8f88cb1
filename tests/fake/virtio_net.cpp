// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/virtio_net.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using driver::virtio::Feature;
using driver::virtio::NetHeader;
using driver::virtio::Status;
using Chain = VirtioQueueModel::Chain;

namespace {

// Where the windows of BAR 4 are, as in QEMU.
constexpr std::uint32_t kCommon = 0x0000;
constexpr std::uint32_t kIsr = 0x1000;
constexpr std::uint32_t kDevice = 0x2000;
constexpr std::uint32_t kNotify = 0x3000;
constexpr std::uint32_t kWindow = 0x1000;
constexpr unsigned kModernBar = 4;

constexpr std::uint16_t kAvailable = 1u << 7;
constexpr std::uint16_t kUsed = 1u << 15;

}  // namespace

VirtioNetModel::VirtioNetModel(const Setup& setup) : setup_(setup) {
  queues_[0].size_max = setup.receive_size;
  queues_[1].size_max = setup.transmit_size;
  const bool has_commands = (setup.features & Feature::kCtrlVq) != 0;
  queues_[driver::virtio::kControlQueue].size_max =
      has_commands ? setup.control_size : std::uint16_t{0};
  std::ranges::transform(setup.mac.octets(), net_config_.begin(), [](auto octet) { return octet; });
  set_link(true);
  net_config_[8] = 1;  // max_virtqueue_pairs
  net_config_[10] = static_cast<std::uint8_t>(setup.mtu);
  net_config_[11] = static_cast<std::uint8_t>(setup.mtu >> 8);
  build_config_space();
  reset();
}

void VirtioNetModel::build_config_space() {
  const bool modern_only = setup_.interface == Interface::modern;
  put_config16(0x00, 0x1af4);
  put_config16(0x02, modern_only ? 0x1041 : 0x1000);
  config[0x08] = modern_only ? 1 : 0;
  if (!modern_only) put_config32(0x10, 0xc001);
  if (setup_.interface == Interface::legacy) return;
  put_config32(0x20, 0x8000'000c);
  put_config16(0x06, 0x0010);
  add_capability(driver::virtio::PciCap::kCommonCfg, kCommon, kWindow);
  add_capability(driver::virtio::PciCap::kIsrCfg, kIsr, kWindow);
  add_capability(driver::virtio::PciCap::kDeviceCfg, kDevice, kWindow);
  add_capability(driver::virtio::PciCap::kNotifyCfg, kNotify, kWindow);
  put_config32(static_cast<std::uint16_t>(last_capability_ + 16), setup_.notify_multiplier);
}

void VirtioNetModel::add_capability(std::uint8_t type, std::uint32_t offset, std::uint32_t length) {
  const std::uint8_t at = next_capability_;
  config[last_capability_ == 0 ? 0x34 : last_capability_ + 1] = at;
  config[at] = 0x09;
  config[at + 2] = 20;
  config[at + 3] = type;
  config[at + 4] = kModernBar;
  put_config32(static_cast<std::uint16_t>(at + 8), offset);
  put_config32(static_cast<std::uint16_t>(at + 12), length);
  last_capability_ = at;
  next_capability_ = static_cast<std::uint8_t>(at + 20);
}

void VirtioNetModel::reset() {
  status_ = 0;
  driver_features_ = 0;
  modern_used_ = false;
  filter_ = {};
  stalls_ = 0;
  for (VirtioQueueModel& queue : queues_) {
    const VirtioQueueModel old = queue;
    queue = VirtioQueueModel();
    queue.size_max = queue.size = old.size_max;
    queue.notifications = old.notifications;
    queue.interrupts = old.interrupts;
    queue.wants_notifications = old.wants_notifications;
  }
}

void VirtioNetModel::set_link(bool up) {
  net_config_[6] = up ? 1 : 0;
}

std::uint32_t VirtioNetModel::header_bytes() const {
  const bool with_count = modern_used_ || (driver_features_ & Feature::kMrgRxbuf) != 0;
  return with_count ? NetHeader::kSize : NetHeader::kShortSize;
}

// ---- registers ----

std::uint32_t VirtioNetModel::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (bar == kModernBar && setup_.interface != Interface::legacy) {
    modern_used_ = true;
    if (offset < kCommon + kWindow) return common_read(static_cast<std::uint32_t>(offset), width);
    if (offset >= kDevice && offset < kDevice + kWindow) {
      return device_config_read(static_cast<std::uint32_t>(offset - kDevice), width);
    }
  } else if (bar == 0 && setup_.interface != Interface::modern) {
    return legacy_read(static_cast<std::uint32_t>(offset), width);
  }
  violation(format("read of bar{}+{:x}", bar, offset));
  return 0xffffffff;
}

void VirtioNetModel::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                               std::uint32_t value) {
  if (bar == kModernBar && setup_.interface != Interface::legacy) {
    modern_used_ = true;
    if (offset < kCommon + kWindow) {
      common_write(static_cast<std::uint32_t>(offset), width, value);
    } else if (offset >= kNotify && offset < kNotify + kWindow && width == 2) {
      if (offset - kNotify != std::uint64_t{value} * setup_.notify_multiplier) {
        violation("notification at another queue's address");
      }
      notify(value);
    } else {
      violation(format("write of bar{}+{:x}", bar, offset));
    }
  } else if (bar == 0 && setup_.interface != Interface::modern) {
    legacy_write(static_cast<std::uint32_t>(offset), width, value);
  } else {
    violation(format("write of bar{}+{:x}", bar, offset));
  }
}

std::uint32_t VirtioNetModel::common_read(std::uint32_t offset, unsigned width) {
  const auto expect_width = [&](unsigned wanted) {
    if (width != wanted) violation(format("read of common+{:x} with width {}", offset, width));
  };
  VirtioQueueModel* queue = queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
  switch (offset) {
    case 0x04:
      expect_width(4);
      if (device_feature_select_ > 1) return 0;
      return static_cast<std::uint32_t>(setup_.features >> (32 * device_feature_select_));
    case 0x12:
      expect_width(2);
      return static_cast<std::uint32_t>(queues_.size());
    case 0x14:
      expect_width(1);
      return status_;
    case 0x15:
      expect_width(1);
      if (unsettled_reads != 0) {
        --unsettled_reads;
        ++generation_;
      }
      return generation_;
    case 0x18:
      expect_width(2);
      return queue != nullptr ? queue->size : 0;
    case 0x1c:
      expect_width(2);
      return queue != nullptr && queue->enabled ? 1 : 0;
    case 0x1e:
      expect_width(2);
      return queue_select_;
    default:
      violation(format("read of common+{:x}", offset));
      return 0;
  }
}

void VirtioNetModel::common_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
  const auto expect_width = [&](unsigned wanted) {
    if (width != wanted) violation(format("write of common+{:x} with width {}", offset, width));
  };
  VirtioQueueModel* queue = queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
  const auto low = [](std::uint64_t& field, std::uint32_t half) {
    field = (field & ~std::uint64_t{0xffffffff}) | half;
  };
  const auto high = [](std::uint64_t& field, std::uint32_t half) {
    field = (field & 0xffffffff) | std::uint64_t{half} << 32;
  };
  if (offset == 0x00 || offset == 0x08 || offset == 0x0c) {
    expect_width(4);
    if (offset == 0x00) device_feature_select_ = value;
    if (offset == 0x08) driver_feature_select_ = value;
    if (offset == 0x0c) {
      std::uint64_t features = driver_features_;
      driver_feature_select_ == 0 ? low(features, value) : high(features, value);
      set_driver_features(features);
    }
    return;
  }
  if (offset == 0x14) {
    expect_width(1);
    set_status(static_cast<std::uint8_t>(value), true);
    return;
  }
  if (offset == 0x16) {
    expect_width(2);
    queue_select_ = static_cast<std::uint16_t>(value);
    return;
  }
  if (queue == nullptr || queue->enabled) {
    violation(format("write of common+{:x} without a queue to change", offset));
    return;
  }
  expect_width(offset < 0x20 ? 2 : 4);
  switch (offset) {
    case 0x18:
      if (value > queue->size_max) violation("queue size over the device's limit");
      queue->size = static_cast<std::uint16_t>(value);
      break;
    case 0x1c:
      enable_queue(*queue, true);
      break;
    case 0x20:
      low(queue->descriptors, value);
      break;
    case 0x24:
      high(queue->descriptors, value);
      break;
    case 0x28:
      low(queue->driver_area, value);
      break;
    case 0x2c:
      high(queue->driver_area, value);
      break;
    case 0x30:
      low(queue->device_area, value);
      break;
    case 0x34:
      high(queue->device_area, value);
      break;
    default:
      violation(format("write of common+{:x}", offset));
  }
}

std::uint32_t VirtioNetModel::legacy_read(std::uint32_t offset, unsigned width) {
  const auto expect_width = [&](unsigned wanted) {
    if (width != wanted) violation(format("read of legacy+{:x} with width {}", offset, width));
  };
  if (offset >= 20) return device_config_read(offset - 20, width);
  switch (offset) {
    case 0:
      expect_width(4);
      return static_cast<std::uint32_t>(setup_.features);
    case 12:
      expect_width(2);
      return queue_select_ < queues_.size() ? queues_[queue_select_].size_max : 0;
    case 18:
      expect_width(1);
      return status_;
    default:
      violation(format("read of legacy+{:x}", offset));
      return 0;
  }
}

void VirtioNetModel::legacy_write(std::uint32_t offset, unsigned width, std::uint32_t value) {
  const auto expect_width = [&](unsigned wanted) {
    if (width != wanted) violation(format("write of legacy+{:x} with width {}", offset, width));
  };
  switch (offset) {
    case 4:
      expect_width(4);
      set_driver_features(value);
      break;
    case 8: {
      expect_width(4);
      if (queue_select_ >= queues_.size()) return violation("address for no queue");
      VirtioQueueModel& queue = queues_[queue_select_];
      // 2.7.2: descriptors, available ring, then the used ring on the next page.
      queue.descriptors = std::uint64_t{value} << 12;
      queue.driver_area = queue.descriptors + 16ull * queue.size;
      queue.device_area = (queue.driver_area + 6 + 2ull * queue.size + 4095) & ~4095ull;
      enable_queue(queue, false);
      break;
    }
    case 14:
      expect_width(2);
      queue_select_ = static_cast<std::uint16_t>(value);
      break;
    case 16:
      expect_width(2);
      notify(value);
      break;
    case 18:
      expect_width(1);
      set_status(static_cast<std::uint8_t>(value), false);
      break;
    default:
      violation(format("write of legacy+{:x}", offset));
  }
}

std::uint32_t VirtioNetModel::device_config_read(std::uint32_t offset, unsigned width) {
  const bool octet = offset < 6;
  if (offset + width > net_config_.size() || width != (octet ? 1u : 2u)) {
    violation(format("read of device configuration at {} with width {}", offset, width));
    return 0;
  }
  std::uint32_t value = 0;
  std::memcpy(&value, &net_config_[offset], width);
  if (setup_.interface == Interface::legacy && unsettled_reads != 0) {
    --unsettled_reads;
    value ^= unsettled_reads & 0xff;
  }
  return value;
}

// ---- status and features (2.1, 3.1.1) ----

void VirtioNetModel::set_status(std::uint8_t value, bool modern) {
  if (value == 0) {
    if (!never_resets) reset();
    return;
  }
  const auto newly = static_cast<std::uint8_t>(value & ~status_);
  if ((status_ & ~value) != 0) violation(format("status bits cleared: {:x}", value));
  const auto needs = [&](std::uint8_t bit, std::uint8_t before) {
    if ((newly & bit) != 0 && (status_ & before) != before) {
      violation(format("status {:x} out of order", value));
    }
  };
  needs(Status::kDriver, Status::kAcknowledge);
  needs(Status::kFeaturesOk, Status::kDriver);
  needs(Status::kDriverOk, modern ? Status::kFeaturesOk : Status::kDriver);
  if ((newly & Status::kFeaturesOk) != 0 && !modern) violation("FEATURES_OK on a legacy device");
  status_ = value;
  if ((newly & Status::kFeaturesOk) != 0) {
    check_features();
    if (refuse_features) status_ &= static_cast<std::uint8_t>(~Status::kFeaturesOk);
  }
  if ((newly & Status::kDriverOk) != 0) {
    if (!modern) check_features();
    if (!queues_[0].enabled || !queues_[1].enabled) violation("DRIVER_OK without both queues");
    for (VirtioQueueModel& queue : queues_) {
      if (queue.enabled) show_wish(queue);
    }
  }
}

void VirtioNetModel::set_driver_features(std::uint64_t features) {
  if ((status_ & Status::kDriver) == 0) violation("features before DRIVER");
  if ((status_ & Status::kFeaturesOk) != 0) violation("features after FEATURES_OK");
  driver_features_ = features;
}

void VirtioNetModel::check_features() {
  if ((driver_features_ & ~setup_.features) != 0) violation("accepts what was not offered");
  const auto has = [this](std::uint64_t feature) { return (driver_features_ & feature) != 0; };
  if (has(Feature::kGuestTso4 | Feature::kGuestTso6) && !has(Feature::kGuestCsum)) {
    violation("GUEST_TSO without GUEST_CSUM");  // 5.1.3.1
  }
  if (has(Feature::kCtrlRx) && !has(Feature::kCtrlVq)) violation("CTRL_RX without CTRL_VQ");
  if (modern_used_ && !has(Feature::kVersion1)) violation("modern interface without VERSION_1");
  if (!modern_used_ && has(~std::uint64_t{0xffffffff})) violation("high features on legacy");
}

void VirtioNetModel::enable_queue(VirtioQueueModel& queue, bool modern) {
  if (modern && (status_ & Status::kFeaturesOk) == 0) violation("queue set up before FEATURES_OK");
  if (!packed() && (queue.size == 0 || (queue.size & (queue.size - 1)) != 0)) {
    violation("split ring whose size is no power of two");
  }
  const unsigned driver_align = packed() ? 4 : 2;
  if (queue.descriptors % 16 != 0 || queue.driver_area % driver_align != 0 ||
      queue.device_area % 4 != 0) {
    violation("misaligned ring");
  }
  const bool control = &queue == &queues_[driver::virtio::kControlQueue];
  if (control && (driver_features_ & Feature::kCtrlVq) == 0) violation("control queue set up");
  queue.enabled = true;
}

void VirtioNetModel::notify(std::uint32_t index) {
  if ((status_ & Status::kDriverOk) == 0) violation("notification before DRIVER_OK");
  if (index >= queues_.size()) return violation("notification of no queue");
  VirtioQueueModel& queue = queues_[index];
  ++queue.notifications;
  if (!queue.enabled) return;
  if (index == driver::virtio::kControlQueue) take_commands();
  if (index != driver::virtio::kTransmitQueue) return;
  while (auto chain = pop(index)) {
    transmit(*chain);
    queue.held.push_back(std::move(*chain));
  }
  if (complete_at_once) complete();
}

// ---- frames ----

void VirtioNetModel::transmit(const Chain& chain) {
  std::vector<std::byte> bytes;
  for (const VirtioQueueModel::Piece& piece : chain.pieces) {
    if (piece.write) violation("transmit buffer for the device to write");
    const ByteSpan memory = dma(piece.address, piece.length);
    bytes.insert(bytes.end(), memory.begin(), memory.end());
  }
  const bool separate = !modern_used_ && (driver_features_ & Feature::kAnyLayout) == 0;
  if (separate && (chain.pieces.empty() || chain.pieces[0].length != header_bytes())) {
    violation("legacy framing: the header must stand alone");  // 5.1.6.6
  }
  if (bytes.size() < header_bytes()) return violation("transmit buffer without header");
  const ByteView view(bytes);
  Sent out;
  out.header = NetHeader::parse(view.first(header_bytes()));
  out.frame.assign(view.begin() + header_bytes(), view.end());
  sent.push_back(std::move(out));
}

void VirtioNetModel::complete(bool reverse) {
  VirtioQueueModel& queue = queues_[driver::virtio::kTransmitQueue];
  std::vector<Chain> held = std::exchange(queue.held, {});
  if (reverse) std::ranges::reverse(held);
  for (const Chain& chain : held) {
    push_used(driver::virtio::kTransmitQueue, chain.id, 0, chain.descriptors);
  }
}

void VirtioNetModel::fill(const Chain& chain, ByteView bytes) {
  for (const VirtioQueueModel::Piece& piece : chain.pieces) {
    if (!piece.write) violation("receive buffer that the device may not write");
    const std::size_t count = std::min<std::size_t>(piece.length, bytes.size());
    const ByteSpan memory = dma(piece.address, piece.length);
    if (!memory.empty() && count != 0) std::memcpy(memory.data(), bytes.data(), count);
    bytes = bytes.subspan(count);
  }
}

bool VirtioNetModel::deliver(ByteView frame, NetHeader header) {
  VirtioQueueModel& queue = queues_[driver::virtio::kReceiveQueue];
  if (!queue.enabled || (status_ & Status::kDriverOk) == 0) return false;
  if (frame.size() >= wire::MacAddress::kSize && !passes(destination_of(frame))) return false;
  const bool mergeable = (driver_features_ & Feature::kMrgRxbuf) != 0;
  std::vector<std::byte> bytes(header_bytes());
  bytes.insert(bytes.end(), frame.begin(), frame.end());

  const VirtioQueueModel before = queue;
  std::vector<Chain> chains;
  std::size_t room = 0;
  while (room < bytes.size() && (mergeable || chains.empty())) {
    auto chain = pop(driver::virtio::kReceiveQueue);
    if (!chain) break;
    for (const VirtioQueueModel::Piece& piece : chain->pieces) room += piece.length;
    chains.push_back(std::move(*chain));
  }
  if (room < bytes.size()) {
    queue = before;
    show_wish(queue);
    return false;
  }
  header.num_buffers = static_cast<std::uint16_t>(chains.size());
  header.write(ByteSpan(bytes).first(header_bytes()));
  ByteView rest(bytes);
  for (const Chain& chain : chains) {
    std::size_t length = 0;
    for (const VirtioQueueModel::Piece& piece : chain.pieces) length += piece.length;
    length = std::min(length, rest.size());
    fill(chain, rest.first(length));
    push_used(driver::virtio::kReceiveQueue, chain.id, static_cast<std::uint32_t>(length),
              chain.descriptors);
    rest = rest.subspan(length);
  }
  show_wish(queue);
  return true;
}

unsigned VirtioNetModel::posted() {
  VirtioQueueModel& queue = queues_[driver::virtio::kReceiveQueue];
  const VirtioQueueModel before = queue;
  unsigned count = 0;
  while (count <= queue.size && pop(driver::virtio::kReceiveQueue)) ++count;
  queue = before;
  if (queue.enabled) show_wish(queue);
  return count;
}

// ---- rings, device side (2.7, 2.8) ----

std::optional<Chain> VirtioNetModel::pop(unsigned index) {
  VirtioQueueModel& queue = queues_.at(index);
  if (!queue.enabled) return std::nullopt;
  auto chain = packed() ? pop_packed(queue) : pop_split(queue);
  if (chain) show_wish(queue);
  if (chain && packed() && index != driver::virtio::kControlQueue && chain->descriptors != 1) {
    violation("frame in several pieces in a packed ring");
  }
  return chain;
}

std::optional<Chain> VirtioNetModel::pop_split(VirtioQueueModel& queue) {
  const std::uint16_t index = load16(queue.driver_area + 2);
  if (index == queue.next_available) return std::nullopt;
  if (static_cast<std::uint16_t>(index - queue.next_available) > queue.size) {
    violation("available index jumped");
    return std::nullopt;
  }
  Chain chain;
  chain.id = load16(queue.driver_area + 4 + 2ull * (queue.next_available % queue.size));
  ++queue.next_available;
  std::uint16_t at = chain.id;
  for (;;) {
    if (at >= queue.size || chain.descriptors >= queue.size) {
      violation("chain leaves the descriptor table");
      return std::nullopt;
    }
    const std::uint64_t descriptor = queue.descriptors + 16ull * at;
    const std::uint16_t flags = load16(descriptor + 12);
    chain.pieces.push_back({load64(descriptor), load32(descriptor + 8), (flags & 2) != 0});
    ++chain.descriptors;
    if ((flags & 1) == 0) return chain;
    at = load16(descriptor + 14);
  }
}

std::optional<Chain> VirtioNetModel::pop_packed(VirtioQueueModel& queue) {
  Chain chain;
  for (;;) {
    const std::uint64_t descriptor = queue.descriptors + 16ull * queue.next_available;
    const std::uint16_t flags = load16(descriptor + 14);
    const bool available = (flags & kAvailable) != 0;
    const bool used = (flags & kUsed) != 0;
    if (available != queue.available_wrap || used == queue.available_wrap) {
      if (chain.descriptors != 0) violation("packed chain that is shown in part");
      return std::nullopt;
    }
    if (chain.descriptors == queue.size) {
      violation("packed chain without end");
      return std::nullopt;
    }
    chain.id = load16(descriptor + 12);  // that of the last one counts (2.8.6)
    ++chain.descriptors;
    chain.pieces.push_back({load64(descriptor), load32(descriptor + 8), (flags & 2) != 0});
    if (++queue.next_available == queue.size) {
      queue.next_available = 0;
      queue.available_wrap = !queue.available_wrap;
    }
    if ((flags & 1) == 0) return chain;
  }
}

void VirtioNetModel::push_used(unsigned index, std::uint32_t id, std::uint32_t length,
                               unsigned descriptors) {
  VirtioQueueModel& queue = queues_.at(index);
  if (!queue.enabled) return;
  const std::uint16_t before = queue.next_used;
  if (packed()) {
    const std::uint64_t descriptor = queue.descriptors + 16ull * queue.next_used;
    store16(descriptor + 12, static_cast<std::uint16_t>(id));
    store32(descriptor + 8, length);
    store16(descriptor + 14, queue.used_wrap ? kAvailable | kUsed : 0);
    queue.next_used = static_cast<std::uint16_t>(queue.next_used + descriptors);
    if (queue.next_used >= queue.size) {
      queue.next_used = static_cast<std::uint16_t>(queue.next_used - queue.size);
      queue.used_wrap = !queue.used_wrap;
    }
  } else {
    const std::uint64_t entry = queue.device_area + 4 + 8ull * (queue.next_used % queue.size);
    store32(entry, id);
    store32(entry + 4, length);
    ++queue.next_used;
    store16(queue.device_area + 2, queue.next_used);
  }
  count_interrupt(queue, before);
}

void VirtioNetModel::jump_used_index(unsigned index, std::uint16_t by) {
  VirtioQueueModel& queue = queues_.at(index);
  queue.next_used = static_cast<std::uint16_t>(queue.next_used + by);
  if (queue.enabled) store16(queue.device_area + 2, queue.next_used);
}

/// Would the driver be interrupted (2.7.7, 2.8.10)? It never wants to be.
void VirtioNetModel::count_interrupt(VirtioQueueModel& queue, std::uint16_t used_before) {
  bool wanted = false;
  if (packed()) {
    wanted = (load16(queue.driver_area + 2) & 3) != 1;
  } else if ((driver_features_ & Feature::kEventIdx) != 0) {
    const std::uint16_t event = load16(queue.driver_area + 4 + 2ull * queue.size);
    wanted = static_cast<std::uint16_t>(queue.next_used - event - 1) <
             static_cast<std::uint16_t>(queue.next_used - used_before);
  } else {
    wanted = (load16(queue.driver_area) & 1) == 0;
  }
  if (wanted) ++queue.interrupts;
}

void VirtioNetModel::set_wants_notifications(unsigned index, bool wants) {
  queues_.at(index).wants_notifications = wants;
  if (queues_.at(index).enabled) show_wish(queues_.at(index));
}

/// Tells the driver whether to notify (2.7.10, 2.8.10).
void VirtioNetModel::show_wish(VirtioQueueModel& queue) {
  const bool wants = queue.wants_notifications;
  const bool event_index = (driver_features_ & Feature::kEventIdx) != 0;
  if (packed()) {
    if (event_index && wants) {
      store16(queue.device_area, static_cast<std::uint16_t>(queue.next_available |
                                                            (queue.available_wrap ? 1u << 15 : 0)));
      store16(queue.device_area + 2, 2);
    } else {
      store16(queue.device_area + 2, wants ? 0 : 1);
    }
  } else if (event_index) {
    // Not wanted: an event that has just been passed.
    store16(queue.device_area + 4 + 8ull * queue.size,
            static_cast<std::uint16_t>(wants ? queue.next_available : queue.next_available - 1));
  } else {
    store16(queue.device_area, wants ? 0 : 1);
  }
}

std::uint16_t VirtioNetModel::load16(std::uint64_t address) {
  std::uint16_t value = 0;
  if (const ByteSpan memory = dma(address, 2); !memory.empty())
    std::memcpy(&value, memory.data(), 2);
  return value;
}
std::uint32_t VirtioNetModel::load32(std::uint64_t address) {
  std::uint32_t value = 0;
  if (const ByteSpan memory = dma(address, 4); !memory.empty())
    std::memcpy(&value, memory.data(), 4);
  return value;
}
std::uint64_t VirtioNetModel::load64(std::uint64_t address) {
  std::uint64_t value = 0;
  if (const ByteSpan memory = dma(address, 8); !memory.empty())
    std::memcpy(&value, memory.data(), 8);
  return value;
}
void VirtioNetModel::store16(std::uint64_t address, std::uint16_t value) {
  if (const ByteSpan memory = dma(address, 2); !memory.empty())
    std::memcpy(memory.data(), &value, 2);
}
void VirtioNetModel::store32(std::uint64_t address, std::uint32_t value) {
  if (const ByteSpan memory = dma(address, 4); !memory.empty())
    std::memcpy(memory.data(), &value, 4);
}

}  // namespace kedge::fake
