// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/facts.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <thread>

#include "support/file.h"
#include "support/process.h"

namespace kedge::host::bench {
namespace {

constexpr std::string_view kUnknown = "unknown";

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string output_of(std::vector<std::string> arguments) {
  const auto output = run_tool({.arguments = std::move(arguments)});
  return output ? first_line(*output) : std::string(kUnknown);
}

std::string package_version(const std::string& name) {
  return output_of({"dpkg-query", "--show", "--showformat=${Version}", name});
}

// The package that a file belongs to, with its version.
std::string origin(const std::filesystem::path& file) {
  // Unpacked by tools/deps: <package>/usr/lib/...
  for (auto up = file.parent_path(); up.has_relative_path(); up = up.parent_path()) {
    if (const auto name = read_file(up / ".kedge-package")) return first_line(*name);
  }
  const auto found = run_tool({.arguments = {"dpkg-query", "--search", file.string()}});
  if (!found) return {};
  const std::string package = found->substr(0, found->find(':'));
  return fmt::format("{} {}", package, package_version(package));
}

std::string describe_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) return "missing";
  const std::string sum = output_of({"sha256sum", file.string()});
  const std::string from = origin(file);
  constexpr std::size_t kSumDigits = 12;
  return fmt::format("{}{}{} bytes, sha256 {}", from, from.empty() ? "" : ", ", bytes,
                     sum.substr(0, kSumDigits));
}

std::string cpu_model() {
  const auto info = read_file("/proc/cpuinfo");
  if (!info) return std::string(kUnknown);
  const auto at = info->find("model name");
  if (at == std::string::npos) return std::string(kUnknown);
  const std::string line = first_line(info->substr(at));
  return line.substr(std::min(line.find(':') + 2, line.size()));
}

}  // namespace

Facts gather_facts(const std::vector<Contestant>& contestants, std::string_view firmware) {
  Facts facts;
  utsname system{};
  ::uname(&system);
  facts.emplace_back("CPU", cpu_model());
  facts.emplace_back("processors", std::to_string(std::thread::hardware_concurrency()));
  facts.emplace_back("kernel", fmt::format("{} {}", system.sysname, system.release));
  facts.emplace_back("load average at start", load_average());
  facts.emplace_back("QEMU", output_of({"qemu-system-x86_64", "--version"}));
  facts.emplace_back("firmware", fmt::format("{}, {}", firmware, origin(firmware)));
  facts.emplace_back("nginx", package_version("nginx"));
  facts.emplace_back("dnsmasq", package_version("dnsmasq-base"));
  facts.emplace_back("tftpd-hpa", package_version("tftpd-hpa"));
  for (const Contestant& contestant : contestants) {
    const auto& file = contestant.application.empty() ? contestant.rom : contestant.application;
    if (!file.empty()) facts.emplace_back(contestant.name, describe_file(file));
  }
  return facts;
}

std::string machine_hash() {
  std::string text = cpu_model();
  if (const auto id = read_file("/etc/machine-id")) text += *id;
  std::string host(256, '\0');
  ::gethostname(host.data(), host.size() - 1);
  text += host.c_str();
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:06x}", hash & 0xffffff);
}

std::string load_average() {
  const auto text = read_file("/proc/loadavg");
  if (!text) return std::string(kUnknown);
  std::size_t end = 0;
  for (int i = 0; i < 3 && end != std::string::npos; ++i) end = text->find(' ', end + 1);
  return text->substr(0, end);
}

}  // namespace kedge::host::bench
