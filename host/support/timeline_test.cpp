// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/timeline.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

Instant at(int second) {
  return Instant() + std::chrono::seconds(second);
}

std::string story(const SerialLog& log) {
  std::string text;
  for (const TimelineEvent& event : timeline_from_serial(log, at(0))) {
    text += std::to_string(static_cast<int>(event.at)) + " " + event.what;
    if (!event.detail.empty()) text += ": " + event.detail;
    text += "\n";
  }
  return text;
}

TEST(Timeline, ReadsTheStoryOfAKedgeBoot) {
  SerialLog log;
  log.feed("\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001\r\n", at(4));
  log.feed("Kedge 0.1.0\r\n", at(5));
  log.feed("net0: 52:54:00:12:34:56 virtio-net (link up)\r\nnet0: DHCP ... ", at(6));
  log.feed("ok 10.0.2.15/24 gateway 10.0.2.2\r\n", at(7));
  log.feed("EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path\r\n", at(9));
  log.feed("[    0.000000] Linux version 6.1.0-50-amd64 (debian)\r\n", at(10));
  log.feed("[    5.090328] Run /init as init process\r\n", at(15));
  EXPECT_EQ(story(log),
            "4 firmware's first output\n"
            "5 Kedge: 0.1.0\n"
            "7 DHCP answered: 10.0.2.15/24 gateway 10.0.2.2\n"
            "9 kernel's EFI stub\n"
            "10 kernel started: 6.1.0-50-amd64\n"
            "15 userland started: /init\n");
}

TEST(Timeline, ReadsTheStoryOfAChainFromTheFirmwaresPxe) {
  SerialLog log;
  log.feed(">>Start PXE over IPv4.\r\n  Station IP address is 192.0.2.20\r\n", at(5));
  log.feed("iPXE 1.0.0 -- Open Source Network Boot Firmware\r\n", at(6));
  log.feed("Configuring (net0 52:54:00:12:34:56)...... ok\r\n", at(8));
  log.feed("[    0.1] Kernel panic - not syncing: no init\r\n", at(9));
  EXPECT_EQ(story(log),
            "5 firmware's first output\n"
            "5 firmware's own network boot: PXE over IPv4\n"
            "5 DHCP answered: 192.0.2.20\n"
            "6 iPXE: 1.0.0\n"
            "8 DHCP answered: net0 52:54:00:12:34:56\n"
            "9 kernel panic: no init\n");
}

TEST(Timeline, AFloodOfMilestonesIsCutShort) {
  SerialLog log;
  for (int i = 0; i < 1000; ++i) log.feed("Kedge " + std::to_string(i) + "\n", at(i));
  EXPECT_EQ(timeline_from_serial(log, at(0)).size(), kTimelineRepeatsMax + 1);
}

TEST(Timeline, SortsByTimeAndKeepsTheOrderOfEqualTimes) {
  std::vector<TimelineEvent> events = {{2, "c", ""}, {1, "a", ""}, {2, "d", ""}, {1, "b", ""}};
  sort_timeline(events);
  std::string order;
  for (const auto& event : events) order += event.what;
  EXPECT_EQ(order, "abcd");
}

TEST(Timeline, IsPrintedWithTimesAndSteps) {
  EXPECT_EQ(
      format_timeline({{4.25, "firmware's first output", ""}, {13.0, "kernel started", "6.1"}}),
      "    4.250 s     +4.250  firmware's first output\n"
      "   13.000 s     +8.750  kernel started  6.1\n");
}

TEST(Timeline, FormatsSizesAndRates) {
  EXPECT_EQ(format_bytes(0), "0 bytes");
  EXPECT_EQ(format_bytes(999), "999 bytes");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(999'999), "1.0 MB");
  EXPECT_EQ(format_bytes(40'800'000), "40.8 MB");
  EXPECT_EQ(format_bytes(1'073'741'824), "1.1 GB");
  EXPECT_EQ(format_rate(40'800'000, 0.4), "102.0 MB/s");
  EXPECT_EQ(format_rate(100, 0), "-");
}

}  // namespace
}  // namespace kedge::host
