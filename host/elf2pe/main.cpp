// SPDX-License-Identifier: BSD-2-Clause-Patent
// elf2pe: makes a PE image for UEFI from a static PIE ELF file.
//
// No argument library here: this is the one host program that building the firmware needs.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "elf2pe/elf.h"
#include "elf2pe/pe.h"

namespace kedge {
void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}
}  // namespace kedge

namespace {

using namespace kedge::host::elf2pe;

constexpr const char kUsage[] =
    "usage: elf2pe [--subsystem application|driver|runtime-driver] [--sbat FILE] [--timestamp "
    "SECONDS] INPUT OUTPUT\n"
    "\n"
    "Makes the PE image OUTPUT for UEFI from the static PIE ELF file INPUT.\n"
    "\n"
    "  --subsystem KIND     what the firmware takes the image for (default: application)\n"
    "  --sbat FILE          contents of the .sbat section, which shim checks\n"
    "  --timestamp SECONDS  time stamp of the header, since 1970 (default: 0)\n";

struct Arguments {
  PeOptions options;
  std::string sbat_file;
  std::string input;
  std::string output;
};

std::optional<Subsystem> subsystem_named(std::string_view name) {
  if (name == "application") return Subsystem::application;
  if (name == "driver") return Subsystem::boot_service_driver;
  if (name == "runtime-driver") return Subsystem::runtime_driver;
  return std::nullopt;
}

bool set_option(Arguments& arguments, std::string_view name, std::string_view value) {
  if (name == "--subsystem") {
    const auto subsystem = subsystem_named(value);
    if (subsystem) arguments.options.subsystem = *subsystem;
    return subsystem.has_value();
  }
  if (name == "--sbat") {
    arguments.sbat_file = value;
    return true;
  }
  if (name == "--timestamp") {
    const auto [end, error] =
        std::from_chars(value.begin(), value.end(), arguments.options.timestamp);
    return error == std::errc() && end == value.end();
  }
  return false;
}

std::optional<Arguments> parse(int count, char** words) {
  Arguments arguments;
  int files = 0;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word.starts_with("--")) {
      if (i + 1 >= count || !set_option(arguments, word, words[i + 1])) return std::nullopt;
      ++i;
    } else if (++files <= 2) {
      (files == 1 ? arguments.input : arguments.output) = word;
    }
  }
  if (files != 2) return std::nullopt;
  return arguments;
}

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string contents{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw InputError("cannot be read");
  return contents;
}

}  // namespace

int main(int count, char** words) {
  if (count == 2 && std::string_view(words[1]) == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  std::optional<Arguments> arguments = parse(count, words);
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  std::string current = arguments->input;
  try {
    const std::string elf = read_file(arguments->input);
    if (!arguments->sbat_file.empty()) {
      current = arguments->sbat_file;
      arguments->options.sbat = read_file(arguments->sbat_file);
      current = arguments->input;
    }
    const Image image = read_elf(std::as_bytes(std::span(elf)));
    const std::vector<std::byte> pe = write_pe(image, arguments->options);
    current = arguments->output;
    std::ofstream file(arguments->output, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(pe.data()), static_cast<std::streamsize>(pe.size()));
    file.close();
    if (!file) throw InputError("cannot be written");
  } catch (const InputError& error) {
    std::fprintf(stderr, "elf2pe: %s: %s\n", current.c_str(), error.what());
    return 1;
  }
  return 0;
}
