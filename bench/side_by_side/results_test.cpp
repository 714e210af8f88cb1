// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/results.h"

#include <gmock/gmock.h>

#include "side_by_side/probe_application.h"

namespace kedge::host::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Run run_of(std::string_view contestant, double rate) {
  Run run{.contestant = std::string(contestant)};
  run.measurement = Measurement{.bytes_per_second = rate, .until_request = 3, .until_running = 4};
  return run;
}

Results example() {
  Results results;
  results.date = "2026-01-02 03:04 UTC";
  results.repetitions = 3;
  results.contestants = {{.name = "kedge"}, {.name = "ipxe"}, {.name = "linux"}};
  results.runs = {run_of("kedge", 100e6), run_of("kedge", 300e6), run_of("kedge", 200e6),
                  run_of("ipxe", 50e6)};
  results.runs.push_back({.contestant = "linux", .failure = "it said no"});
  return results;
}

TEST(Spread, IsMedianLeastAndMost) {
  EXPECT_FALSE(spread_of({}));
  const auto odd = spread_of({3, 1, 2});
  ASSERT_TRUE(odd);
  EXPECT_DOUBLE_EQ(odd->median, 2);
  EXPECT_DOUBLE_EQ(odd->least, 1);
  EXPECT_DOUBLE_EQ(odd->most, 3);
  EXPECT_DOUBLE_EQ(spread_of({4, 1, 2, 3})->median, 2.5);
}

TEST(Results, CompareMedians) {
  const Results results = example();
  EXPECT_DOUBLE_EQ(results.ratio(kKedge, kIpxe, Protocol::http).value(), 4);
  EXPECT_FALSE(results.ratio(kKedge, kLinuxGuest, Protocol::http)) << "it has no rate";
  EXPECT_FALSE(results.ratio(kKedge, kIpxe, Protocol::tftp_hpa)) << "nobody tried";
}

TEST(Results, CompareTimesOfBootingSoThatMoreIsSooner) {
  Results results = example();
  results.contestants = {{.name = "kedge-rom"}, {.name = "ipxe-rom-old"}};
  for (const auto& [name, running] : {std::pair{kKedgeRom, 5.0}, std::pair{kIpxeRomOld, 20.0}}) {
    auto run = run_of(name, 1e6);
    run.protocol = Protocol::boot;
    run.measurement->until_running = running;
    results.runs.push_back(std::move(run));
  }
  EXPECT_DOUBLE_EQ(results.ratio(kKedgeRom, kIpxeRomOld, Protocol::boot).value(), 4);
  EXPECT_FALSE(results.ratio(kKedgeRom, kOvmf, Protocol::boot)) << "nobody tried";
  const std::string page = format_page(results);
  EXPECT_THAT(page, HasSubstr("| kedge-rom    |       3.0 (3.0-3.0) |       5.0 (5.0-5.0) |"));
  EXPECT_THAT(page, HasSubstr("boot: kedge-rom compared with ipxe-rom-old"));
}

TEST(Contestants, TakePartInWhatTheyCanShow) {
  const Contestant disk{.name = "disk", .start = Start::disk};
  const Contestant firmware{.name = "firmware", .start = Start::firmware};
  const Contestant both{.name = "both", .start = Start::rom, .role = RomRole::both};
  EXPECT_TRUE(disk.takes_part(Protocol::http));
  EXPECT_FALSE(disk.takes_part(Protocol::boot)) << "it does not start from the NIC";
  EXPECT_TRUE(firmware.takes_part(Protocol::http));
  EXPECT_TRUE(firmware.takes_part(Protocol::boot));
  EXPECT_FALSE(both.takes_part(Protocol::http)) << "as kedge-rom does";
  EXPECT_TRUE(both.takes_part(Protocol::boot));
}

TEST(Results, ShowFailuresAndAimsAndLeaveOutWhatWasNotTried) {
  const std::string page = format_page(example());
  EXPECT_THAT(page, HasSubstr("| kedge | 200.0 (100.0-300.0) |"));
  EXPECT_THAT(page, HasSubstr("FAILED"));
  EXPECT_THAT(page, HasSubstr("it said no"));
  EXPECT_THAT(page, HasSubstr("reached"));
  EXPECT_THAT(page, Not(HasSubstr("| tftp-hpa")));
}

TEST(Results, AreTheSameForPrograms) {
  const auto json = json_results(example());
  EXPECT_EQ(json["summary"].size(), 2) << "one for each with a rate";
  EXPECT_DOUBLE_EQ(json["summary"][0]["ratio_to"]["ipxe"].get<double>(), 4);
  EXPECT_EQ(json["runs"].size(), 5);
  EXPECT_EQ(json["runs"][4]["failure"], "it said no");
}

TEST(ProbeApplication, IsAPeImageThatCarriesTheText) {
  const std::string image = make_probe_application("the proof");
  EXPECT_EQ(image.substr(0, 2), "MZ");
  EXPECT_EQ(image.substr(0x40, 4), std::string("PE\0\0", 4));
  EXPECT_THAT(image, HasSubstr("\r\nthe proof\r\n"));
}

}  // namespace
}  // namespace kedge::host::bench
