// SPDX-License-Identifier: BSD-2-Clause-Patent
// elf2pe: makes a PE image for UEFI from a static PIE ELF file.
// With --function-order it says instead in which order the linker should place its functions.
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
#include "base/bytes.h"
#include "elf2pe/elf.h"
#include "elf2pe/function_order.h"
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
    "       elf2pe --function-order INPUT OUTPUT\n"
    "\n"
    "Makes the PE image OUTPUT for UEFI from the static PIE ELF file INPUT, or writes in which "
    "order\n"
    "its functions pack best, for lld's --symbol-ordering-file.\n"
    "\n"
    "  --subsystem KIND     what the firmware takes the image for (default: application)\n"
    "  --sbat FILE          contents of the .sbat section, which shim checks\n"
    "  --timestamp SECONDS  time stamp of the header, since 1970 (default: 0)\n";

struct Arguments {
  PeOptions options;
  std::string sbat_file;
  std::string input;
  std::string output;
  bool function_order = false;
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
    if (word == "--function-order") {
      arguments.function_order = true;
    } else if (word.starts_with("--")) {
      if (i + 1 >= count || !set_option(arguments, word, words[i + 1])) return std::nullopt;
      ++i;
    } else if (++files <= 2) {
      (files == 1 ? arguments.input : arguments.output) = word;
    }
  }
  if (files != 2) return std::nullopt;
  return arguments;
}

void write_file(const std::string& name, std::string_view contents) {
  std::ofstream file(name, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) throw InputError("cannot be written");
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
    const auto bytes = std::as_bytes(std::span(elf));
    std::string result;
    if (arguments->function_order) {
      result = symbol_order(bytes);
    } else {
      result = kedge::as_text(write_pe(read_elf(bytes), arguments->options));
    }
    current = arguments->output;
    write_file(arguments->output, result);
  } catch (const InputError& error) {
    std::fprintf(stderr, "elf2pe: %s: %s\n", current.c_str(), error.what());
    return 1;
  }
  return 0;
}
