// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_marker.h"

#include <gtest/gtest.h>

#include <string>

using namespace kedge;

namespace {

constexpr driver::PciId kFirst[] = {{0x1af4, 0x1041}, {0x1af4, 0x1000}};
constexpr driver::PciId kSecond[] = {{0x8086, 0x10d3}};
constexpr driver::NativeDriver kDrivers[] = {{kFirst, nullptr}, {kSecond, nullptr}};
constexpr app::MarkerFacts kFacts{"1.2.3", "qemu", "driver", "run-time"};

TEST(ImageMarker, SaysWhatAnImageIsInOneLine) {
  constexpr std::size_t kBytes = app::write_marker({}, kFacts, kDrivers);
  constexpr auto kMarker = app::make_marker<kBytes>(kFacts, kDrivers);
  EXPECT_EQ(kMarker.back(), '\0');
  EXPECT_EQ(std::string(kMarker.data()),
            "KEDGE-IMAGE/1 version=1.2.3 configuration=qemu personality=driver choice=run-time "
            "ids=1af4:1041,1af4:1000,8086:10d3");
}

TEST(ImageMarker, OfAnImageWithoutDriversHasNoIds) {
  constexpr std::size_t kBytes = app::write_marker({}, kFacts, {});
  constexpr auto kMarker = app::make_marker<kBytes>(kFacts, {});
  EXPECT_EQ(std::string(kMarker.data()).find("ids"), std::string::npos);
  EXPECT_EQ(kMarker.back(), '\0');
}

TEST(ImageMarker, SaysWhatTheFirmwareGets) {
  constexpr app::MarkerFacts kHealing{"1.2.3", "qemu", "driver", "fixed", "rng"};
  constexpr std::size_t kBytes = app::write_marker({}, kHealing, {});
  constexpr auto kMarker = app::make_marker<kBytes>(kHealing, {});
  EXPECT_TRUE(std::string(kMarker.data()).ends_with("choice=fixed gives=rng"));
}

}  // namespace
