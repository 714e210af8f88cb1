// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/boot_script.h"

#include <fmt/format.h>

namespace kedge::host {
namespace {

std::string_view last_component(std::string_view url) {
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

std::string make_boot_script(const BootScriptSpec& spec) {
  std::string kernel = fmt::format("kernel {}", spec.kernel_url);
  for (const std::string& url : spec.initrd_urls) {
    kernel += fmt::format(" initrd={}", last_component(url));
  }
  if (!spec.command_line.empty()) kernel += fmt::format(" {}", spec.command_line);

  // Without an address yet (started from a disk) get one; chain-loaded, keep the one we have.
  std::string script = "#!ipxe\nisset ${ip} || dhcp\n" + kernel + "\n";
  for (const std::string& url : spec.initrd_urls) script += fmt::format("initrd {}\n", url);
  script += "boot\n";
  return script;
}

std::string plain_file_name(std::string_view name) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  std::string plain;
  for (const char c : name) plain += kPlain.contains(c) ? c : '_';
  if (plain.empty() || plain.find_first_not_of('.') == std::string::npos) plain = "file";
  return plain;
}

bool looks_like_boot_script(std::string_view text) {
  return text.starts_with("#!ipxe") || text.starts_with("#!gpxe");
}

}  // namespace kedge::host
