// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The `kedge` command as scripts and people meet it: help, manual pages, JSON and exit codes of
// each subcommand.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "image/image_test_files.h"
#include "rom/rom_build.h"
#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

using testing::HasSubstr;

constexpr Duration kTimeout = std::chrono::seconds(60);

struct Ran {
  int code = -1;
  std::string output;  // standard output and standard error
  nlohmann::json json() const { return nlohmann::json::parse(output, nullptr, false); }
};

class Command : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(folder_) << folder_.error().what; }

  std::string path(std::string_view name) const { return (folder_->path() / name).string(); }
  std::string write(std::string_view name, std::string_view content) const {
    EXPECT_TRUE(write_file(path(name), content));
    return path(name);
  }
  std::string driver() const {
    return write("driver.efi",
                 image::make_pe(
                     {.machine = image::Machine::x86_64, .subsystem = 0x0b, .file_bytes = 0x3000}));
  }
  std::string rom(std::string_view name, std::uint16_t device = 0x1000) const {
    const RomRecipe recipe{.vendor = 0x1af4,
                           .devices = {device},
                           .drivers = {read_file(driver()).value_or("")},
                           .size = 65536};
    return write(name, build_rom(recipe).value_or(""));
  }
  std::string domain(std::string_view model = "virtio") const {
    return write("vm.xml", fmt::format(R"(<domain type='qemu'>
  <name>vm</name>
  <memory unit='MiB'>256</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
  </os>
  <devices>
    <interface type='user'>
      <mac address='52:54:00:00:00:01'/>
      <model type='{}'/>
      <rom enabled='no'/>
      <boot order='1'/>
    </interface>
  </devices>
</domain>
)",
                                       model));
  }

  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), KEDGE_COMMAND);
    Ran ran;
    std::error_code ignored;
    std::filesystem::remove(folder_->path() / "output", ignored);  // it would be appended to
    auto process = Process::start({.arguments = std::move(arguments),
                                   .output = folder_->path() / "output",
                                   .directory = folder_->path()});
    EXPECT_TRUE(process) << process.error().what;
    if (!process) return ran;
    const auto status = process->wait_until(after(kTimeout));
    EXPECT_TRUE(status && status->signal == 0);
    if (status) ran.code = status->code;
    ran.output = read_file(folder_->path() / "output").value_or("");
    return ran;
  }
  int code(std::vector<std::string> arguments) const { return run(std::move(arguments)).code; }

 private:
  Outcome<TempDir> folder_ = TempDir::create("kedge-command");
};

using RomCommand = Command;
using DomainCommand = Command;

// What each exit code of the manual page stands for.
TEST_F(RomCommand, DiffExitsAsDiffDoes) {
  const std::string a = rom("a.rom");
  EXPECT_EQ(code({"rom", "diff", a, rom("same.rom")}), 0);
  EXPECT_EQ(code({"rom", "diff", a, rom("b.rom", 0x1041)}), 1);
  EXPECT_EQ(code({"rom", "diff", a}), 2);
  EXPECT_EQ(code({"rom", "diff", a, path("none.rom")}), 3);
  EXPECT_EQ(code({"rom", "diff", a, write("text.rom", "no ROM")}), 3);
  const auto json = run({"rom", "diff", "--json", a, rom("b.rom", 0x1041)}).json();
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["same"], false);
}

TEST_F(RomCommand, InfoAndVerifyExitByTheWorstFile) {
  const std::string good = rom("good.rom");
  const std::string text = write("text.rom", "no ROM");
  for (const char* command : {"info", "verify"}) {
    EXPECT_EQ(code({"rom", command, good}), 0) << command;
    EXPECT_EQ(code({"rom", command, good, text}), 1) << command;
    EXPECT_EQ(code({"rom", command}), 2) << command;
    EXPECT_EQ(code({"rom", command, path("none.rom"), text, good}), 3) << command;
    const auto json = run({"rom", command, "--json", good}).json();
    ASSERT_TRUE(json.is_array() && json.size() == 1) << command;
    EXPECT_EQ(json[0]["file"], good) << command;
  }
  // Its driver has no relocations, which only strict firmware minds.
  EXPECT_EQ(code({"rom", "verify", "--strict", good}), 1);
}

TEST_F(RomCommand, BuildAndExtractGoRound) {
  const std::string out = path("built.rom");
  const Ran built =
      run({"rom", "build", "--json", "--id", "1af4:1000", "--size", "64", "-o", out, driver()});
  EXPECT_EQ(built.code, 0) << built.output;
  EXPECT_EQ(built.json(), nlohmann::json({{"file", out}, {"bytes", 65536}}));
  const Ran parts = run({"rom", "extract", "--json", out});
  EXPECT_EQ(parts.code, 0) << parts.output;
  ASSERT_TRUE(parts.json().is_array() && parts.json().size() == 1) << parts.output;
  EXPECT_EQ(parts.json()[0]["image"], 1);
  EXPECT_EQ(read_file(path(parts.json()[0]["file"].get<std::string>())).value_or("none"),
            read_file(driver()).value_or(""));
  EXPECT_EQ(code({"rom", "build", "--id", "1af4:1000", "-o", out, write("x.efi", "no PE")}), 1);
  EXPECT_EQ(code({"rom", "build", "-o", out}), 2);
  EXPECT_EQ(code({"rom", "build", "--id", "1af4:1000", "--size", "8", "--no-compress", "-o", out,
                  driver()}),
            1)
      << "it does not fit";
  EXPECT_EQ(code({"rom", "extract", write("text.rom", "no ROM")}), 1);
  EXPECT_EQ(code({"rom", "extract", path("none.rom")}), 3);
}

TEST_F(DomainCommand, ExplainExitsByItsWarnings) {
  EXPECT_EQ(code({"domain", "explain", domain()}), 0);
  const Ran warned = run({"domain", "explain", "--json", domain("e1000")});
  EXPECT_EQ(warned.code, 1);
  ASSERT_TRUE(warned.json().is_object()) << warned.output;
  EXPECT_EQ(warned.json()["warnings"][0]["id"], "no-driver");
  EXPECT_EQ(code({"domain", "explain"}), 2);
  EXPECT_EQ(code({"domain", "explain", path("none.xml")}), 3);
  EXPECT_EQ(code({"domain", "explain", "--connect", "nonsense:///", "vm"}), 3);
  const Ran bad = run({"domain", "explain", write("bad.xml", "<domain>\n  <name>vm</nome>\n")});
  EXPECT_EQ(bad.code, 4);
  EXPECT_THAT(bad.output, HasSubstr("line 2"));
}

TEST_F(DomainCommand, SetTellsProgramsWhatItDid) {
  const std::string file = domain();
  const std::string before = read_file(file).value_or("");
  EXPECT_EQ(code({"domain", "set", file, "--rng"}), 1) << "nobody is there to be asked";
  EXPECT_EQ(read_file(file).value_or(""), before);
  EXPECT_EQ(code({"domain", "set", file}), 2);
  EXPECT_EQ(code({"domain", "set", path("none.xml"), "--rng", "--yes"}), 3);
  EXPECT_EQ(code({"domain", "set", file, "--interface", "7", "--rom", "off", "--yes"}), 4);
  const Ran dry = run({"domain", "set", file, "--rng", "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_THAT(dry.output, HasSubstr("+    <rng model='virtio'>"));
  EXPECT_EQ(read_file(file).value_or(""), before);
  const Ran done = run({"domain", "set", file, "--rng", "--yes", "--json"});
  EXPECT_EQ(done.code, 0) << done.output;
  const auto json =
      nlohmann::json::parse(done.output.substr(done.output.find("\n{\n") + 1), nullptr, false);
  ASSERT_TRUE(json.is_object()) << done.output;
  EXPECT_EQ(json["changed"], true);
  EXPECT_EQ(json["backup"], file + ".bak");
  EXPECT_EQ(json["xml"], read_file(file).value_or(""));
  EXPECT_EQ(json["after"]["interfaces"][0]["boots"], "firmware");
  EXPECT_EQ(read_file(file + ".bak").value_or(""), before);
  EXPECT_EQ(code({"domain", "set", file, "--rng", "--yes"}), 0) << "nothing to change";
}

TEST_F(DomainCommand, SetRefusesWhatIsNoListOfVlans) {
  const std::string file = domain();
  const std::string before = read_file(file).value_or("");
  for (const char* bad : {"4095", "42:8", "42, 43", "42,42", "42,", "off", ""}) {
    EXPECT_EQ(code({"domain", "set", file, "--vlan", bad, "--yes"}), 2) << bad;
  }
  EXPECT_EQ(read_file(file).value_or(""), before);
  const Ran refused = run({"domain", "set", file, "--vlan", "42,4095", "--yes"});
  EXPECT_THAT(refused.output, HasSubstr("--vlan: \"4095\" is no VLAN: an ID from 0 to 4094"));
  EXPECT_THAT(refused.output, HasSubstr("such as 42 or 42:5,43"));
}

TEST_F(DomainCommand, SetGivesAndTakesVlans) {
  const std::string file = domain();
  const std::string before = read_file(file).value_or("");
  const Ran given = run({"domain", "set", file, "--vlan", "42:5", "--yes"});
  EXPECT_EQ(given.code, 0) << given.output;
  EXPECT_THAT(read_file(file).value_or(""), HasSubstr("'opt/org.kedge/vlan'>42:5</entry>"));
  EXPECT_EQ(code({"domain", "set", file, "--vlan", "none", "--yes"}), 0);
  EXPECT_EQ(read_file(file).value_or(""), before);
}

// The README's first screen: its block is what the command prints for the domain in docs/examples
// today, from the interface on, with bookworm's ROM.
TEST_F(DomainCommand, PrintsWhatTheReadmeShows) {
  if (!read_file("/etc/debian_version").value_or("").starts_with("12.")) {
    GTEST_SKIP() << "the packages of this machine are not bookworm's";
  }
  const std::filesystem::path source = KEDGE_SOURCE;
  const Ran ran = run({"domain", "explain", (source / "docs/examples/maas-node1.xml").string()});
  EXPECT_EQ(ran.code, 0) << ran.output;
  const std::string readme = read_file(source / "README.md").value_or("");
  const std::string_view command = "    $ kedge domain explain maas-node1\n    ...\n";
  const std::size_t begin = readme.find(command);
  ASSERT_NE(begin, std::string::npos);
  std::string shown;
  for (std::size_t at = begin + command.size(); readme.substr(at, 4) == "    ";) {
    const std::size_t end = readme.find('\n', at);
    shown += readme.substr(at + 4, end + 1 - (at + 4));
    at = end + 1;
  }
  EXPECT_THAT(shown, testing::StartsWith("Interface 1:"));
  EXPECT_EQ(ran.output.substr(std::min(ran.output.find("Interface 1:"), ran.output.size())), shown);
}

// Every subcommand, found by what the help says.
TEST_F(Command, HasHelpAndAManualPageForEachSubcommandAndOption) {
  const std::filesystem::path manuals = std::filesystem::path(KEDGE_SOURCE) / "docs/man";
  for (const auto& [command, subcommands] :
       {std::pair<std::string, std::vector<std::string>>{
            "rom", {"info", "verify", "extract", "build", "diff"}},
        {"domain", {"explain", "set"}}}) {
    const std::string manual = read_file(manuals / fmt::format("kedge-{}.1", command)).value_or("");
    EXPECT_TRUE(manual.contains(".Sh EXIT STATUS")) << command;
    EXPECT_THAT(run({command, "--help"}).output, HasSubstr("Exit codes:")) << command;
    for (const std::string& subcommand : subcommands) {
      const Ran help = run({command, subcommand, "--help"});
      EXPECT_EQ(help.code, 0) << command << " " << subcommand;
      EXPECT_THAT(help.output, HasSubstr("--json")) << command << " " << subcommand;
      EXPECT_TRUE(manual.contains(".Cm " + subcommand)) << command << " " << subcommand;
      for (std::size_t at = help.output.find("--"); at != std::string::npos;
           at = help.output.find("--", at + 2)) {
        const std::size_t end = help.output.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
        const std::string option = help.output.substr(at + 2, end - at - 2);
        if (option.empty() || option == "help") continue;
        EXPECT_TRUE(manual.contains("-" + option))
            << command << " " << subcommand << ": " << option;
      }
    }
  }
}

}  // namespace
}  // namespace kedge::host
