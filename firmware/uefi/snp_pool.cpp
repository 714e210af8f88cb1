// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/snp_pool.h"

#include <new>

namespace kedge::uefi {
namespace {

constexpr std::size_t kBuffersPerChunk = 256;

}  // namespace

Result<ReceivePool::Owner> ReceivePool::create(port::Pages& pages,
                                               std::size_t buffer_bytes) noexcept {
  Owner pool(new (std::nothrow) ReceivePool(pages, buffer_bytes));
  if (pool == nullptr || !pool->grow()) return fail(err::base_no_memory);
  return Result<Owner>(std::move(pool));
}

bool ReceivePool::grow() noexcept {
  if (chunks_.size() * kBuffersPerChunk >= kBuffersMax) return false;
  auto memory = PageBlock::allocate(pages_, kBuffersPerChunk * buffer_bytes_);
  if (!memory.ok()) return false;
  std::unique_ptr<Buffer[]> buffers(new (std::nothrow) Buffer[kBuffersPerChunk]);
  if (buffers == nullptr) return false;
  for (std::size_t i = 0; i < kBuffersPerChunk; ++i) {
    Buffer& buffer = buffers[i];
    buffer.memory = memory->bytes().data() + i * buffer_bytes_;
    buffer.segment.data = buffer.memory;
    buffer.segment.next = free_;
    free_ = &buffer.segment;
  }
  chunks_.push_back({*std::move(memory), std::move(buffers)});
  return true;
}

link::Segment* ReceivePool::take() noexcept {
  if (free_ == nullptr && !grow()) return nullptr;
  link::Segment* segment = free_;
  free_ = segment->next;
  segment->next = nullptr;
  segment->length = 0;
  ++lent_;
  return segment;
}

void ReceivePool::release(link::Segment* chain) noexcept {
  while (chain != nullptr) {
    link::Segment* next = chain->next;
    // Consumers may have moved data past headers; the segment is the buffer's first member.
    chain->data = reinterpret_cast<Buffer*>(chain)->memory;
    chain->next = free_;
    free_ = chain;
    KEDGE_ASSERT(lent_ != 0);
    --lent_;
    chain = next;
  }
  if (orphaned_ && lent_ == 0) delete this;
}

void ReceivePool::orphan() noexcept {
  orphaned_ = true;
  if (lent_ == 0) delete this;
}

}  // namespace kedge::uefi
