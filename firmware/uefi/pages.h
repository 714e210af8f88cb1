// SPDX-License-Identifier: BSD-2-Clause-Patent
// FirmwarePages: large blocks from the firmware's page allocator.
#pragma once

#include "port/pages.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

class FirmwarePages final : public port::Pages {
 public:
  /// LoaderData: what an operating system may reclaim once it runs.
  explicit FirmwarePages(const Firmware& firmware, EFI_MEMORY_TYPE type = EfiLoaderData) noexcept
      : firmware_(firmware), type_(type) {}

  /// Errors: base_no_memory.
  Result<ByteSpan> allocate(std::size_t bytes) noexcept override;
  void release(ByteSpan block) noexcept override;

 private:
  const Firmware& firmware_;
  EFI_MEMORY_TYPE type_;
};

/// A block that is given back when destroyed.
class PageBlock {
 public:
  PageBlock() noexcept = default;
  PageBlock(port::Pages& pages, ByteSpan bytes) noexcept : pages_(&pages), bytes_(bytes) {}
  PageBlock(PageBlock&& other) noexcept
      : pages_(std::exchange(other.pages_, nullptr)), bytes_(std::exchange(other.bytes_, {})) {}
  PageBlock& operator=(PageBlock&& other) noexcept {
    PageBlock taken(std::move(other));
    std::swap(pages_, taken.pages_);
    std::swap(bytes_, taken.bytes_);
    return *this;
  }
  ~PageBlock() {
    if (pages_ != nullptr) pages_->release(bytes_);
  }

  static Result<PageBlock> allocate(port::Pages& pages, std::size_t bytes) noexcept {
    KEDGE_TRY(const ByteSpan block, pages.allocate(bytes));
    return PageBlock(pages, block);
  }
  ByteSpan bytes() const noexcept { return bytes_; }

 private:
  port::Pages* pages_ = nullptr;
  ByteSpan bytes_;
};

}  // namespace kedge::uefi
