// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/clock.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"
#include "uefi/uefi_errors.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;

struct ClockTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeCpu cpu{fake};
  CpuClock clock{fake.firmware(), cpu};
};

TEST_F(ClockTest, ARateThatTheCpuTellsIsBelieved) {
  cpu.known_hz = 2'500'000'000;
  const std::int64_t before = fake.now_ns;
  ASSERT_TRUE(clock.start().ok());
  EXPECT_EQ(fake.now_ns, before);
  EXPECT_EQ(clock.counter_hz(), 2'500'000'000U);
}

TEST_F(ClockTest, AnUnknownRateIsMeasuredAgainstStall) {
  ASSERT_TRUE(clock.start().ok());
  EXPECT_NEAR(static_cast<double>(clock.counter_hz()), 2.5e9, 1e6);
}

TEST_F(ClockTest, AMeasurementOnABusyHostFindsTheUndisturbedRate) {
  // Most reads of the counter come late, by up to two milliseconds.
  struct BusyCpu final : Cpu {
    explicit BusyCpu(fake::FakeFirmware& firmware) : fake(firmware) {}
    std::uint64_t counter() noexcept override {
      if (++reads % 16 > 1) fake.now_ns += 200'000 * (reads * 7 % 11);
      return static_cast<std::uint64_t>(fake.now_ns) * 2;
    }
    std::optional<std::uint64_t> counter_hz() noexcept override { return std::nullopt; }
    std::optional<std::uint64_t> random() noexcept override { return std::nullopt; }
    void pause() noexcept override {}
    fake::FakeFirmware& fake;
    int reads = 0;
  } busy(fake);
  CpuClock measured(fake.firmware(), busy);
  ASSERT_TRUE(measured.start().ok());
  EXPECT_NEAR(static_cast<double>(measured.counter_hz()), 2e9, 1e7);
}

TEST_F(ClockTest, AnImpossibleRateIsMeasuredToo) {
  cpu.known_hz = 3;
  ASSERT_TRUE(clock.start().ok());
  EXPECT_NEAR(static_cast<double>(clock.counter_hz()), 2.5e9, 1e6);
}

TEST_F(ClockTest, NowFollowsTheCounter) {
  cpu.known_hz = 2'500'000'000;
  ASSERT_TRUE(clock.start().ok());
  const Instant start = clock.now();
  fake.advance_ns(86'400'000'000'000);  // a day: no overflow on the way
  EXPECT_NEAR(static_cast<double>((clock.now() - start).count_ms()), 86'400'000.0, 2.0);
}

TEST_F(ClockTest, ACounterThatStandsIsReported) {
  cpu.hz = 0;
  const Result<void> result = clock.start();
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_clock_stands);
}

TEST_F(ClockTest, IdleSpinsForAMomentOnlyWhileTheNetworkIsBusy) {
  cpu.known_hz = 2'500'000'000;
  ASSERT_TRUE(clock.start().ok());
  fake.advance_ns(1'000'000'000);
  clock.note_activity();
  const Instant start = clock.now();
  clock.idle(start + 1_s);
  EXPECT_LT((clock.now() - start).count_us(), 100);
}

TEST_F(ClockTest, IdleSleepsWhenTheNetworkIsQuietAndWakesForAKeyOrTheDeadline) {
  cpu.known_hz = 2'500'000'000;
  ASSERT_TRUE(clock.start().ok());
  clock.note_activity();
  fake.advance_ns(1'000'000'000);
  Instant start = clock.now();
  clock.idle(start + 1_s);
  EXPECT_GE((clock.now() - start).count_ms(), 9);
  start = clock.now();
  clock.idle(start + 2_ms);
  EXPECT_LE((clock.now() - start).count_ms(), 3);
  fake.keys.push_back({});
  start = clock.now();
  clock.idle(start + 1_s);
  EXPECT_LT((clock.now() - start).count_ms(), 1);
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(ClockTest, IdleNeverWaitsForEventsAtRaisedTpl) {
  cpu.known_hz = 2'500'000'000;
  ASSERT_TRUE(clock.start().ok());
  clock.note_activity();
  fake.advance_ns(1'000'000'000);
  const TplGuard guard(fake.firmware(), TPL_CALLBACK);
  const Instant start = clock.now();
  clock.idle(start + 1_s);
  EXPECT_LT((clock.now() - start).count_us(), 100);
}

TEST_F(ClockTest, ItsEventIsClosed) {
  {
    CpuClock other(fake.firmware(), cpu);
    ASSERT_TRUE(other.start().ok());
    EXPECT_EQ(fake.event_count(), 1U);
  }
  EXPECT_EQ(fake.event_count(), 0U);
}

}  // namespace
}  // namespace kedge::uefi
