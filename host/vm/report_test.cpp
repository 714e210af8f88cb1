// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/report.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

Instant at_ms(int milliseconds) {
  return Instant() + std::chrono::milliseconds(milliseconds);
}

HttpTransfer transfer(int status, bool complete) {
  return {.method = "GET",
          .path = "/boot/linux",
          .status = status,
          .bytes = 40'000'000,
          .complete = complete,
          .begun = at_ms(1000),
          .ended = at_ms(1400),
          .user_agent = "Kedge/0.1"};
}

TEST(Report, TransfersBecomeEventsWithSizeAndRate) {
  std::vector<TimelineEvent> events = {{.at = 2, .what = "kernel started", .detail = ""}};
  add_transfers(events, {transfer(200, true), transfer(206, false), transfer(404, true)}, at_ms(0));
  ASSERT_EQ(events.size(), 4);
  EXPECT_EQ(events[0].what, "HTTP transfer");
  EXPECT_EQ(events[0].detail, "GET /boot/linux  40.0 MB in 0.400 s, 100.0 MB/s");
  EXPECT_DOUBLE_EQ(events[0].at, 1.4);
  EXPECT_EQ(events[1].detail, "GET /boot/linux  40.0 MB in 0.400 s, 100.0 MB/s  (broken off)");
  EXPECT_EQ(events[2].what, "HTTP request refused");
  EXPECT_EQ(events[2].detail, "GET /boot/linux  status 404");
  EXPECT_EQ(events[3].what, "kernel started");
}

TEST(Report, PeopleSeeTimelineAndOutcome) {
  VmReport report;
  report.explanation = "matched: login:";
  report.accelerator_reason = "asked for";
  report.timeline = {{.at = 1.5, .what = "Kedge", .detail = "0.1.0"}};
  EXPECT_EQ(format_report(report),
            "\nTimeline (software emulation)\n"
            "    1.500 s     +1.500  Kedge  0.1.0\n"
            "\nsuccess: matched: login:\n");
}

TEST(Report, TheSummaryHasWhatProgramsNeed) {
  VmReport report;
  report.result = VmResult::timed_out;
  report.transfers = {transfer(200, true)};
  report.timeline = {{.at = 1.5, .what = "Kedge", .detail = "0.1.0"}};
  const auto json = json_report(report);
  EXPECT_EQ(json["result"], "timed-out");
  EXPECT_EQ(json["exit_code"], 4);
  EXPECT_EQ(json["accelerator"], "tcg");
  EXPECT_EQ(json["timeline"][0]["what"], "Kedge");
  EXPECT_EQ(json["transfers"][0]["bytes"], 40'000'000);
  EXPECT_DOUBLE_EQ(json["transfers"][0]["seconds"], 0.4);
}

TEST(ParseSize, ReadsSuffixes) {
  EXPECT_EQ(parse_size("512"), 512);
  EXPECT_EQ(parse_size("64k"), 65536);
  EXPECT_EQ(parse_size("8G"), 8589934592);
  for (const char* text : {"", "G", "8GB", "-1", "disk.img", "99999999T", "8 G"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParseSendStep, SplitsAndUnescapes) {
  const auto step = parse_send_step(R"(login: $=>root\r\x03\\a)");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->pattern, "login: $");
  EXPECT_EQ(step->text, "root\r\x03\\a");
  EXPECT_FALSE(parse_send_step("login:"));
}

}  // namespace
}  // namespace kedge::host
