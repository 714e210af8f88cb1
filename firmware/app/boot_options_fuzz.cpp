// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_options.h"
#include "base/assert.h"

// Lines "key=value", each of another channel.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  using app::BootOptions;
  BootOptions options;
  std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  for (unsigned i = 0; !text.empty(); ++i) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = std::min(line.find('='), line.size());
    options.add(static_cast<app::Channel>(i % app::kChannels), line.substr(0, equals),
                line.substr(std::min(equals + 1, line.size())));
  }
  const wire::MacAddress mac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
  const app::NicOptions found = options.resolve(mac, app::Personality::driver);
  KEDGE_ASSERT(found.settings.size() <= BootOptions::kEntriesMax);
  KEDGE_ASSERT(found.problems.size() <= BootOptions::kProblemsMax);
  KEDGE_ASSERT(found.script.size() <= BootOptions::kScriptBytesMax);
  KEDGE_ASSERT(found.url.size() <= BootOptions::kValueBytesMax);
  for (const app::OptionProblem& problem : found.problems) {
    for (const char c : problem.key) KEDGE_ASSERT(c >= ' ' && c <= '~');
  }
  return 0;
}
