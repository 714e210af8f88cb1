// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The rules, as cmake/layers.txt and cmake/banned.txt state them.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::host::tidy {

/// A line of a rules file that means nothing; what() begins with its number.
class RulesError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BannedText {
  std::string text;
  std::string reason;
};

struct RestrictedHeader {
  std::string prefix;
  std::vector<std::string> folders;  // of firmware/, with subfolders
};

struct Rules {
  std::map<std::string, int, std::less<>> levels;
  std::set<std::string, std::less<>> host_folders;
  std::vector<RestrictedHeader> headers;
  std::set<std::string, std::less<>> hosted_headers;  // not in the firmware
  std::vector<BannedText> words;
  std::vector<BannedText> calls;
  std::set<std::pair<std::string, std::string>> exceptions;  // file, text
  std::map<std::string, std::size_t> long_files;
};

constexpr std::size_t kFileLinesMax = 450;
constexpr std::size_t kTestLinesMax = 700;  // of tests and fakes

/// Adds what a rules file says. Throws RulesError.
void add_rules(Rules& rules, std::string_view text);

}  // namespace kedge::host::tidy
