// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/copying_nic.h"

#include "base/assert.h"
#include "base/log.h"
#include "link/link_errors.h"

namespace kedge::driver {
namespace {

constexpr std::uint64_t kAddress32Max = 0xffff'ffff;

}  // namespace

CopyingNic::~CopyingNic() {
  KEDGE_ASSERT(state_ == State::stopped);
  if (frames_ != nullptr) frames_->detach();
}

Result<void> CopyingNic::set_mac(const wire::MacAddress& mac) noexcept {
  if (mac.is_zero() || mac.is_multicast()) return fail(err::nic_no_mac);
  mac_ = mac;
  return {};
}

Result<void> CopyingNic::allocate(std::unique_ptr<port::DmaMemory>& memory,
                                  std::size_t bytes) noexcept {
  if (memory != nullptr) return {};
  KEDGE_TRY(auto block, pci_.allocate_dma(bytes));
  if (static_cast<std::uint64_t>(block->device(bytes - 1)) > kAddress32Max) {
    return fail(err::nic_address_too_high);
  }
  memory = std::move(block);
  return {};
}

Result<void> CopyingNic::start() noexcept {
  if (state_ == State::running) return {};
  stop();  // what a broken chip left
  if (frames_ == nullptr) frames_ = CopiedFrames::create();
  if (frames_ == nullptr) return fail(err::base_no_memory);
  if (auto up = bring_up(); !up.ok()) {
    silence();
    free_memory();
    return std::move(up).context("starting the network chip");
  }
  fault_ = ChipFault::none;
  recoveries_ = 0;
  restart_ = false;
  state_ = State::running;
  return {};
}

/// Ends all DMA: the chip is told, and loses the bus even when it does not listen.
void CopyingNic::silence() noexcept {
  halt();
  (void)pci_.enable(false);
}

void CopyingNic::stop() noexcept {
  KEDGE_ASSERT(!polling_);
  if (state_ == State::stopped) return;
  if (state_ == State::running) halt();
  (void)pci_.enable(false);
  state_ = State::stopped;
  fault_ = ChipFault::none;
  free_memory();
}

void CopyingNic::quiesce() noexcept {
  if (state_ != State::running) return;
  // Rings and memory stay as they are, so that a poll() which this interrupts ends well.
  state_ = State::broken;
  fault_ = ChipFault::none;
  halt();
}

void CopyingNic::report(ChipFault fault) noexcept {
  if (state_ == State::running && fault_ == ChipFault::none) fault_ = fault;
}

void CopyingNic::give_up(ChipFault fault) noexcept {
  if (state_ != State::running) return;
  state_ = State::broken;
  fault_ = fault;
  silence();
  log(LogLevel::error, driver_name(), "{} (rule {})", err::nic_broken.text,
      static_cast<std::uint32_t>(fault));
}

/// Starts a chip that broke a rule again, or gives it up; then lets frames go that wait.
void CopyingNic::settle() noexcept {
  if (state_ == State::running && fault_ != ChipFault::none) {
    const ChipFault fault = fault_;
    log(LogLevel::debug, driver_name(), "starting the chip again (rule {})",
        static_cast<std::uint32_t>(fault));
    halt();
    fault_ = ChipFault::none;
    if (fault == ChipFault::gone || ++recoveries_ > kRecoveriesMax || !bring_up().ok()) {
      give_up(fault);
    }
  }
  if (state_ == State::running) flush();
}

std::uint32_t CopyingNic::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (state_ != State::running || polling_) return 0;
  polling_ = true;
  const std::uint32_t delivered = receive(receiver, budget);
  polling_ = false;
  if (delivered != 0 && fault_ == ChipFault::none) recoveries_ = 0;
  if (restart_ && delivered == 0 && budget != 0 && state_ == State::running && idle()) {
    restart_ = false;
    halt();
    if (!bring_up().ok()) give_up(ChipFault::stalled);
  }
  settle();
  return delivered;
}

bool CopyingNic::deliver(link::Receiver& receiver, std::span<const ByteView> pieces,
                         link::ReceiveInfo info) noexcept {
  link::Frame frame = frames_->make(pieces, info);
  if (frame.head() == nullptr) {
    ++statistics_.receive_dropped;
    return false;
  }
  ++statistics_.received_frames;
  statistics_.received_bytes += frame.length();
  receiver.receive(std::move(frame));
  return true;
}

Result<void> CopyingNic::transmit(std::span<const ByteView> pieces,
                                  link::TransmitInfo info) noexcept {
  if (state_ == State::broken && fault_ != ChipFault::none) {
    return fail(err::nic_broken, static_cast<std::uint32_t>(fault_));
  }
  if (state_ != State::running) return fail(err::link_stopped);
  KEDGE_TRY(const std::uint32_t whole, frame_length(pieces, kFrameBytesMax));
  const std::uint32_t checksum_end = std::uint32_t{info.checksum_start} + info.checksum_offset + 2;
  if (info.checksum_start != 0 &&
      (!capabilities().transmit_checksum || info.checksum_start > kChecksumStartMax ||
       checksum_end > whole)) {
    return fail(err::base_invalid);
  }
  const ByteSpan slot = transmit_slot();
  if (slot.empty()) {
    ++statistics_.transmit_busy;
    if (!polling_) settle();
    return fail(err::link_busy);
  }
  const std::uint32_t length = copy_frame(pieces, slot.data());
  if (info.checksum_start != 0) request_checksum(info);
  submit(length);
  ++statistics_.transmitted_frames;
  statistics_.transmitted_bytes += length;
  // What poll() delivers often makes the stack answer: those answers leave together.
  if (!polling_) settle();
  return {};
}

void CopyingNic::set_receive_filter(const link::ReceiveFilter& filter) noexcept {
  if (filter == filter_) return;
  filter_ = filter;
  if (state_ != State::running) return;
  apply_filter();
  if (!polling_) settle();
}

}  // namespace kedge::driver
