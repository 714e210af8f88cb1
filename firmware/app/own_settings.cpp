// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/own_settings.h"

#include <charconv>

namespace kedge::app {

std::optional<std::uint32_t> number_setting(script::SettingsTree& settings,
                                            std::string_view name) noexcept {
  const std::string text = settings.text(name);
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

void apply_http_settings(client::HttpOptions& options, script::SettingsTree& settings) noexcept {
  if (const auto retries = number_setting(settings, kHttpRetriesSetting)) {
    options.retries_max = *retries;
  }
  // No time at all would let nothing succeed.
  if (const auto seconds = number_setting(settings, kHttpTimeoutSetting);
      seconds.value_or(0) != 0) {
    options.response_timeout = Duration::seconds(*seconds);
    options.stall_timeout = Duration::seconds(*seconds);
  }
}

}  // namespace kedge::app
