// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "errdb/errdb.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

namespace kedge::host {
namespace {

TEST(ErrorSites, HaveCodesOfTheirOwnAndAText) {
  std::map<std::uint32_t, std::string> seen;
  for (const ErrorEntry& entry : all_errors()) {
    // Kind aside: one module must not use one site number twice.
    const std::uint32_t place = entry.site->code & 0xffffff;
    EXPECT_TRUE(seen.emplace(place, entry.site->text).second)
        << entry.header << ": \"" << entry.site->text << "\" has the number of \"" << seen[place]
        << '"';
    EXPECT_NE(entry.site->code & 0xff0, 0u) << entry.site->text;
    EXPECT_FALSE(std::string_view(entry.site->text).empty());
    EXPECT_FALSE(std::string_view(entry.site->text).ends_with('.')) << entry.site->text;
  }
  EXPECT_GT(seen.size(), 10u);
}

TEST(ErrorSites, AreAllInTheDocument) {
  std::ifstream file(KEDGE_ERRORS_MD);
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_TRUE(content.str() == error_catalogue())
      << "docs/errors.md is not what the sources say; run: make docs";
}

}  // namespace
}  // namespace kedge::host
