// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/own_settings.h"

#include <gtest/gtest.h>

namespace kedge::app {
namespace {

using namespace literals;

TEST(OwnSettings, ReadsDecimalNumbersAndNothingElse) {
  script::SettingsTree settings;
  EXPECT_FALSE(number_setting(settings, "n").has_value());
  const auto value_of = [&](std::string_view text) {
    EXPECT_TRUE(settings.set("n", text).ok());
    return number_setting(settings, "n");
  };
  EXPECT_EQ(value_of("0"), 0u);
  EXPECT_EQ(value_of("4294967295"), 4294967295u);
  for (const std::string_view text : {"4294967296", "-1", "1.5", "10s", " 1", "0x10", "many"}) {
    EXPECT_FALSE(value_of(text).has_value()) << text;
  }
  ASSERT_TRUE(settings.set("typed:int32", "12").ok());
  EXPECT_EQ(number_setting(settings, "typed"), 12u);
}

TEST(OwnSettings, LetsScriptsSetThePatienceOfHttp) {
  script::SettingsTree settings;
  client::HttpOptions options;
  const client::HttpOptions defaults;
  apply_http_settings(options, settings);
  EXPECT_EQ(options.retries_max, defaults.retries_max);
  EXPECT_EQ(options.stall_timeout, defaults.stall_timeout);
  ASSERT_TRUE(settings.set("http-retries", "0").ok());
  ASSERT_TRUE(settings.set("http-timeout", "7").ok());
  apply_http_settings(options, settings);
  EXPECT_EQ(options.retries_max, 0u);
  EXPECT_EQ(options.stall_timeout, 7_s);
  EXPECT_EQ(options.response_timeout, 7_s);
}

TEST(OwnSettings, IgnoresValuesThatWouldLetNothingSucceed) {
  script::SettingsTree settings;
  client::HttpOptions options;
  ASSERT_TRUE(settings.set("http-retries", "lots").ok());
  ASSERT_TRUE(settings.set("http-timeout", "0").ok());
  apply_http_settings(options, settings);
  EXPECT_EQ(options.retries_max, client::HttpOptions().retries_max);
  EXPECT_EQ(options.stall_timeout, client::HttpOptions().stall_timeout);
}

}  // namespace
}  // namespace kedge::app
