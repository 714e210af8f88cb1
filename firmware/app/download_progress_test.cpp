// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/download_progress.h"

#include <gtest/gtest.h>

#include "tests/fake/console.h"
#include "tests/fake/sim_clock.h"

namespace kedge::app {
namespace {

using namespace literals;

constexpr std::uint64_t kMiB = 1 << 20;

TEST(DownloadProgress, ShowsOnlyTheEndOfAShortDownload) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "initrd.gz", false);
  clock.advance(200_ms);
  progress.advanced(kMiB, kMiB);
  progress.finished();
  EXPECT_EQ(console.shown, "  initrd.gz ok 1048576 bytes in 0.2 s (5.0 MiB/s)\n");
}

TEST(DownloadProgress, ShowsBarRateAndTimeLeft) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "linux", false);
  clock.advance(2000_ms);
  progress.advanced(4 * kMiB, 8 * kMiB);
  EXPECT_EQ(console.shown,
            "  linux  [##########----------]  50%  4.0 MiB of 8.0 MiB  2.0 MiB/s  1.9 s left");
}

TEST(DownloadProgress, DoesWithoutTheSizeWhenItIsUnknown) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "linux", false);
  clock.advance(1000_ms);
  progress.advanced(3 * kMiB, std::nullopt);
  EXPECT_EQ(console.shown, "  linux  3.0 MiB  3.0 MiB/s");
}

TEST(DownloadProgress, DoesNotFloodALog) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "big", false);
  for (int i = 0; i < 10'000; ++i) {
    clock.advance(1_ms);
    progress.advanced(static_cast<std::uint64_t>(i) * 1000, 10'000'000);
  }
  EXPECT_LE(console.rewrites, 11) << "ten seconds, one line a second";
}

TEST(DownloadProgress, PutsNotesAndFailuresOnLinesOfTheirOwn) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "f", false);
  clock.advance(500_ms);
  progress.advanced(10, 20);
  progress.note("connection lost, resuming");
  progress.failed();
  EXPECT_EQ(console.shown,
            "  f: connection lost, resuming\n"
            "  f stopped after 10 bytes\n");
}

TEST(DownloadProgress, IsSilentWhenAskedTo) {
  fake::SimClock clock;
  fake::FakeConsole console;
  DownloadProgress progress(console, clock, "f", true);
  clock.advance(5_s);
  progress.advanced(10, 20);
  progress.note("n");
  progress.finished();
  EXPECT_EQ(console.shown, "");
}

}  // namespace
}  // namespace kedge::app
