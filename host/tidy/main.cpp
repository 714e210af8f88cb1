// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// kedge-tidy: checks the sources below a folder. Prints findings as file:line: text; exits 1 when
// there are any.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/assert.h"
#include "tidy/tidy.h"

namespace kedge {
void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}
}  // namespace kedge

namespace {

namespace fs = std::filesystem;
using namespace kedge::host::tidy;

constexpr const char* kFolders[] = {"firmware", "host",    "tests", "bench",
                                    "cmake",    "configs", "tools", ".ci"};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* folder : kFolders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  for (const char* file : {"CMakeLists.txt", "Makefile"}) {
    if (fs::exists(root / file)) files.push_back(root / file);
  }
  std::ranges::sort(files);
  return files;
}

int run(const fs::path& root) {
  Rules rules;
  for (const char* file : {"cmake/layers.txt", "cmake/banned.txt"}) {
    try {
      add_rules(rules, read_file(root / file));
    } catch (const RulesError& error) {
      std::fprintf(stderr, "%s: %s\n", file, error.what());
      return 2;
    }
  }
  std::size_t checked = 0, found = 0;
  for (const fs::path& path : files_below(root)) {
    const std::string contents = read_file(path);
    const std::string name = path.lexically_relative(root).generic_string();
    if (!is_source(name, contents)) continue;
    ++checked;
    for (const Finding& finding : check_file(rules, name, contents)) {
      std::printf("%s:%zu: %s\n", finding.file.c_str(), finding.line, finding.text.c_str());
      ++found;
    }
  }
  std::printf("%zu files, %zu findings\n", checked, found);
  // Nothing to check is a mistake in the call, not success.
  return found == 0 && checked > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("usage: kedge-tidy ROOT\n\nChecks the sources of the repository at ROOT.\n", stderr);
    return 2;
  }
  try {
    return run(words[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kedge-tidy: %s\n", error.what());
    return 2;
  }
}
