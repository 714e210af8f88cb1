// SPDX-License-Identifier: BSD-2-Clause-Patent
// The packages of dist/packages, as an administrator meets them: checked by lintian, installed into
// an empty system, used from there, and removed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "support/process.h"

namespace kedge::host {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

#define ASSERT_OUTCOME(outcome) \
  ASSERT_TRUE((outcome).has_value()) << (outcome).error().what << "\n" << (outcome).error().advice

const fs::path kDist = KEDGE_DIST_DIRECTORY;

std::vector<std::string> packages(std::string_view suffix) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kDist / "packages", error)) {
    if (entry.path().string().ends_with(suffix)) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string content(const fs::path& path) {
  const auto read = read_file(path);
  EXPECT_TRUE(read.has_value()) << path;
  return read.value_or("");
}

/// Every file below `folder`, relative to it.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file()) found.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string completion_for(std::string_view shell) {
  const auto script =
      run_tool({.arguments = {(kDist / "bin/kedge").string(), "completion", std::string(shell)}});
  EXPECT_TRUE(script.has_value()) << script.error().what;
  return script.value_or("");
}

/// dpkg on a system of its own, in which nothing else is installed.
class EmptySystem : public testing::Test {
 protected:
  void SetUp() override {
    auto created = TempDir::create("kedge-packages");
    ASSERT_OUTCOME(created);
    root_.emplace(*std::move(created));
    const fs::path admin = root_->path() / "var/lib/dpkg";
    fs::create_directories(admin / "updates");
    fs::create_directories(admin / "info");
    ASSERT_OUTCOME(create_empty_file(admin / "status", 0));
  }

  Outcome<std::string> dpkg(std::vector<std::string> arguments) {
    // Dependencies are not installed here: programs run with this machine's libraries.
    std::vector<std::string> all = {"dpkg",
                                    "--root=" + root_->path().string(),
                                    "--force-depends",
                                    "--force-not-root",
                                    "--force-script-chrootless",
                                    "--log=/dev/null"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_tool({.arguments = std::move(all)});
  }
  Outcome<std::string> install() {
    std::vector<std::string> arguments = packages(".deb");
    arguments.insert(arguments.begin(), "--install");
    return dpkg(std::move(arguments));
  }
  fs::path at(std::string_view path) const { return root_->path() / path; }

 private:
  std::optional<TempDir> root_;
};

TEST(DebianPackages, AreThreeAndLintianHasNothingToSay) {
  const std::vector<std::string> debs = packages(".deb");
  ASSERT_EQ(debs.size(), 3) << "`make packages` makes them";
  std::vector<std::string> command = {"lintian", "--allow-root", "--fail-on", "error,warning"};
  command.insert(command.end(), debs.begin(), debs.end());
  const auto said = run_tool({.arguments = command}, std::chrono::seconds(240));
  ASSERT_OUTCOME(said);
  EXPECT_EQ(*said, "");
}

TEST_F(EmptySystem, GetsTheSameRomsAndProgramsAsTheBuildMade) {
  ASSERT_OUTCOME(install());
  const std::vector<std::string> roms = files_below(kDist / "roms");
  ASSERT_FALSE(roms.empty());
  EXPECT_EQ(files_below(at("usr/lib/kedge/roms")), roms);
  for (const std::string& rom : roms) {
    EXPECT_EQ(content(at("usr/lib/kedge/roms") / rom), content(kDist / "roms" / rom)) << rom;
  }
  for (const std::string program : {"x86_64/kedge.efi", "aarch64/kedge.efi", "kedge.iso"}) {
    EXPECT_EQ(content(at("usr/lib/kedge") / program), content(kDist / program)) << program;
  }
}

TEST_F(EmptySystem, RunsTheCommandThatWasInstalled) {
  ASSERT_OUTCOME(install());
  const auto version = run_tool({.arguments = {at("usr/bin/kedge").string(), "--version"}});
  ASSERT_OUTCOME(version);
  EXPECT_THAT(*version, HasSubstr("kedge 0."));
  const auto info = run_tool({.arguments = {at("usr/bin/kedge").string(), "rom", "info",
                                            at("usr/lib/kedge/roms/efi-virtio.rom").string()}});
  ASSERT_OUTCOME(info);
  EXPECT_THAT(*info, HasSubstr("1af4"));
}

TEST_F(EmptySystem, CompletesTheCommandInEachShell) {
  ASSERT_OUTCOME(install());
  const fs::path share = at("usr/share");
  EXPECT_EQ(content(share / "bash-completion/completions/kedge"), completion_for("bash"));
  EXPECT_EQ(content(share / "zsh/vendor-completions/_kedge"), completion_for("zsh"));
  EXPECT_EQ(content(share / "fish/vendor_completions.d/kedge.fish"), completion_for("fish"));
}

TEST_F(EmptySystem, IsEmptyAgainWhenThePackagesAreRemoved) {
  ASSERT_OUTCOME(install());
  ASSERT_FALSE(files_below(at("usr")).empty());
  ASSERT_OUTCOME(dpkg({"--purge", "kedge", "kedge-efi", "kedge-roms"}));
  EXPECT_TRUE(files_below(at("usr")).empty());
}

TEST(RpmPackages, HoldTheSameRomsAndProgramsAsTheBuildMade) {
  const std::vector<std::string> rpms = packages(".rpm");
  ASSERT_EQ(rpms.size(), 3) << "`make packages` makes them where rpmbuild is";
  auto root = TempDir::create("kedge-packages");
  ASSERT_OUTCOME(root);
  for (const std::string& rpm : rpms) {
    ASSERT_OUTCOME(
        run_tool({.arguments = {"sh", "-c", "rpm2cpio \"$1\" | cpio -id --quiet", "unpack", rpm},
                  .directory = root->path()}));
  }
  const std::vector<std::string> roms = files_below(kDist / "roms");
  ASSERT_FALSE(roms.empty());
  for (const std::string& rom : roms) {
    EXPECT_EQ(content(root->path() / "usr/share/kedge/roms" / rom), content(kDist / "roms" / rom));
  }
  EXPECT_EQ(content(root->path() / "usr/share/kedge/x86_64/kedge.efi"),
            content(kDist / "x86_64/kedge.efi"));
  EXPECT_EQ(content(root->path() / "usr/bin/kedge"), content(kDist / "bin/kedge"));
  const fs::path share = root->path() / "usr/share";
  EXPECT_EQ(content(share / "bash-completion/completions/kedge"), completion_for("bash"));
  EXPECT_EQ(content(share / "zsh/site-functions/_kedge"), completion_for("zsh"));
  EXPECT_EQ(content(share / "fish/vendor_completions.d/kedge.fish"), completion_for("fish"));
}

// As a distribution reads the spec: it builds from source, with the sources of others at hand.
TEST(RpmSpec, BuildsFromSourceUnlessToldOtherwise) {
  auto folder = TempDir::create("kedge-spec");
  ASSERT_OUTCOME(folder);
  std::string spec = content(fs::path(KEDGE_SOURCE) / "packaging/kedge.spec.in");
  for (const auto& [open, value] : {std::pair<std::string, std::string>{"@VERSION@", "0.1.0"},
                                    {"@REVISION@", "1"},
                                    {"@DATE@", "Sun Nov 22 2026"},
                                    {"@MAINTAINER@", "A <a@example.org>"}}) {
    for (std::size_t at = spec.find(open); at != std::string::npos; at = spec.find(open)) {
      spec.replace(at, open.size(), value);
    }
  }
  const std::string file = (folder->path() / "kedge.spec").string();
  ASSERT_OUTCOME(write_file(file, spec));
  const auto source = run_tool({.arguments = {"rpmspec", "--parse", file}});
  ASSERT_OUTCOME(source);
  EXPECT_THAT(*source, HasSubstr("-DFETCHCONTENT_SOURCE_DIR_LWIP="));
  EXPECT_THAT(*source, HasSubstr("Source3:"));
  EXPECT_THAT(*source, HasSubstr("BuildRequires:"));
  const auto prebuilt = run_tool({.arguments = {"rpmspec", "--with", "prebuilt", "--parse", file}});
  ASSERT_OUTCOME(prebuilt);
  EXPECT_THAT(*prebuilt, testing::Not(HasSubstr("FETCHCONTENT")));
  EXPECT_THAT(*prebuilt, testing::Not(HasSubstr("BuildRequires:")));
}

}  // namespace
}  // namespace kedge::host
