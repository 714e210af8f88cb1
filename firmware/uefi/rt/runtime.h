// SPDX-License-Identifier: BSD-2-Clause-Patent
// The interface between the run-time library and the program in app/ and uefi/. No UEFI headers, so
// that anybody may include it.
//
// What happens at entry (start.cpp): the stack protector's secret is drawn, kedge_image_handle and
// kedge_system_table are set, the heap takes its first memory (without it the image returns
// EFI_OUT_OF_RESOURCES), constructors of globals run, then kedge_main. When it returns and the
// image is an application, or it returns an error, all memory goes back to the firmware. A driver
// that stays calls kedge_runtime_end when it is unloaded. Destructors of globals never run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "uefi/rt/heap.h"

extern "C" {

/// The program. `image_handle` is an EFI_HANDLE, `system_table` an EFI_SYSTEM_TABLE*, the result an
/// EFI_STATUS.
std::size_t kedge_main(void* image_handle, void* system_table);

/// What kedge_main was given.
extern void* kedge_image_handle;
extern void* kedge_system_table;

/// Memory of the firmware's heap; nullptr when there is none. Callable up to TPL_NOTIFY.
void* kedge_heap_allocate(std::size_t bytes, std::size_t alignment) noexcept;
/// The same for those who cannot be told that there is none: from the heap's reserve, too.
void* kedge_heap_must_allocate(std::size_t bytes, std::size_t alignment) noexcept;
/// Takes the heap's first chunk; false when the firmware has no memory for it.
bool kedge_heap_prepare() noexcept;
void kedge_heap_free(void* block) noexcept;
/// How many bytes a block of kedge_heap_allocate really has.
std::size_t kedge_heap_size(const void* block) noexcept;

/// Gives all memory back. For a driver's Unload function, as its last act.
void kedge_runtime_end() noexcept;

/// Leaves an application from anywhere: gives all memory back and calls BootServices->Exit.
/// `status` is an EFI_STATUS.
[[noreturn]] void kedge_runtime_exit(std::size_t status) noexcept;

}  // extern "C"

namespace kedge::uefi::rt {

/// Of the heap behind kedge_heap_allocate: leak checks compare `blocks` before and after.
HeapStatistics heap_statistics() noexcept;

}  // namespace kedge::uefi::rt
