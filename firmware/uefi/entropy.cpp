// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/entropy.h"

#include "uefi/protocol.h"

namespace kedge::uefi {
namespace {

constexpr std::size_t kCpuWords = 128;  // 1024 bytes: enough for the start-up test
constexpr std::size_t kFirmwareBytes = 1024;
constexpr std::size_t kJitterSamples = 2048;  // at 1 bit each: eight times what is needed
constexpr std::uint64_t kReseedRequests = 4096;

template <class T>
void mix(Sha256& pool, const T& value) noexcept {
  pool.update(std::as_bytes(std::span(&value, 1)));
}

// 4.4.2: the critical value of the binomial distribution, 1 + CRITBINOM(512, 2^-H, 1 - 2^-30).
constexpr unsigned kProportionCutoffs[9] = {512, 325, 190, 114, 71, 46, 31, 22, 16};

}  // namespace

// 4.4.1: C = 1 + ceil(30 / H)
HealthTest::HealthTest(unsigned bits_per_sample) noexcept
    : repetition_cutoff_(1 + (30 + bits_per_sample - 1) / bits_per_sample),
      proportion_cutoff_(kProportionCutoffs[bits_per_sample]) {}

void HealthTest::sample(std::uint8_t value) noexcept {
  repeated_ = samples_ != 0 && value == last_ ? repeated_ + 1 : 1;
  if (repeated_ >= repetition_cutoff_) failed_ = true;
  last_ = value;
  if (in_window_ == 0) {
    first_of_window_ = value;
    matches_ = 1;
  } else if (value == first_of_window_ && ++matches_ >= proportion_cutoff_) {
    failed_ = true;
  }
  in_window_ = (in_window_ + 1) % kWindow;
  ++samples_;
}

bool SystemEntropy::gather_cpu(Sha256& pool) noexcept {
  HealthTest test(8);
  for (std::size_t i = 0; i < kCpuWords; ++i) {
    const std::optional<std::uint64_t> word = cpu_.random();
    if (!word.has_value()) return false;
    mix(pool, *word);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      test.sample(static_cast<std::uint8_t>(*word >> shift));
    }
  }
  return test.healthy();
}

bool SystemEntropy::gather_firmware(Sha256& pool) noexcept {
  // The first that works: there is one per source, and none that we would prefer.
  for (const Handle handle : firmware_.locate<EFI_RNG_PROTOCOL>()) {
    auto* rng = peek<EFI_RNG_PROTOCOL>(firmware_, handle);
    if (rng == nullptr) continue;
    HealthTest test(8);
    bool complete = true;
    for (std::size_t i = 0; complete && i < kFirmwareBytes / Sha256::kSize; ++i) {
      Sha256::Digest bytes{};
      complete = !EFI_ERROR(
          rng->GetRNG(rng, nullptr, bytes.size(), reinterpret_cast<UINT8*>(bytes.data())));
      mix(pool, bytes);
      for (const std::byte byte : bytes) test.sample(static_cast<std::uint8_t>(byte));
    }
    if (complete && test.healthy()) return true;
  }
  return false;
}

bool SystemEntropy::gather_jitter(Sha256& pool) noexcept {
  // Each sample is the time that a hash over the pool's own growing state takes: caches,
  // interrupts, and in a VM the host, shake it. Claimed: 1 bit in each, although more is seen
  // (docs/security.md).
  HealthTest test(1);
  Sha256::Digest work{};
  std::uint64_t before = cpu_.counter();
  for (std::size_t i = 0; i < kJitterSamples; ++i) {
    Sha256 hash;
    hash.update(work);
    mix(hash, before);
    work = hash.finish();
    const std::uint64_t after = cpu_.counter();
    const std::uint64_t span = after - before;
    mix(pool, span);
    // Counters that advance in steps leave the low bits constant; fold everything in.
    test.sample(static_cast<std::uint8_t>(span ^ span >> 8 ^ span >> 16));
    before = after;
  }
  return test.healthy();
}

Result<void> SystemEntropy::start(FirmwareSource firmware) noexcept {
  Sha256 pool;
  sources_.cpu = gather_cpu(pool);
  sources_.firmware = firmware == FirmwareSource::any && gather_firmware(pool);
  sources_.jitter = gather_jitter(pool);
  EFI_TIME time{};
  if (!EFI_ERROR(firmware_.runtime().GetTime(&time, nullptr))) mix(pool, time);
  drbg_.instantiate(pool.finish());
  if (!sources_.cpu && !sources_.firmware && !sources_.jitter) return fail(err::uefi_entropy_poor);
  return {};
}

void SystemEntropy::fill(ByteSpan out) noexcept {
  if (drbg_.requests() >= kReseedRequests) {
    Sha256 pool;
    for (int i = 0; i < 4; ++i) mix(pool, cpu_.random().value_or(0));
    mix(pool, cpu_.counter());
    drbg_.reseed(pool.finish());
  }
  drbg_.generate(out);
}

}  // namespace kedge::uefi
