// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "base/bytes.h"
#include "base/format.h"
#include "base/list.h"
#include "base/log.h"
#include "base/time.h"
#include "base/units.h"

namespace kedge {
namespace {

using namespace literals;

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(ByteReader, ReadsBothByteOrders) {
  const auto data = bytes_of({0x12, 0x34, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8});
  ByteReader reader(data);
  EXPECT_EQ(reader.be16(), 0x1234);
  EXPECT_EQ(reader.le16(), 0x3412);
  EXPECT_EQ(reader.be64(), 0x0102030405060708u);
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.status().ok());
}

TEST(ByteReader, StaysFailedAfterAReadPastTheEnd) {
  const auto data = bytes_of({1, 2, 3});
  ByteReader reader(data);
  EXPECT_EQ(reader.be32(), 0u);
  EXPECT_EQ(reader.u8(), 0) << "a failed reader must not go on with what is left";
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.status().error(), err::base_truncated);
}

TEST(ByteReader, SubReaderCannotLeaveItsPart) {
  const auto data = bytes_of({1, 2, 3, 4});
  ByteReader reader(data);
  ByteReader part = reader.sub(2);
  EXPECT_EQ(part.be16(), 0x0102);
  EXPECT_EQ(part.u8(), 0);
  EXPECT_FALSE(part.ok());
  EXPECT_EQ(reader.be16(), 0x0304);
  EXPECT_FALSE(reader.sub(1).ok());
}

TEST(ByteWriter, WritesAndReportsOverflowOnce) {
  std::array<std::byte, 7> buffer;
  ByteWriter writer(buffer);
  writer.be16(0x0102);
  writer.le32(0x06050403);
  writer.u8(7);
  const auto written = writer.finish();
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(std::vector<std::byte>(written->begin(), written->end()),
            bytes_of({1, 2, 3, 4, 5, 6, 7}));
  writer.u8(8);
  EXPECT_EQ(writer.finish().error(), err::base_no_space);
}

TEST(Format, FillsPlaceholders) {
  EXPECT_EQ(format("{} {} {}", 1, -2, "three"), "1 -2 three");
  EXPECT_EQ(format("{:08x}|{:x}|{:X}", 0xbeefu, 255u, 255u), "0000beef|ff|FF");
  EXPECT_EQ(format("{:>5}|{:<5}|{:5}|{:5}", 42, 42, 42, "ab"), "   42|42   |   42|ab   ");
  EXPECT_EQ(format("{:03}", -7), "-07");
  EXPECT_EQ(format("{} {}", true, 'x'), "true x");
  EXPECT_EQ(format("{{}} {}", std::string("s")), "{} s");
  EXPECT_EQ(format("{}", std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(format("{}", std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(Format, CutsOffWhatDoesNotFitABuffer) {
  char buffer[4];
  BufferSink sink(buffer);
  format_to(sink, "{}{}", "abc", "def");
  EXPECT_EQ(sink.text(), "abcd");
}

TEST(Error, SaysWhatHappenedWhereAndUnderWhichCode) {
  static constexpr ErrorSite site{site_code(ErrorKind::not_found, Module::tftp, 4),
                                  "file not found", ""};
  const Error error = fail(site, 1).with_context("loading kernel");
  EXPECT_EQ(format("{}", error), "file not found (1) <- loading kernel (K-0200b040)");
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
}

TEST(Error, KeepsTheInnermostContext) {
  const Error error = fail(err::base_invalid).with_context("inner").with_context("outer");
  EXPECT_STREQ(error.context(), "inner");
  EXPECT_EQ(fail(err::base_invalid).context(), nullptr);
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(err::base_invalid);
  return value / 2;
}
Result<int> quarter(int value) {
  KEDGE_TRY(const int once, half(value));
  KEDGE_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error(), err::base_invalid);
  EXPECT_STREQ(half(1).context("halving").error().context(), "halving");
}

// How many are alive, and how often one was copied.
struct Counted {
  explicit Counted(int number) : value(number) { ++alive; }
  Counted(const Counted& other) : value(other.value) {
    ++alive;
    ++copies;
  }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }

  int value;
  static inline int alive = 0;
  static inline int copies = 0;
};

TEST(Result, OwnsItsValueOnce) {
  Counted::alive = Counted::copies = 0;
  {
    Result<Counted> first = Counted(1);
    Result<Counted> second = first;
    EXPECT_EQ(Counted::copies, 1);
    EXPECT_EQ(second->value, 1);
    const Result<Counted> third = std::move(first);
    EXPECT_EQ(third->value, 1);
    EXPECT_EQ(Counted::alive, 3);
    second = fail(err::base_invalid, 7);
    EXPECT_EQ(Counted::alive, 2);
    EXPECT_EQ(second.error().detail(), 7U);
    second = Counted(2);
    EXPECT_EQ(second->value, 2);
    Result<Counted>& same = second;
    second = std::move(same);
    EXPECT_EQ(second->value, 2);
    EXPECT_EQ(Counted::copies, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(Result, CarriesAnErrorThroughCopiesAndMoves) {
  Result<std::string> failed = fail(err::base_invalid, 5).with_context("trying");
  const Result<std::string> copy = failed;
  const Result<std::string> moved = std::move(failed);
  for (const Result<std::string>* each : {&copy, &moved}) {
    EXPECT_FALSE(each->ok());
    EXPECT_EQ(each->error(), err::base_invalid);
    EXPECT_EQ(each->error().detail(), 5U);
    EXPECT_STREQ(each->error().context(), "trying");
  }
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(owner);
  EXPECT_EQ(*taken, 3);
}

// What fits two registers travels in them only if it is trivially copied.
static_assert(sizeof(Result<void>) == 16 && sizeof(Result<int>) == 16);
static_assert(std::is_trivially_copy_constructible_v<Result<void>>);
static_assert(std::is_trivially_copy_constructible_v<Result<int>>);
static_assert(std::is_trivially_destructible_v<Result<int>>);
static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
static_assert(!std::is_move_constructible_v<Result<std::atomic<int>>>);

TEST(Digits, OfTheLeastAndTheLargestNumber) {
  char buffer[kDigitsMax];
  EXPECT_EQ(digits_of(0, 10, buffer), "0");
  EXPECT_EQ(digits_of(UINT64_MAX, 10, buffer), "18446744073709551615");
  EXPECT_EQ(digits_of(UINT64_MAX, 16, buffer), "ffffffffffffffff");
  EXPECT_EQ(digits_of(0x1a0, 16, buffer), "1a0");
}

TEST(Time, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(Instant::never() + 1_s, Instant::never());
  EXPECT_EQ(Duration::seconds(INT64_MAX), Duration::infinite());
  EXPECT_EQ((Instant::from_ns(0) + 1500_ms - Instant::from_ns(0)).count_ms(), 1500);
}

TEST(Units, AreReadableAtEveryMagnitude) {
  EXPECT_EQ(format("{}", HumanBytes(0)), "0 B");
  EXPECT_EQ(format("{}", HumanBytes(1023)), "1023 B");
  EXPECT_EQ(format("{}", HumanBytes(1536)), "1.5 KiB");
  EXPECT_EQ(format("{}", HumanBytes(1ull << 30)), "1.0 GiB");
  EXPECT_EQ(format("{}", HumanBytes(UINT64_MAX)), "15.9 EiB");
  EXPECT_EQ(format("{}", HumanDuration(2540_ms)), "2.5 s");
  EXPECT_EQ(format("{}", HumanDuration(59_s)), "59 s");
  EXPECT_EQ(format("{}", HumanDuration(184_s)), "3 min 4 s");
  EXPECT_EQ(format("{}", HumanDuration(7500_s)), "2 h 5 min");
  EXPECT_EQ(bytes_per_second(1'000'000, 500_ms), 2'000'000u);
  EXPECT_EQ(bytes_per_second(1, 0_ns), 0u);
}

struct Member : ListNode<Member> {
  explicit Member(int number) : value(number) {}
  int value;
};

TEST(List, KeepsOrderAndForgetsDestroyedMembers) {
  List<Member> list;
  Member first(1);
  Member third(3);
  {
    Member second(2);
    list.push_back(first);
    list.push_back(third);
    list.insert(third, second);
    EXPECT_EQ(list.next(first)->value, 2);
  }
  EXPECT_EQ(list.next(first)->value, 3);
  first.unlink();
  EXPECT_FALSE(first.linked());
  EXPECT_EQ(list.pop_front(), &third);
  EXPECT_TRUE(list.empty());
}

class Recorder final : public LogSink {
 public:
  void line(LogLevel, std::string_view tag, std::string_view text) noexcept override {
    last = std::string(tag) + ": " + std::string(text);
  }
  std::string last;
};

TEST(Log, PassesLinesUpToTheThreshold) {
  Recorder recorder;
  set_log(&recorder, LogLevel::info);
  log(LogLevel::info, "net0", "mtu {}", 1500);
  log(LogLevel::debug, "net0", "hidden");
  set_log(nullptr, LogLevel::info);
  EXPECT_EQ(recorder.last, "net0: mtu 1500");
}

}  // namespace
}  // namespace kedge
