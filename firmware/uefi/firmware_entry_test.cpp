// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/firmware_entry.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "uefi/producer_foreign_table.h"

namespace kedge::uefi {
namespace {

std::vector<std::uint64_t> seen;

EFI_STATUS thirteen(void* a, UINT8 b, UINT16 c, UINT32 d, UINT64 e, BOOLEAN f, UINTN g, UINT16* h,
                    UINT64 i, UINT64 j, UINT64 k, UINT64 l, EFI_TPL m) noexcept {
  seen = {reinterpret_cast<std::uint64_t>(a), b, c, d, e, f, g,
          reinterpret_cast<std::uint64_t>(h), i, j, k, l, m};
  return EFI_WARN_STALE_DATA;
}

TEST(FirmwareEntry, PassesEveryArgumentAndTheStatus) {
  int here = 0;
  UINT16 there = 0;
  EXPECT_EQ(firmware_entry<&thirteen>(&here, 2, 3, 4, 5, 6, 7, &there, 9, 10, 11, 12, 13),
            EFI_WARN_STALE_DATA);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{reinterpret_cast<std::uint64_t>(&here), 2, 3, 4, 5, 6,
                                              7, reinterpret_cast<std::uint64_t>(&there), 9, 10, 11,
                                              12, 13}));
}

void nothing(EFI_EVENT event, void* context) noexcept {
  *static_cast<EFI_EVENT*>(context) = event;
}

TEST(FirmwareEntry, CallsNotifyFunctions) {
  EFI_EVENT seen_event = nullptr;
  int event = 0;
  firmware_entry<&nothing>(&event, &seen_event);
  EXPECT_EQ(seen_event, &event);
}

#if defined(__x86_64__)
EFI_STATUS narrow(UINT8 a, UINT16 b, UINT32 c, BOOLEAN d, UINT16 e) noexcept {
  seen = {a, b, c, d, e};
  return EFI_SUCCESS;
}

using Wide = EFI_STATUS(EFIAPI*)(UINT64, UINT64, UINT64, UINT64, UINT64);

// As the firmware's compiler calls, which knows the table's types only.
[[clang::no_sanitize("function")]] EFI_STATUS call_wide(void (*function)(), UINT64 a, UINT64 b,
                                                        UINT64 c, UINT64 d, UINT64 e) noexcept {
  return reinterpret_cast<Wide>(function)(a, b, c, d, e);
}

// What stands above a small argument is undefined, and callers leave things there.
TEST(FirmwareEntry, LooksAtNoMoreOfAnArgumentThanItsType) {
  constexpr std::uint64_t kDirt = 0xdddd'dddd'0000'0000;
  const auto function = reinterpret_cast<void (*)()>(firmware_entry<&narrow>);
  EXPECT_EQ(call_wide(function, kDirt | 0xaaaa'aa01, kDirt | 0xbbbb'0002, kDirt | 3,
                      kDirt | 0xcccc'cc01, kDirt | 0xeeee'0005),
            EFI_SUCCESS);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3, 1, 5}));
}

// Uses what our convention lets it use.
void spoil() noexcept {
  asm volatile(
      "pcmpeqd %%xmm6, %%xmm6\n\tpcmpeqd %%xmm7, %%xmm7\n\tpcmpeqd %%xmm8, %%xmm8\n\t"
      "pcmpeqd %%xmm9, %%xmm9\n\tpcmpeqd %%xmm10, %%xmm10\n\tpcmpeqd %%xmm11, %%xmm11\n\t"
      "pcmpeqd %%xmm12, %%xmm12\n\tpcmpeqd %%xmm13, %%xmm13\n\tpcmpeqd %%xmm14, %%xmm14\n\t"
      "pcmpeqd %%xmm15, %%xmm15\n\tmovq $-1, %%rdi\n\tmovq $-1, %%rsi"
      :
      :
      : "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "rdi",
        "rsi");
}

constexpr std::size_t kVectors = 10;  // xmm6 to xmm15
struct alignas(16) Registers {
  std::array<std::array<std::uint64_t, 2>, kVectors> vectors;
  std::uint64_t rdi;
  std::uint64_t rsi;
};

// Loads the registers, calls as the firmware does, and stores them.
[[gnu::naked]] void call_with_registers(void (*)(), const Registers*, Registers*) {
  asm volatile(R"(
    pushq %rbx
    pushq %rbp
    movq %rdi, %rax
    movq %rsi, %rbx
    movq %rdx, %rbp
    movaps (%rbx), %xmm6
    movaps 0x10(%rbx), %xmm7
    movaps 0x20(%rbx), %xmm8
    movaps 0x30(%rbx), %xmm9
    movaps 0x40(%rbx), %xmm10
    movaps 0x50(%rbx), %xmm11
    movaps 0x60(%rbx), %xmm12
    movaps 0x70(%rbx), %xmm13
    movaps 0x80(%rbx), %xmm14
    movaps 0x90(%rbx), %xmm15
    movq 0xa0(%rbx), %rdi
    movq 0xa8(%rbx), %rsi
    subq $0x28, %rsp
    call *%rax
    addq $0x28, %rsp
    movaps %xmm6, (%rbp)
    movaps %xmm7, 0x10(%rbp)
    movaps %xmm8, 0x20(%rbp)
    movaps %xmm9, 0x30(%rbp)
    movaps %xmm10, 0x40(%rbp)
    movaps %xmm11, 0x50(%rbp)
    movaps %xmm12, 0x60(%rbp)
    movaps %xmm13, 0x70(%rbp)
    movaps %xmm14, 0x80(%rbp)
    movaps %xmm15, 0x90(%rbp)
    movq %rdi, 0xa0(%rbp)
    movq %rsi, 0xa8(%rbp)
    popq %rbp
    popq %rbx
    retq
  )");
}

TEST(FirmwareEntry, KeepsTheRegistersThatBelongToTheFirmware) {
  Registers before{};
  std::uint64_t next = 0x1111;
  for (auto& vector : before.vectors) vector = {next++, next++};
  before.rdi = next++;
  before.rsi = next++;
  Registers after{};
  call_with_registers(reinterpret_cast<void (*)()>(firmware_entry<&spoil>), &before, &after);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof(before)), 0);
}
#endif

struct Producer {
  ProducerTable<EFI_LOAD_FILE_PROTOCOL, Producer> table;
  explicit Producer(const Firmware& firmware, ProducerRules rules = {}) noexcept
      : table(*this, firmware, rules) {
    table.raw.LoadFile = Entry<EFI_LOAD_FILE_PROTOCOL, &Producer::load>::call;
  }
  EFI_STATUS load(EFI_DEVICE_PATH_PROTOCOL*, BOOLEAN policy, UINTN* size, void*) noexcept {
    *size = policy;
    return EFI_NOT_FOUND;
  }
};

TEST(ProducerEntry, CallsTheOwnerOfTheTable) {
  const Firmware firmware(nullptr, nullptr);
  Producer producer(firmware);
  auto& raw = producer.table.raw;
  UINTN size = 0;
  EXPECT_EQ(raw.LoadFile(&raw, nullptr, 7, &size, nullptr), EFI_NOT_FOUND);
  EXPECT_EQ(size, 7U);
}

TEST(ProducerEntry, RefusesForeignTablesAndRetiredOwners) {
  const Firmware firmware(nullptr, nullptr);
  bool retired = false;
  Producer producer(firmware, {.level = 0, .retired = &retired});
  auto& raw = producer.table.raw;
  ForeignTable<EFI_LOAD_FILE_PROTOCOL> foreign;
  UINTN size = 0;
  EXPECT_EQ(raw.LoadFile(nullptr, nullptr, 1, &size, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw.LoadFile(&foreign.raw, nullptr, 1, &size, nullptr), EFI_INVALID_PARAMETER);
  retired = true;
  EXPECT_EQ(raw.LoadFile(&raw, nullptr, 1, &size, nullptr), EFI_DEVICE_ERROR);
  EXPECT_EQ(size, 0U);
}

TEST(ProducerEntry, RefusesEverythingAfterTheEndOfBootServices) {
  const Firmware firmware(nullptr, nullptr);
  // A level to raise, by boot services that are not there.
  Producer producer(firmware, {.level = TPL_NOTIFY});
  auto& raw = producer.table.raw;
  UINTN size = 0;
  firmware.end_boot_services();
  EXPECT_EQ(raw.LoadFile(&raw, nullptr, 1, &size, nullptr), EFI_DEVICE_ERROR);
  EXPECT_EQ(raw.LoadFile(nullptr, nullptr, 1, &size, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(size, 0U);
}

}  // namespace
}  // namespace kedge::uefi
