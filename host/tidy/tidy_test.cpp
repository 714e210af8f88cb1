// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/tidy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge::host::tidy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kRules = R"(
level base 0
level wire 1
level async 1
level net 3
level uefi 6
host base
header lwip/ net/lwip
header Uefi.h uefi
freestanding chrono
word LATER do it now
call gets has no limit
except firmware/net/special.cpp gets
long firmware/net/long.cpp 500 one table
)";

// The findings as "line: text".
std::vector<std::string> check(std::string_view name, std::string_view body) {
  Rules rules;
  add_rules(rules, kRules);
  std::vector<std::string> texts;
  for (const Finding& finding : check_file(
           rules, name, "// SPDX-License-Identifier: BSD-2-Clause-Patent\n" + std::string(body))) {
    EXPECT_EQ(finding.file, name);
    texts.push_back(std::to_string(finding.line) + ": " + finding.text);
  }
  return texts;
}

TEST(Tidy, LetsFilesIncludeTheirOwnFolderAndLowerLevels) {
  EXPECT_THAT(check("firmware/net/a.cpp",
                    "#include \"net/a.h\"\n#include \"wire/b.h\"\n#include <vector>\n"),
              IsEmpty());
  EXPECT_THAT(check("firmware/net/lwip/a.cpp", "#include \"net/a.h\"\n#include \"net/lwip/b.h\"\n"),
              IsEmpty());
}

TEST(Tidy, FindsIncludesOfTheSameOrHigherLevels) {
  EXPECT_THAT(check("firmware/wire/a.cpp", "\n#include \"async/b.h\"\n"),
              ElementsAre("3: wire (level 1) must not include \"async/b.h\" (level 1)"));
  EXPECT_THAT(check("firmware/wire/a.h", "#include \"net/b.h\"\n"),
              ElementsAre(HasSubstr("level 3")));
  EXPECT_THAT(check("firmware/wire/a_test.cpp", "#include \"net/b.h\"\n"),
              ElementsAre(HasSubstr("level 3")));
}

TEST(Tidy, FindsFoldersWithoutALevel) {
  EXPECT_THAT(check("firmware/strange/a.h", ""),
              ElementsAre(HasSubstr("firmware/strange has no level")));
}

TEST(Tidy, KeepsThirdPartyHeadersWhereTheyBelong) {
  EXPECT_THAT(check("firmware/net/lwip/a.cpp", "#include <lwip/init.h>\n"), IsEmpty());
  EXPECT_THAT(check("firmware/net/a.cpp", "#include <lwip/init.h>\n"),
              ElementsAre("2: firmware/net must not include <lwip/init.h>"));
  EXPECT_THAT(check("firmware/net/lwipish/a.cpp", "#include <lwip/init.h>\n"), testing::SizeIs(1));
  EXPECT_THAT(check("firmware/uefi/rt/a.cpp", "#include <Uefi.h>\n"), IsEmpty());
  EXPECT_THAT(check("firmware/net/a.cpp", "#include <Uefi.h>\n"), testing::SizeIs(1));
}

TEST(Tidy, KeepsHostedHeadersOutOfTheFirmwareButNotOutOfTests) {
  EXPECT_THAT(check("firmware/net/a.cpp", "#include <chrono>\n"),
              ElementsAre(HasSubstr("<chrono>")));
  EXPECT_THAT(check("firmware/net/a_test.cpp", "#include <chrono>\n"), IsEmpty());
  EXPECT_THAT(check("firmware/net/a_fuzz.cpp", "#include <chrono>\n"), IsEmpty());
  EXPECT_THAT(check("host/kedge/a.cpp", "#include <chrono>\n"), IsEmpty());
}

TEST(Tidy, LetsOnlyTestsIncludeTests) {
  EXPECT_THAT(check("firmware/net/a.cpp", "#include \"tests/fake/b.h\"\n"),
              ElementsAre(HasSubstr("only tests")));
  EXPECT_THAT(check("host/kedge/a.cpp", "#include \"tests/fake/b.h\"\n"),
              ElementsAre(HasSubstr("only tests")));
  EXPECT_THAT(check("firmware/net/a_test.cpp", "#include \"tests/fake/b.h\"\n"), IsEmpty());
}

TEST(Tidy, LimitsWhatHostProgramsIncludeOfTheFirmware) {
  EXPECT_THAT(check("host/kedge/a.cpp", "#include \"base/b.h\"\n#include \"kedge/c.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check("host/kedge/a.cpp", "#include \"net/b.h\"\n"),
              ElementsAre(HasSubstr("host programs")));
}

TEST(Tidy, FindsBannedWordsEvenInComments) {
  EXPECT_THAT(check("firmware/net/a.cpp", "// LATER: more\n"),
              ElementsAre("2: 'LATER': do it now"));
  EXPECT_THAT(check("host/kedge/a.cpp", "// LATER: more\n"), testing::SizeIs(1));
  EXPECT_THAT(check("firmware/net/a.cpp", "// TRANSLATER\n"), IsEmpty());
}

TEST(Tidy, FindsBannedCallsInCodeOfTheFirmwareOnly) {
  EXPECT_THAT(check("firmware/net/a.cpp", "gets(x);\n"), ElementsAre("2: 'gets': has no limit"));
  EXPECT_THAT(check("firmware/net/a.cpp", "// gets(x);\nf(\"gets\");\n"), IsEmpty());
  EXPECT_THAT(check("firmware/net/a_test.cpp", "gets(x);\n"), IsEmpty());
  EXPECT_THAT(check("host/kedge/a.cpp", "gets(x);\n"), IsEmpty());
  EXPECT_THAT(check("firmware/net/special.cpp", "gets(x);\n"), IsEmpty());
}

TEST(Tidy, LimitsTheLengthOfFiles) {
  const std::string lines(kFileLinesMax, '\n');
  EXPECT_THAT(check("firmware/net/a.cpp", lines),
              ElementsAre(HasSubstr("451 lines, more than 450")));
  EXPECT_THAT(check("firmware/net/a.cpp", lines.substr(1)), IsEmpty());
  EXPECT_THAT(check("firmware/net/long.cpp", lines), IsEmpty());
  EXPECT_THAT(check("firmware/net/a_test.cpp", lines), IsEmpty());
  EXPECT_THAT(check("firmware/net/a_test.cpp", std::string(kTestLinesMax, '\n')),
              testing::SizeIs(1));
}

TEST(Tidy, WantsTheLicenceInTheFirstLine) {
  const auto count = [](std::string_view name, std::string_view text) {
    return check_file({}, name, text).size();
  };
  const std::string licence = "SPDX-License-Identifier: BSD-2-Clause-Patent\n";
  EXPECT_EQ(count("host/a.cpp", "// " + licence), 0u);
  EXPECT_EQ(count("cmake/a.cmake", "# " + licence), 0u);
  EXPECT_EQ(count("tools/a", "#!/bin/sh\n# " + licence), 0u);
  EXPECT_EQ(count("host/a.cpp", ""), 1u);
  EXPECT_EQ(count("host/a.cpp", "\n// " + licence), 1u);
  EXPECT_EQ(count("tools/a", "#!/bin/sh\n\n# " + licence), 1u);
}

TEST(Tidy, KnowsSourcesByNameAndScriptsByTheirFirstLine) {
  EXPECT_TRUE(is_source("firmware/net/a.h", ""));
  EXPECT_TRUE(is_source("firmware/net/CMakeLists.txt", ""));
  EXPECT_TRUE(is_source("tools/deps", "#!/bin/bash\n"));
  EXPECT_FALSE(is_source("tools/deps.list", "# text\n"));
  EXPECT_FALSE(is_source("tests/data/a.pcap", "\xD4\xC3"));
}

}  // namespace
}  // namespace kedge::host::tidy
