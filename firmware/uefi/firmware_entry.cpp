// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/firmware_entry.h"

#include "uefi/producer.h"

#if defined(__x86_64__)
// At the entry the stack is 8 bytes off a multiple of 16; two registers and the area below make it
// one, as both the stores and our convention need it.
extern "C" [[gnu::naked]] void kedge_firmware_entry() {
  asm volatile(R"(
    movq %rcx, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %r8, 24(%rsp)
    movq %r9, 32(%rsp)
    leaq 8(%rsp), %r10
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    subq $0xa8, %rsp
    .cfi_adjust_cfa_offset 0xa8
    movaps %xmm6, (%rsp)
    movaps %xmm7, 0x10(%rsp)
    movaps %xmm8, 0x20(%rsp)
    movaps %xmm9, 0x30(%rsp)
    movaps %xmm10, 0x40(%rsp)
    movaps %xmm11, 0x50(%rsp)
    movaps %xmm12, 0x60(%rsp)
    movaps %xmm13, 0x70(%rsp)
    movaps %xmm14, 0x80(%rsp)
    movaps %xmm15, 0x90(%rsp)
    movq %r10, %rdi
    movq %r11, %rsi
    call *%rax
    movaps (%rsp), %xmm6
    movaps 0x10(%rsp), %xmm7
    movaps 0x20(%rsp), %xmm8
    movaps 0x30(%rsp), %xmm9
    movaps 0x40(%rsp), %xmm10
    movaps 0x50(%rsp), %xmm11
    movaps 0x60(%rsp), %xmm12
    movaps 0x70(%rsp), %xmm13
    movaps 0x80(%rsp), %xmm14
    movaps 0x90(%rsp), %xmm15
    addq $0xa8, %rsp
    .cfi_adjust_cfa_offset -0xa8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    retq
  )");
}

extern "C" [[gnu::naked]] void kedge_producer_entry() {
  asm volatile("movq %%rax, %%r11\n\tleaq %c0(%%rip), %%rax\n\tjmp %c1"
               :
               : "Ws"(&kedge::uefi::kedge_enter_producer), "Ws"(&kedge_firmware_entry));
}
#endif

namespace kedge::uefi {

ProducerCall::ProducerCall(void* raw) noexcept {
  if (raw == nullptr) return;
  const ProducerHead& head = *(static_cast<const ProducerHead*>(raw) - 1);
  if (head.magic != ProducerHead::kMagic) return;
  if (head.firmware->boot_services_ended() || (head.retired != nullptr && *head.retired)) {
    refusal_ = EFI_DEVICE_ERROR;
    return;
  }
  owner_ = head.owner;
  if (head.level != 0) guard_.emplace(*head.firmware, head.level);
}

#if defined(__x86_64__)
extern "C" EFI_STATUS kedge_enter_producer(const EntryWord* words,
                                           ProducerFunction function) noexcept {
  const ProducerCall call(reinterpret_cast<void*>(words[0]));
  return call.owner() == nullptr ? call.refusal() : function(call.owner(), words);
}
#endif

}  // namespace kedge::uefi
