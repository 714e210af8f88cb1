// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/tidy.h"

#include <algorithm>

#include "base/format.h"
#include "tidy/source.h"

namespace kedge::host::tidy {
namespace {

constexpr std::string_view kLicence = "SPDX-License-Identifier: BSD-2-Clause-Patent";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_cpp(std::string_view name) {
  return name.ends_with(".h") || name.ends_with(".cpp") || name.ends_with(".c");
}

// Unit tests, fuzz targets, fakes and other helpers run on the host only.
bool is_test(std::string_view name) {
  const std::string_view file = base_name(name);
  return name.starts_with("tests/") || name.starts_with("bench/") ||
         file.find("_test") != std::string_view::npos || file.starts_with("test_") ||
         file.starts_with("fake_") || file.find("_fuzz.") != std::string_view::npos;
}

// "net/lwip" is within "net", "network" is not.
bool is_within(std::string_view folder, std::string_view outer) {
  return folder == outer ||
         (folder.starts_with(outer) && folder.substr(outer.size()).starts_with('/'));
}

class FileCheck {
 public:
  FileCheck(const Rules& rules, std::string_view name, std::string_view contents)
      : rules_(rules), name_(name), test_(is_test(name)), lines_(split_source(contents)) {
    constexpr std::string_view kFirmware = "firmware/";
    if (name.starts_with(kFirmware)) {
      const std::string_view inside = name.substr(kFirmware.size());
      folder_ = inside.substr(0, std::max(inside.rfind('/'), std::size_t{0}));
      if (inside.find('/') == std::string_view::npos) folder_ = {};
      top_folder_ = folder_.substr(0, folder_.find('/'));
    }
  }

  std::vector<Finding> run() {
    check_licence();
    check_length();
    if (is_cpp(name_)) check_level();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      number_ = i + 1;
      check_words(lines_[i]);
      if (!is_cpp(name_)) continue;
      if (const auto header = included_header(lines_[i])) check_include(*header);
      if (!top_folder_.empty() && !test_) check_calls(lines_[i]);
    }
    return std::move(findings_);
  }

 private:
  void find(std::string text) {
    findings_.push_back({std::string(name_), number_, std::move(text)});
  }

  bool is_excepted(const std::string& text) const {
    return rules_.exceptions.contains({std::string(name_), text});
  }

  void check_licence() {
    number_ = 1;
    // The first line of a script names its interpreter, of a man page or document its kind.
    for (std::size_t i = 0; i < std::min<std::size_t>(lines_.size(), 2); ++i) {
      if (lines_[i].text.find(kLicence) != std::string::npos) return;
      if (!lines_[i].text.starts_with("#!")) break;
    }
    find(kedge::format("the first line must say: {}", kLicence));
  }

  void check_length() {
    const auto found = rules_.long_files.find(std::string(name_));
    const std::size_t lines_max = found != rules_.long_files.end() ? found->second
                                  : test_                          ? kTestLinesMax
                                                                   : kFileLinesMax;
    number_ = lines_.size();
    if (is_cpp(name_) && lines_.size() > lines_max) {
      find(kedge::format("{} lines, more than {}: split the file", lines_.size(), lines_max));
    }
  }

  void check_level() {
    number_ = 1;
    if (!top_folder_.empty() && !rules_.levels.contains(top_folder_)) {
      find(kedge::format("firmware/{} has no level in cmake/layers.txt", top_folder_));
    }
  }

  void check_words(const Line& line) {
    for (const BannedText& word : rules_.words) {
      if (contains_name(line.text, word.text) && !is_excepted(word.text)) {
        find(kedge::format("'{}': {}", word.text, word.reason));
      }
    }
  }

  void check_calls(const Line& line) {
    for (const BannedText& call : rules_.calls) {
      if (contains_name(line.code, call.text) && !is_excepted(call.text)) {
        find(kedge::format("'{}': {}", call.text, call.reason));
      }
    }
  }

  void check_include(const std::string& header) {
    const std::string_view first = std::string_view(header).substr(0, header.find('/'));
    const auto level =
        header.find('/') == std::string::npos ? rules_.levels.end() : rules_.levels.find(first);
    if (name_.starts_with("host/")) {
      const bool own = level == rules_.levels.end() || rules_.host_folders.contains(first);
      if (!own && !test_) find(kedge::format("host programs must not include \"{}\"", header));
    }
    if (!name_.starts_with("tests/") && !test_ && header.starts_with("tests/")) {
      find(kedge::format("only tests include \"{}\"", header));
    }
    if (top_folder_.empty()) return;
    if (level != rules_.levels.end()) check_order(header, first, level->second);
    check_restricted(header);
    if (!test_ && rules_.hosted_headers.contains(header)) {
      find(kedge::format("<{}> does not exist in the firmware", header));
    }
  }

  // Tests may use fakes, which may be of any level, but keep to the order otherwise.
  void check_order(const std::string& header, std::string_view folder, int level) {
    const auto own = rules_.levels.find(top_folder_);
    if (own == rules_.levels.end() || folder == top_folder_ || level < own->second) return;
    find(kedge::format("{} (level {}) must not include \"{}\" (level {})", top_folder_, own->second,
                       header, level));
  }

  void check_restricted(const std::string& header) {
    for (const RestrictedHeader& rule : rules_.headers) {
      if (!header.starts_with(rule.prefix)) continue;
      const bool allowed = std::ranges::any_of(
          rule.folders, [&](const std::string& folder) { return is_within(folder_, folder); });
      if (!allowed) find(kedge::format("firmware/{} must not include <{}>", folder_, header));
    }
  }

  const Rules& rules_;
  std::string_view name_;
  bool test_;
  std::vector<Line> lines_;
  std::string_view folder_;      // below firmware/, empty elsewhere
  std::string_view top_folder_;  // its first part
  std::size_t number_ = 1;
  std::vector<Finding> findings_;
};

}  // namespace

bool is_source(std::string_view name, std::string_view contents) {
  return is_cpp(name) || name.ends_with(".cmake") || base_name(name) == "CMakeLists.txt" ||
         base_name(name) == "Makefile" || contents.starts_with("#!/bin/");
}

std::vector<Finding> check_file(const Rules& rules, std::string_view name,
                                std::string_view contents) {
  return FileCheck(rules, name, contents).run();
}

}  // namespace kedge::host::tidy
