// SPDX-License-Identifier: BSD-2-Clause-Patent
// The firmware's heap on pages of UEFI's AllocatePages (UEFI 2.10, 7.2).
#include <cstdint>

#include "uefi/rt/image.h"
#include "uefi/rt/runtime.h"

namespace kedge::uefi::rt {
namespace {

EFI_BOOT_SERVICES* boot_services() noexcept {
  return static_cast<EFI_SYSTEM_TABLE*>(kedge_system_table)->BootServices;
}

class FirmwarePages final : public PageSource {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    // AllocatePages aligns to 4 KiB: ask for more, and give back what lies around the aligned part.
    // FreePages takes any part of an allocation.
    const std::size_t pages = EFI_SIZE_TO_PAGES(bytes);
    const std::size_t surplus = EFI_SIZE_TO_PAGES(alignment) - 1;
    EFI_PHYSICAL_ADDRESS address = 0;
    if (EFI_ERROR(boot_services()->AllocatePages(AllocateAnyPages, data_type(), pages + surplus,
                                                 &address))) {
      return nullptr;
    }
    const EFI_PHYSICAL_ADDRESS aligned =
        (address + alignment - 1) & ~(EFI_PHYSICAL_ADDRESS{alignment} - 1);
    const std::size_t before = EFI_SIZE_TO_PAGES(aligned - address);
    if (before > 0) boot_services()->FreePages(address, before);
    if (surplus > before)
      boot_services()->FreePages(aligned + EFI_PAGES_TO_SIZE(pages), surplus - before);
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(aligned));
  }

  void release(void* address, std::size_t bytes) noexcept override {
    boot_services()->FreePages(reinterpret_cast<std::uintptr_t>(address), EFI_SIZE_TO_PAGES(bytes));
  }
};

constinit FirmwarePages pages;
constinit Heap heap(pages);

// Notify functions and protocols that we produce allocate, too, and may interrupt an allocation.
class HeapGuard {
 public:
  HeapGuard() noexcept : previous_(boot_services()->RaiseTPL(TPL_NOTIFY)) {}
  ~HeapGuard() { boot_services()->RestoreTPL(previous_); }
  HeapGuard(const HeapGuard&) = delete;
  HeapGuard& operator=(const HeapGuard&) = delete;

 private:
  EFI_TPL previous_;
};

}  // namespace

HeapStatistics heap_statistics() noexcept {
  const HeapGuard guard;
  return heap.statistics();
}

}  // namespace kedge::uefi::rt

extern "C" {

void* kedge_heap_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  const kedge::uefi::rt::HeapGuard guard;
  return kedge::uefi::rt::heap.allocate(bytes, alignment);
}
void* kedge_heap_must_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  const kedge::uefi::rt::HeapGuard guard;
  return kedge::uefi::rt::heap.allocate(bytes, alignment, kedge::uefi::rt::Reserve::use);
}
bool kedge_heap_prepare() noexcept {
  const kedge::uefi::rt::HeapGuard guard;
  return kedge::uefi::rt::heap.prepare();
}
void kedge_heap_free(void* block) noexcept {
  if (block == nullptr) return;
  const kedge::uefi::rt::HeapGuard guard;
  kedge::uefi::rt::heap.release(block);
}
std::size_t kedge_heap_size(const void* block) noexcept {
  const kedge::uefi::rt::HeapGuard guard;
  return kedge::uefi::rt::heap.size_of(block);
}
void kedge_runtime_end() noexcept {
  const kedge::uefi::rt::HeapGuard guard;
  kedge::uefi::rt::heap.release_everything();
}

}  // extern "C"
