// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kedge::uefi {
namespace {

#if defined(__x86_64__)

class RealCpu final : public Cpu {
 public:
  std::uint64_t counter() noexcept override { return __builtin_ia32_rdtsc(); }

  std::optional<std::uint64_t> counter_hz() noexcept override {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    // Intel SDM volume 2, CPUID leaf 15H: TSC / crystal = EBX / EAX, crystal in Hz in ECX.
    if (__get_cpuid_max(0, nullptr) >= 0x15) {
      __cpuid(0x15, a, b, c, d);
      if (a != 0 && b != 0 && c != 0) return std::uint64_t{c} * b / a;
    }
    // Leaf 1 ECX bit 31: a hypervisor is present; its leaf 40000010H gives the TSC rate in kHz
    // (VMware's convention, which KVM follows).
    __cpuid(1, a, b, c, d);
    if ((c & 1U << 31) == 0) return std::nullopt;
    __cpuid(0x40000000, a, b, c, d);
    if (a < 0x40000010 || a > 0x4000ffff) return std::nullopt;
    __cpuid(0x40000010, a, b, c, d);
    if (a == 0) return std::nullopt;
    return std::uint64_t{a} * 1000;
  }

  std::optional<std::uint64_t> random() noexcept override {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    __cpuid(1, a, b, c, d);
    if ((c & 1U << 30) == 0) return std::nullopt;
    // Intel's guide: ten tries; failing ten times in a row means broken hardware.
    for (int i = 0; i < 10; ++i) {
      std::uint64_t value = 0;
      unsigned char good = 0;
      __asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
      // Some CPUs answer all ones for ever after a suspend (AMD families 15h and 16h, early Zen 2).
      if (good != 0 && value != 0 && value != ~std::uint64_t{0}) return value;
    }
    return std::nullopt;
  }

  void pause() noexcept override { __builtin_ia32_pause(); }
};

#elif defined(__aarch64__)

class RealCpu final : public Cpu {
 public:
  std::uint64_t counter() noexcept override {
    std::uint64_t value = 0;
    // The barrier keeps the counter from being read early (Arm ARM D12.1.2).
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
  }
  std::optional<std::uint64_t> counter_hz() noexcept override {
    std::uint64_t value = 0;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    value &= 0xffffffff;
    if (value == 0) return std::nullopt;
    return value;
  }
  std::optional<std::uint64_t> random() noexcept override {
    std::uint64_t features = 0;
    __asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(features));
    if ((features >> 60) == 0) return std::nullopt;  // no FEAT_RNG
    for (int i = 0; i < 10; ++i) {
      std::uint64_t value = 0;
      std::uint64_t good = 0;
      // RNDR (s3_3_c2_c4_0) sets Z when it has no number.
      __asm__ volatile("mrs %0, s3_3_c2_c4_0; cset %1, ne" : "=r"(value), "=r"(good) : : "cc");
      if (good != 0) return value;
    }
    return std::nullopt;
  }
  void pause() noexcept override { __asm__ volatile("yield"); }
};

#elif defined(__riscv)

class RealCpu final : public Cpu {
 public:
  std::uint64_t counter() noexcept override {
    std::uint64_t value = 0;
    __asm__ volatile("rdtime %0" : "=r"(value));
    return value;
  }
  std::optional<std::uint64_t> counter_hz() noexcept override { return std::nullopt; }
  std::optional<std::uint64_t> random() noexcept override { return std::nullopt; }
  void pause() noexcept override { __asm__ volatile("nop"); }
};

#elif defined(__loongarch__)

class RealCpu final : public Cpu {
 public:
  std::uint64_t counter() noexcept override {
    std::uint64_t value = 0;
    std::uint64_t id = 0;
    __asm__ volatile("rdtime.d %0, %1" : "=r"(value), "=r"(id));
    return value;
  }
  std::optional<std::uint64_t> counter_hz() noexcept override { return std::nullopt; }
  std::optional<std::uint64_t> random() noexcept override { return std::nullopt; }
  void pause() noexcept override { __asm__ volatile("nop"); }
};

#endif

}  // namespace

Cpu& real_cpu() noexcept {
  static RealCpu cpu;
  return cpu;
}

}  // namespace kedge::uefi
