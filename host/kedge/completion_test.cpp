// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Completion scripts: of a small description, and those that `kedge` prints, asked by the shells
// themselves.
#include "kedge/completion.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "support/process.h"

namespace kedge::host {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

using Lines = std::vector<std::string>;

#define ASSERT_OUTCOME(outcome) \
  ASSERT_TRUE((outcome).has_value()) << (outcome).error().what << "\n" << (outcome).error().advice

/// A program whose texts have all characters that mean something to a shell.
CompletionCommand awkward() {
  CompletionCommand boat{.name = "boat", .description = "A boat: [its] \"parts\""};
  boat.options.push_back({.long_name = "oars",
                          .short_name = "o",
                          .description = "It's $(touch oars) `x` a\\b: [2]",
                          .takes_value = true,
                          .values = completion_values("one|two|FILE")});
  CompletionCommand program{.name = "tool", .description = "A tool"};
  program.commands.push_back(std::move(boat));
  return program;
}

class Shell : public testing::Test {
 protected:
  void SetUp() override {
    auto created = TempDir::create("kedge-completion");
    ASSERT_OUTCOME(created);
    folder_.emplace(*std::move(created));
    write("a.rom", "");
    write("b c.rom", "");
    std::filesystem::create_directory(folder_->path() / "folder");
  }

  void write(const char* name, const std::string& text) {
    ASSERT_OUTCOME(write_file(folder_->path() / name, text));
  }

  /// What `arguments` print, line by line; none when they fail.
  Lines output(Lines arguments) {
    const auto text = run_tool({.arguments = std::move(arguments), .directory = folder_->path()});
    EXPECT_TRUE(text.has_value()) << text.error().what << "\n" << text.error().advice;
    std::istringstream stream(text.value_or(""));
    Lines lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  /// Stores what `kedge completion SHELL` prints as the file `script`.
  void use_script_for(const char* shell) {
    const auto script = run_tool({.arguments = {KEDGE_COMMAND, "completion", shell}});
    ASSERT_OUTCOME(script);
    write("script", *script);
  }

  /// What bash's function offers for the last of `words`.
  Lines bash(const Lines& words, const char* function = "_kedge") {
    Lines arguments = {
        "bash", "--norc", "-c",
        ". ./script && COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) COMP_LINE=\"$*\" && "
        "COMP_POINT=${#COMP_LINE} && " +
            std::string(function) +
            " && ((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"",
        "bash"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return output(std::move(arguments));
  }

  /// What fish offers at the end of `line`, without descriptions.
  Lines fish(const std::string& line, const std::string& before = {}) {
    Lines offers =
        output({"fish", "--no-config", "-c", before + "source script; complete -C $argv[1]", line});
    for (std::string& offer : offers) offer.resize(std::min(offer.find('\t'), offer.size()));
    return offers;
  }

 private:
  std::optional<TempDir> folder_;
};

TEST(CompletionValues, AreReadFromTheTypesOfTheHelp) {
  const CompletionValues mixed = completion_values("off|default|FILE");
  EXPECT_THAT(mixed.words, ElementsAre("off", "default"));
  EXPECT_TRUE(mixed.files);
  EXPECT_EQ(mixed.name, "off|default|FILE");
  const CompletionValues checked = completion_values("NAME:{auto,kvm,tcg}");
  EXPECT_THAT(checked.words, ElementsAre("auto", "kvm", "tcg"));
  EXPECT_EQ(checked.name, "NAME");
  const CompletionValues directory = completion_values("DIR:DIR");
  EXPECT_TRUE(directory.directories);
  EXPECT_FALSE(directory.files);
  const CompletionValues range = completion_values("KIB:INT in [2 - 65536]");
  EXPECT_THAT(range.words, IsEmpty());
  EXPECT_FALSE(range.files);
}

TEST(CompletionValues, MayBeListsOfWhatIsThere) {
  const CompletionValues domain = completion_values("DOMAIN");
  EXPECT_EQ(domain.list, "domains");
  EXPECT_FALSE(domain.files);
  EXPECT_EQ(completion_values("MAC|N|ALIAS").list, "interfaces");
  EXPECT_EQ(completion_values("DEVICE,...").list, "devices");
}

using BashCompletion = Shell;

/// libvirt's test driver has a domain "test"; a file stands for one with more in it.
constexpr const char* kConnection = "test:///default";
constexpr const char* kDomainXml =
    "<domain type='qemu'><name>vm</name><os><type arch='x86_64'>hvm</type></os><devices>"
    "<disk type='file' device='disk'><source file='/d'/><target dev='vda'/></disk>"
    "<interface type='user'><mac address='52:54:00:00:00:01'/><alias name='ua-lan'/></interface>"
    "<interface type='user'/></devices></domain>";

TEST_F(BashCompletion, CompletesDomainsInterfacesAndDevices) {
  use_script_for("bash");
  write("vm.xml", kDomainXml);
  const std::string kedge = KEDGE_COMMAND;
  const auto of = [&](Lines words) {
    words.insert(words.begin(), {kedge, "domain"});
    return bash(words);
  };
  EXPECT_THAT(of({"explain", "--connect", kConnection, "t"}), ElementsAre("test"));
  EXPECT_THAT(of({"explain", "vm"}), ElementsAre("vm.xml"));
  EXPECT_THAT(of({"set", "vm.xml", "--interface", ""}),
              ElementsAre("1", "ua-lan", "52:54:00:00:00:01", "2"));
  EXPECT_THAT(of({"set", "vm.xml", "-i", "ua"}), ElementsAre("ua-lan"));
  EXPECT_THAT(of({"set", "vm.xml", "--boot-order", ""}),
              ElementsAre("1", "ua-lan", "52:54:00:00:00:01", "2", "vda"));
  EXPECT_THAT(of({"set", "vm.xml", "--boot-order", "1,v"}), ElementsAre("1,vda"));
  EXPECT_THAT(of({"set", "none.xml", "--interface", ""}), IsEmpty());
  // As bash divides a line at colons.
  EXPECT_THAT(output({"bash", "--norc", "-c",
                      ". ./script; COMP_WORDS=(\"$0\" domain set vm.xml -i 52 : 5) COMP_CWORD=7; "
                      "COMP_LINE='kedge domain set vm.xml -i 52:5' COMP_POINT=31; _kedge; "
                      "echo \"${COMPREPLY[@]}\"",
                      kedge}),
              ElementsAre("54:00:00:00:01"));
}

TEST_F(BashCompletion, CompletesCommandsAndSubcommands) {
  use_script_for("bash");
  EXPECT_THAT(bash({"kedge", "ro"}), ElementsAre("rom"));
  EXPECT_THAT(bash({"kedge", ""}), UnorderedElementsAre("domain", "rom", "vm", "completion"));
  EXPECT_THAT(bash({"kedge", "rom", "in"}), ElementsAre("info"));
  EXPECT_THAT(bash({"kedge", "domain", ""}), UnorderedElementsAre("explain", "set"));
  EXPECT_THAT(bash({"kedge", "completion", ""}), UnorderedElementsAre("bash", "zsh", "fish"));
}

TEST_F(BashCompletion, CompletesTheOptionsOfTheCommandThatIsTyped) {
  use_script_for("bash");
  EXPECT_THAT(bash({"kedge", "rom", "info", "--j"}), ElementsAre("--json"));
  EXPECT_THAT(bash({"kedge", "rom", "info", "--s"}), IsEmpty());
  EXPECT_THAT(bash({"kedge", "rom", "verify", "a.rom", "--s"}), ElementsAre("--strict"));
  EXPECT_THAT(bash({"kedge", "rom", "build", "-"}), IsSupersetOf({"--output", "-o", "--help"}));
  EXPECT_THAT(bash({"kedge", "--v"}), ElementsAre("--version"));
}

TEST_F(BashCompletion, CompletesValuesByTheirChecksAndTypes) {
  use_script_for("bash");
  EXPECT_THAT(bash({"kedge", "vm", "--accel", ""}), UnorderedElementsAre("auto", "kvm", "tcg"));
  EXPECT_THAT(bash({"kedge", "vm", "--accel", "=", "k"}), ElementsAre("kvm"));
  EXPECT_THAT(bash({"kedge", "vm", "--accel", "="}), UnorderedElementsAre("auto", "kvm", "tcg"));
  EXPECT_THAT(bash({"kedge", "vm", "--efi", "b"}), ElementsAre("b c.rom"));
  EXPECT_THAT(bash({"kedge", "rom", "extract", "-d", ""}), ElementsAre("folder"));
  EXPECT_THAT(bash({"kedge", "domain", "set", "--rom", "o"}), ElementsAre("off"));
  EXPECT_THAT(bash({"kedge", "domain", "set", "--rom", "a"}), ElementsAre("a.rom"));
  EXPECT_THAT(bash({"kedge", "vm", "--cpus", ""}), IsEmpty());
  EXPECT_THAT(bash({"kedge", "rom", "info", "a"}), ElementsAre("a.rom"));
}

TEST_F(BashCompletion, TakesTheValueOfAnOptionForNoCommand) {
  write("script", bash_completion([] {
          CompletionCommand program = awkward();
          program.options.push_back({.long_name = "name", .takes_value = true});
          return program;
        }()));
  EXPECT_THAT(bash({"tool", "boat", "--o"}, "_tool"), ElementsAre("--oars"));
  EXPECT_THAT(bash({"tool", "--name", "boat", "--o"}, "_tool"), IsEmpty());
  EXPECT_THAT(bash({"tool", "--name", "=", "boat", "--o"}, "_tool"), IsEmpty());
  EXPECT_THAT(bash({"tool", "--name", "x", "boat", "--o"}, "_tool"), ElementsAre("--oars"));
}

TEST_F(BashCompletion, OffersEachOptionThatTheHelpShows) {
  use_script_for("bash");
  std::set<std::string> shown;
  for (const std::string& line : output({KEDGE_COMMAND, "vm", "--help"})) {
    const std::size_t start = line.find("--");
    if (!line.starts_with("  -") || start == std::string::npos) continue;
    shown.insert(line.substr(start, line.find_first_of(" ,", start) - start));
  }
  EXPECT_THAT(shown, Contains("--dry-run"));
  EXPECT_THAT(bash({"kedge", "vm", "--"}), UnorderedElementsAreArray(shown));
}

TEST(ZshCompletion, EscapesWhatSpecificationsEndAt) {
  const std::string script = zsh_completion(awkward());
  EXPECT_TRUE(script.starts_with("#compdef tool\n"));
  EXPECT_THAT(script, HasSubstr(R"('(--oars -o)--oars=[It'\''s $(touch oars) `x` a\\b\: \[2\]]:)"
                                R"(one|two|FILE: _tool_or_files one two')"));
  EXPECT_THAT(script, HasSubstr("boat) _tool_boat ;;"));
}

class ZshScripts : public Shell {
 protected:
  void SetUp() override {
    if (!find_program("zsh")) GTEST_SKIP() << "zsh is not installed";
    Shell::SetUp();
  }
};

// zsh completes in a terminal only; what its function asks for is asked here.
TEST_F(ZshScripts, AskForWhatIsThere) {
  write("vm.xml", kDomainXml);
  use_script_for("zsh");
  const std::string ask =
      "kedge=$0; compdef() {}; compadd() { print -l -- \"${(@P)2}\"; }; "
      "_call_program() { shift; eval \"${@/#kedge/$kedge}\"; }; . ./script; "
      "words=(set vm.xml -i '') CURRENT=4; _kedge_list interfaces domain";
  EXPECT_THAT(output({"zsh", "-f", "-c", ask, KEDGE_COMMAND}),
              ElementsAre("1", "ua-lan", "52:54:00:00:00:01", "2"));
}

TEST_F(ZshScripts, AreValid) {
  write("script", zsh_completion(awkward()));
  EXPECT_THAT(output({"zsh", "-n", "script"}), IsEmpty());
  use_script_for("zsh");
  EXPECT_THAT(output({"zsh", "-n", "script"}), IsEmpty());
}

class FishCompletion : public Shell {
 protected:
  void SetUp() override {
    if (!find_program("fish")) GTEST_SKIP() << "fish is not installed";
    Shell::SetUp();
  }
};

TEST_F(FishCompletion, CompletesCommandsOptionsAndValues) {
  use_script_for("fish");
  EXPECT_THAT(fish("kedge ro"), ElementsAre("rom"));
  EXPECT_THAT(fish("kedge rom in"), ElementsAre("info"));
  EXPECT_THAT(fish("kedge rom info --j"), ElementsAre("--json"));
  EXPECT_THAT(fish("kedge rom info a"), ElementsAre("a.rom"));
  EXPECT_THAT(fish("kedge vm --accel "), UnorderedElementsAre("auto", "kvm", "tcg"));
  EXPECT_THAT(fish("kedge domain set --rom o"), ElementsAre("off"));
  EXPECT_THAT(fish("kedge rom extract -d f"), ElementsAre("folder/"));
}

TEST_F(FishCompletion, CompletesDomainsInterfacesAndDevices) {
  // The script calls what is called kedge.
  write("kedge", fmt::format("#!/bin/sh\nexec '{}' \"$@\"\n", KEDGE_COMMAND));
  write("vm.xml", kDomainXml);
  use_script_for("fish");
  const auto offers = [this](const std::string& line) {
    return fish(line, "chmod +x kedge; set -x PATH . $PATH; ");
  };
  EXPECT_THAT(offers(fmt::format("kedge domain explain --connect {} te", kConnection)),
              Contains("test"));
  EXPECT_THAT(offers("kedge domain set vm.xml --interface u"), ElementsAre("ua-lan"));
  EXPECT_THAT(offers("kedge domain set vm.xml --boot-order 1,v"), ElementsAre("1,vda"));
}

TEST_F(FishCompletion, ShowsDescriptionsAsTheyAre) {
  write("script", fish_completion(awkward()));
  EXPECT_THAT(output({"fish", "--no-config", "-c", "source script; complete -C 'tool boat --o'"}),
              ElementsAre("--oars\tIt's $(touch oars) `x` a\\b: [2]"));
}

}  // namespace
}  // namespace kedge::host
