// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/host_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/file.h"
#include "support/pattern.h"
#include "support/process.h"

namespace kedge::host {
namespace {

constexpr Duration kQemuTimeout = std::chrono::seconds(20);

// Where distributions install QEMU's ROMs, for machines without QEMU.
constexpr const char* kRomDirectories[] = {"/usr/share/qemu", "/usr/share/seabios",
                                           "/usr/lib/ipxe/qemu", "/usr/share/ipxe/qemu",
                                           "/usr/share/qemu-kvm"};

void ask_qemu(std::string_view architecture, HostFacts& facts) {
  const std::string program = fmt::format("qemu-system-{}", architecture);
  if (!find_program(program)) return;
  if (const auto version = run_tool({.arguments = {program, "--version"}}, kQemuTimeout)) {
    static const Pattern kVersion = Pattern::must_compile("version ([0-9]+(\\.[0-9]+)+)");
    if (const auto match = kVersion.search(*version)) facts.qemu_version = match->groups[1];
  }
  const auto directories = run_tool({.arguments = {program, "-L", "help"}}, kQemuTimeout);
  if (!directories) return;
  std::string_view rest = *directories;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with('/')) {
      facts.rom_directories.push_back(std::filesystem::path(line).lexically_normal());
    }
  }
}

}  // namespace

std::string HostFacts::qemu_name() const {
  if (qemu_version.empty()) return "QEMU";
  const std::size_t dot = qemu_version.find('.');
  return "QEMU " + qemu_version.substr(0, qemu_version.find('.', dot + 1));
}

std::optional<std::filesystem::path> HostFacts::find_rom(std::string_view name) const {
  std::error_code ignored;
  if (name.contains('/')) {
    if (!std::filesystem::exists(name, ignored)) return std::nullopt;
    return std::filesystem::path(name);
  }
  for (const auto& directory : rom_directories) {
    if (std::filesystem::exists(directory / name, ignored)) return directory / name;
  }
  return std::nullopt;
}

Outcome<std::string> read_regular_file(const std::filesystem::path& path, std::size_t bytes) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    return failure(path.string() + " is no regular file");
  }
  return read_file_head(path, bytes);
}

HostFacts local_host(std::string_view architecture) {
  HostFacts facts;
  ask_qemu(architecture == "i686" ? "i386" : architecture, facts);
  if (facts.rom_directories.empty()) {
    facts.rom_directories.assign(std::begin(kRomDirectories), std::end(kRomDirectories));
  }
  constexpr std::size_t kCpuinfoBytesMax = 64U << 10;
  if (const auto cpuinfo = read_file_head("/proc/cpuinfo", kCpuinfoBytesMax)) {
    if (cpuinfo->contains("\nflags")) facts.cpu_has_rdrand = cpuinfo->contains(" rdrand");
  }
  facts.descriptors = read_descriptors({"/usr/share/qemu/firmware", "/etc/qemu/firmware"});
  facts.nvram_directory = "/var/lib/libvirt/qemu/nvram";
  return facts;
}

HostFacts remote_host() {
  HostFacts facts;
  facts.files_are_here = false;
  return facts;
}

}  // namespace kedge::host
