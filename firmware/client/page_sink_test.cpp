// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/page_sink.h"

#include <gtest/gtest.h>

#include <numeric>

#include "client/page_sink_errors.h"
#include "tests/fake/pages.h"

namespace kedge::client {
namespace {

std::vector<std::byte> pattern(std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 31 + (i >> 8));
  return data;
}

std::vector<std::byte> content(const PageSink& sink) {
  std::vector<std::byte> data(sink.size());
  sink.read(0, data);
  return data;
}

TEST(PageSink, TakesOneBlockForAFileOfKnownSize) {
  fake::FakePages pages;
  PageSink sink(pages);
  const auto data = pattern(3 << 20);
  ASSERT_TRUE(sink.expect(data.size()).ok());
  for (std::size_t at = 0; at < data.size(); at += 1460) {
    ASSERT_TRUE(
        sink.write(ByteView(data).subspan(at, std::min<std::size_t>(1460, data.size() - at))).ok());
  }
  EXPECT_EQ(pages.blocks(), 1u);
  EXPECT_EQ(content(sink), data);
  EXPECT_EQ(sink.contiguous()->size(), data.size());
  EXPECT_EQ(pages.blocks(), 1u) << "nothing to join";
}

TEST(PageSink, DoublesForAFileOfUnknownSizeAndJoinsOnDemand) {
  fake::FakePages pages;
  PageSink sink(pages);
  const auto data = pattern(9 << 20);
  ASSERT_TRUE(sink.write(data).ok());
  EXPECT_LE(pages.blocks(), 5u);
  EXPECT_EQ(content(sink), data);
  std::vector<std::byte> part(100'000);
  sink.read((1 << 20) - 50'000, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), data.begin() + (1 << 20) - 50'000));
  const auto joined = sink.contiguous();
  ASSERT_TRUE(joined.ok());
  EXPECT_TRUE(std::equal(joined->begin(), joined->end(), data.begin(), data.end()));
  EXPECT_EQ(pages.blocks(), 1u);
}

TEST(PageSink, UsesFragmentedMemory) {
  fake::FakePages pages(SIZE_MAX, 256 << 10);
  PageSink sink(pages);
  const auto data = pattern(2 << 20);
  ASSERT_TRUE(sink.write(data).ok());
  EXPECT_EQ(content(sink), data);
  EXPECT_EQ(sink.contiguous().error(), err::image_no_memory);
  EXPECT_EQ(content(sink), data) << "a failed join loses nothing";
}

TEST(PageSink, TellsHowMuchWasWantedWhenMemoryIsOut) {
  fake::FakePages pages(4 << 20);
  PageSink sink(pages);
  const auto error = sink.expect(1ull << 30).error();
  EXPECT_EQ(error, err::image_no_memory);
  EXPECT_EQ(error.detail(), 1024u);
  EXPECT_EQ(sink.write(pattern(8 << 20)).error(), err::image_no_memory);
  sink.clear();
  EXPECT_EQ(pages.used(), 0u);
}

TEST(PageSink, KeepsItsLimit) {
  fake::FakePages pages;
  PageSink sink(pages, 1 << 20);
  EXPECT_EQ(sink.expect((1 << 20) + 1).error(), err::image_over_limit);
  ASSERT_TRUE(sink.write(pattern(1 << 20)).ok());
  EXPECT_EQ(sink.write(pattern(1)).error(), err::image_over_limit);
}

TEST(PageSink, GivesEverythingBackAndMovesWithoutCopy) {
  fake::FakePages pages;
  {
    PageSink first(pages);
    ASSERT_TRUE(first.write(pattern(100)).ok());
    PageSink second(std::move(first));
    EXPECT_EQ(first.size(), 0u);
    EXPECT_EQ(content(second), pattern(100));
    ASSERT_TRUE(second.expect(5 << 20).ok());
    ASSERT_TRUE(second.write(pattern(4 << 20)).ok());
    EXPECT_EQ(second.size(), 100u + (4 << 20));
    EXPECT_EQ(pages.blocks(), 2u) << "a late expect() adds the rest";
  }
  EXPECT_EQ(pages.used(), 0u);
}

}  // namespace
}  // namespace kedge::client
