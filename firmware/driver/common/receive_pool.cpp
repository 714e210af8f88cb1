// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/receive_pool.h"

#include <cstring>
#include <functional>
#include <new>

#include "base/log.h"

namespace kedge::driver {

Result<ReceivePool*> ReceivePool::create(port::PciDevice& pci, std::uint32_t count,
                                         std::uint32_t count_min,
                                         std::uint32_t buffer_bytes) noexcept {
  KEDGE_ASSERT(count_min <= count && count_min != 0 && count <= kBuffersMax);
  for (;;) {
    auto memory = pci.allocate_dma(std::size_t{count} * buffer_bytes);
    if (memory.ok()) {
      auto* pool = new (std::nothrow) ReceivePool();
      if (pool == nullptr) return fail(err::base_no_memory);
      pool->memory_ = *std::move(memory);
      pool->records_.reset(new (std::nothrow) Record[count]);
      pool->recycled_.reset(new (std::nothrow) std::uint16_t[count]);
      pool->count_ = count;
      pool->buffer_bytes_ = buffer_bytes;
      if (pool->records_ != nullptr && pool->recycled_ != nullptr) return pool;
      pool->detach();
      return fail(err::base_no_memory);
    }
    if (count == count_min) return memory.error();
    count = count / 2 > count_min ? count / 2 : count_min;
  }
}

std::uint16_t ReceivePool::take() noexcept {
  if (recycled_count_ != 0) {
    const std::uint16_t buffer = recycled_[recycled_head_];
    recycled_head_ = recycled_head_ + 1 == count_ ? 0 : recycled_head_ + 1;
    --recycled_count_;
    return buffer;
  }
  return fresh_ < count_ ? static_cast<std::uint16_t>(fresh_++) : kNone;
}

void ReceivePool::put(std::uint16_t buffer) noexcept {
  KEDGE_ASSERT(buffer < fresh_ && recycled_count_ < count_);
  std::uint32_t tail = recycled_head_ + recycled_count_;
  if (tail >= count_) tail -= count_;
  recycled_[tail] = buffer;
  ++recycled_count_;
}

void ReceivePool::append(Chain& chain, std::uint16_t buffer, std::uint32_t offset,
                         std::uint32_t length) noexcept {
  KEDGE_ASSERT(offset + length <= buffer_bytes_);
  std::byte* const start = data(buffer) + offset;
  chain.length += length;
  ++chain.buffers;
  if (chain.tail != nullptr && chain.tail->data + chain.tail->length == start && offset == 0) {
    chain.tail->length += length;
    ++static_cast<Record*>(chain.tail)->buffers;
    return;
  }
  Record& record = records_[buffer];
  record.data = start;
  record.length = length;
  record.next = nullptr;
  record.buffers = 1;
  ++pieces_out_;
  (chain.tail != nullptr ? chain.tail->next : chain.head) = &record;
  chain.tail = &record;
}

bool ReceivePool::copy_out(Chain& chain) noexcept {
  if (chain.length > kCopiedBytesMax - copied_bytes_) return false;
  void* const block = ::operator new(sizeof(Copied) + chain.length, std::nothrow);
  if (block == nullptr) return false;
  auto* const copied = new (block) Copied;
  copied->data = static_cast<std::byte*>(block) + sizeof(Copied);
  copied->length = copied->bytes = chain.length;
  std::byte* target = copied->data;
  for (const link::Segment* piece = chain.head; piece != nullptr; piece = piece->next) {
    std::memcpy(target, piece->data, piece->length);
    target += piece->length;
  }
  copied_bytes_ += copied->bytes;
  ++pieces_out_;
  release(chain.head);
  chain = {copied, copied, copied->length, 0};
  return true;
}

bool ReceivePool::deliver(Chain& chain, const link::ReceiveInfo& info, std::uint32_t posted,
                          std::uint32_t low_water, link::Receiver& receiver,
                          link::Statistics& statistics) noexcept {
  if (free_count() + posted < low_water) {
    if (!std::exchange(told_starved_, true)) {
      log(LogLevel::debug, "nic", "all spare receive buffers are in use: copying frames");
    }
    if (!copy_out(chain)) {
      ++statistics.receive_dropped;
      release(chain.head);
      return false;
    }
  }
  ++statistics.received_frames;
  statistics.received_bytes += chain.length;
  receiver.receive(link::Frame(*this, chain.head, chain.length, info));
  return true;
}

bool ReceivePool::owns(const link::Segment* segment) const noexcept {
  const std::less<const link::Segment*> before;
  return !before(segment, &records_[0]) && before(segment, &records_[0] + count_);
}

void ReceivePool::release(link::Segment* chain) noexcept {
  while (chain != nullptr) {
    link::Segment* const next = chain->next;
    KEDGE_ASSERT(pieces_out_ != 0);
    --pieces_out_;
    if (owns(chain)) {
      auto* const record = static_cast<Record*>(chain);
      const auto first = static_cast<std::uint32_t>(record - records_.get());
      for (std::uint32_t i = 0; i < record->buffers; ++i) {
        put(static_cast<std::uint16_t>(first + i));
      }
      record->buffers = 0;
    } else {
      auto* const copied = static_cast<Copied*>(chain);
      copied_bytes_ -= copied->bytes;
      copied->~Copied();
      ::operator delete(copied);
    }
    chain = next;
  }
  if (detached_ && pieces_out_ == 0) delete this;
}

void ReceivePool::detach() noexcept {
  detached_ = true;
  if (pieces_out_ == 0) delete this;
}

}  // namespace kedge::driver
