// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/expand.h"

#include "base/log.h"
#include "script/script_errors.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

/// The value of a reference. A misspelt type would silently give nothing: it is worth a warning.
std::string value_of(std::string_view name, SettingsTree& settings) noexcept {
  Result<std::string> value = settings.fetch_text(name);
  if (value) return *std::move(value);
  if (value.error() == err::settings_unknown_type || value.error() == err::settings_bad_value) {
    log(LogLevel::warning, "settings", "${{{}}} is left empty: {}", name, value.error());
  }
  return {};
}

}  // namespace

Result<std::string> expand(std::string_view text, SettingsTree& settings) noexcept {
  std::string result(text);
  for (std::size_t count = 0;; ++count) {
    const std::size_t first = result.find("${");
    if (first == std::string::npos) return result;
    const std::size_t end = result.find('}', first);
    if (end == std::string::npos) return result;
    // The last opening before the first closing brace is the innermost reference.
    const std::size_t start = result.rfind("${", end);
    if (count >= kExpansionsMax) return fail(err::script_expansion);
    const std::string value =
        value_of(std::string_view(result).substr(start + 2, end - start - 2), settings);
    result.replace(start, end + 1 - start, value);
    if (result.size() > kExpandedBytesMax) return fail(err::script_expansion);
  }
}

}  // namespace kedge::script
