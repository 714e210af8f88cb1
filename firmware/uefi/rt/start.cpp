// SPDX-License-Identifier: BSD-2-Clause-Patent
// The entry point of every image; runtime.h says what it does.
//
// Nothing relocates itself here: elf2pe turns the ELF file's relocations into those of a PE image,
// and the firmware applies them when it loads the image. So read-only data stays read-only from the
// first instruction.
#include <Uefi.h>

#include <Protocol/LoadedImage.h>
#include <Protocol/Rng.h>

#include <cstdint>

#include "base/assert.h"
#include "uefi/rt/image.h"
#include "uefi/rt/runtime.h"

// Compared with its copy on the stack before each return. The null byte at the bottom stops
// overruns by strings.
extern "C" std::uintptr_t __stack_chk_guard;
std::uintptr_t __stack_chk_guard = 0x595E9FBD94FDA700;

extern "C" void* kedge_image_handle = nullptr;
extern "C" void* kedge_system_table = nullptr;

namespace kedge::uefi::rt {
namespace {

EFI_LOADED_IMAGE_PROTOCOL* loaded_image = nullptr;

// Ticks of the processor's counter: not a secret, but different in each run.
std::uint64_t ticks() noexcept {
  std::uint64_t count = 0;
#if defined(__x86_64__)
  count = __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
#elif defined(__riscv)
  asm volatile("rdtime %0" : "=r"(count));
#elif defined(__loongarch64)
  asm volatile("rdtime.d %0, $zero" : "=r"(count));
#endif
  return count;
}

// Runs before the guard is set, so it must not be guarded itself.
__attribute__((no_stack_protector)) std::uintptr_t draw_guard(EFI_BOOT_SERVICES* boot,
                                                              const void* handle) noexcept {
  std::uint64_t secret = 0;
  EFI_GUID rng_guid = EFI_RNG_PROTOCOL_GUID;
  EFI_RNG_PROTOCOL* rng = nullptr;
  if (!EFI_ERROR(boot->LocateProtocol(&rng_guid, nullptr, reinterpret_cast<void**>(&rng)))) {
    (void)rng->GetRNG(rng, nullptr, sizeof(secret), reinterpret_cast<UINT8*>(&secret));
  }
  // Without a random number generator this is the best there is at entry; it need not keep secrets
  // of the network.
  secret ^= ticks() * 0x9E3779B97F4A7C15u;
  secret ^= reinterpret_cast<std::uintptr_t>(handle) * 0xD1B54A32D192ED03u;
  secret ^= secret >> 29;
  return static_cast<std::uintptr_t>(secret) & ~std::uintptr_t{0xFF};
}

using Initializer = void (*)();
extern "C" const Initializer __init_array_start[];
extern "C" const Initializer __init_array_end[];

bool is_application() noexcept {
  return loaded_image == nullptr || loaded_image->ImageCodeType == EfiLoaderCode;
}

std::size_t run(EFI_HANDLE handle, EFI_SYSTEM_TABLE* table) noexcept {
  EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
  void* interface = nullptr;
  if (!EFI_ERROR(table->BootServices->HandleProtocol(handle, &guid, &interface))) {
    loaded_image = static_cast<EFI_LOADED_IMAGE_PROTOCOL*>(interface);
  }
  if (!kedge_heap_prepare()) return EFI_OUT_OF_RESOURCES;
  for (const Initializer* initializer = __init_array_start; initializer != __init_array_end;
       ++initializer) {
    (*initializer)();
  }
  const std::size_t status = kedge_main(handle, table);
  if (is_application() || EFI_ERROR(status)) kedge_runtime_end();
  return status;
}

}  // namespace

EFI_MEMORY_TYPE data_type() noexcept {
  return loaded_image == nullptr ? EfiLoaderData : loaded_image->ImageDataType;
}

}  // namespace kedge::uefi::rt

extern "C" __attribute__((no_stack_protector, used)) EFI_STATUS EFIAPI
_start(EFI_HANDLE handle, EFI_SYSTEM_TABLE* table) {
  kedge_image_handle = handle;
  kedge_system_table = table;
  __stack_chk_guard = kedge::uefi::rt::draw_guard(table->BootServices, handle);
  return kedge::uefi::rt::run(handle, table);
}

extern "C" [[noreturn]] void __stack_chk_fail() {
  kedge::assertion_failed("stack overrun", "stack protector", 0);
}

extern "C" [[noreturn]] void kedge_runtime_exit(std::size_t status) noexcept {
  kedge_runtime_end();
  auto* const table = static_cast<EFI_SYSTEM_TABLE*>(kedge_system_table);
  table->BootServices->Exit(kedge_image_handle, status, 0, nullptr);
  // Exit comes back only for a handle that is not ours.
  for (;;) table->BootServices->Stall(1'000'000);
}
