// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/packages.h"

#include <cstdlib>

namespace kedge::host::e2e {
namespace {

std::filesystem::path cache_directory() {
  if (const char* cache = std::getenv("KEDGE_CACHE"); cache != nullptr) return cache;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr) {
    return std::filesystem::path(cache) / "kedge";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "/root") / ".cache" / "kedge";
}

}  // namespace

std::filesystem::path package_directory(std::string_view suite, std::string_view package) {
  return cache_directory() / "packages" / suite / package;
}

}  // namespace kedge::host::e2e
