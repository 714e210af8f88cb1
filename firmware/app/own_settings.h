// SPDX-License-Identifier: BSD-2-Clause-Patent
// Settings that are Kedge's own, which scripts set to change how it works (docs/scripts.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "client/fetch.h"
#include "script/settings.h"

namespace kedge::app {

/// How long a failed boot stays on the screen, in seconds; 0: not at all.
inline constexpr std::string_view kFailureTimeoutSetting = "failure-timeout";
/// How many attempts in a row may bring nothing new before a broken HTTP transfer is given up.
inline constexpr std::string_view kHttpRetriesSetting = "http-retries";
/// The longest time without any progress of an HTTP transfer, in seconds.
inline constexpr std::string_view kHttpTimeoutSetting = "http-timeout";

/// Whose network an EFI image finds that came over the network: "firmware" for the firmware's own
/// stack, anything else for ours.
inline constexpr std::string_view kImageNetworkSetting = "image-network";

/// A setting that is a decimal number; nothing when it is not set, or is anything else.
std::optional<std::uint32_t> number_setting(script::SettingsTree& settings,
                                            std::string_view name) noexcept;
/// What scripts have set for HTTP. Absent and senseless values leave the options as they are.
void apply_http_settings(client::HttpOptions& options, script::SettingsTree& settings) noexcept;

}  // namespace kedge::app
