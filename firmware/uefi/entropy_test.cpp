// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/entropy.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/fake/uefi.h"
#include "uefi/uefi_errors.h"

namespace kedge::uefi {
namespace {

using fake::FakeCpu;
using fake::FakeFirmware;

TEST(HealthTest, AcceptsGoodSamplesOfFullEntropy) {
  std::mt19937 generator(1);
  HealthTest test(8);
  for (int i = 0; i < 100'000; ++i) test.sample(static_cast<std::uint8_t>(generator()));
  EXPECT_TRUE(test.healthy());
}

TEST(HealthTest, NeedsEnoughSamplesBeforeItTrusts) {
  std::mt19937 generator(1);
  HealthTest test(8);
  for (int i = 0; i < 1023; ++i) test.sample(static_cast<std::uint8_t>(generator()));
  EXPECT_FALSE(test.healthy());
  test.sample(7);
  EXPECT_TRUE(test.healthy());
}

// 4.4.1: with one bit claimed, the 31st equal sample in a row is one too many.
TEST(HealthTest, RepetitionsBeyondTheCutoffFail) {
  for (const int repetitions : {30, 31}) {
    std::mt19937 generator(1);
    HealthTest test(1);
    for (int i = 0; i < 2048; ++i) test.sample(static_cast<std::uint8_t>(generator() % 251));
    for (int i = 0; i < repetitions; ++i) test.sample(255);
    EXPECT_EQ(test.healthy(), repetitions < 31);
  }
}

// 4.4.2: a value that comes too often in a window fails although it never repeats.
TEST(HealthTest, AValueThatIsTooFrequentFails) {
  HealthTest test(8);
  for (int i = 0; i < 2048; ++i) test.sample(static_cast<std::uint8_t>(i % 20 == 0 ? 0 : i));
  EXPECT_FALSE(test.healthy());
}

struct EntropyTest : testing::Test {
  FakeFirmware fake;
  FakeCpu cpu{fake};
  SystemEntropy entropy{fake.firmware(), cpu};
  std::mt19937_64 generator{7};
};

TEST_F(EntropyTest, TheCpusGeneratorIsEnough) {
  cpu.next_random = [&] { return std::optional(generator()); };
  EXPECT_TRUE(entropy.start().ok());
  EXPECT_TRUE(entropy.sources().cpu);
  EXPECT_FALSE(entropy.sources().firmware);
}

TEST_F(EntropyTest, AStuckCpuGeneratorAndAStandingCounterAreReported) {
  cpu.next_random = [] { return std::optional<std::uint64_t>(0x1111111111111111); };
  const Result<void> result = entropy.start();
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_entropy_poor);
}

TEST_F(EntropyTest, JitterOfTheCounterIsEnough) {
  struct JitteryCpu final : Cpu {
    std::mt19937 generator{3};
    std::uint64_t value = 0;
    std::uint64_t counter() noexcept override { return value += 900 + generator() % 64; }
    std::optional<std::uint64_t> counter_hz() noexcept override { return std::nullopt; }
    std::optional<std::uint64_t> random() noexcept override { return std::nullopt; }
    void pause() noexcept override {}
  } jittery;
  SystemEntropy from_jitter(fake.firmware(), jittery);
  EXPECT_TRUE(from_jitter.start().ok());
  EXPECT_TRUE(from_jitter.sources().jitter);
}

std::mt19937* rng_generator = nullptr;
EFI_STATUS EFIAPI get_rng(EFI_RNG_PROTOCOL*, EFI_RNG_ALGORITHM*, UINTN size, UINT8* out) {
  for (UINTN i = 0; i < size; ++i) out[i] = static_cast<UINT8>((*rng_generator)());
  return EFI_SUCCESS;
}

TEST_F(EntropyTest, TheFirmwaresGeneratorIsEnough) {
  std::mt19937 bytes(5);
  rng_generator = &bytes;
  EFI_RNG_PROTOCOL rng{};
  rng.GetRNG = get_rng;
  fake.add_protocol(nullptr, &rng);
  EXPECT_TRUE(entropy.start().ok());
  EXPECT_TRUE(entropy.sources().firmware);
  EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
  EXPECT_EQ(fake.pools_in_use(), 0U);
}

TEST_F(EntropyTest, EveryRequestGivesOtherBytes) {
  cpu.next_random = [&] { return std::optional(generator()); };
  ASSERT_TRUE(entropy.start().ok());
  std::set<std::uint32_t> values;
  for (int i = 0; i < 10'000; ++i) values.insert(entropy.u32());
  EXPECT_GT(values.size(), 9'990U);
}

}  // namespace
}  // namespace kedge::uefi
