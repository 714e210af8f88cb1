// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/cpu_random.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace kedge::host {
namespace {

// What QEMU 7.2's query-cpu-model-expansion says, and newer families of the same makers; the test
// asks the QEMU that is installed.
constexpr std::string_view kWith[] = {
    "Broadwell", "Cascadelake",    "ClearwaterForest", "Cooperlake", "Denverton", "Dhyana",
    "EPYC",      "GraniteRapids",  "Haswell",          "Icelake",    "IvyBridge", "KnightsMill",
    "Skylake",   "SapphireRapids", "SierraForest",     "Snowridge",  "YongFeng",  "max"};
constexpr std::string_view kWithout[] = {
    "486",      "Conroe", "Nehalem",  "Opteron_G", "Penryn",     "SandyBridge",
    "Westmere", "athlon", "core2duo", "coreduo",   "cpu64-rhel", "kvm32",
    "kvm64",    "n270",   "pentium",  "phenom",    "qemu32",     "qemu64"};

bool is_of(std::string_view model, std::span<const std::string_view> families) {
  return std::ranges::any_of(families, [model](auto family) { return model.starts_with(family); });
}

}  // namespace

std::optional<bool> x86_model_has_rdrand(std::string_view model) {
  if (is_of(model, kWith)) return true;
  if (is_of(model, kWithout)) return false;
  return std::nullopt;
}

CpuRandom cpu_random(const Domain& domain, std::optional<bool> host_has) {
  const CpuElement& cpu = domain.cpu;
  if (!domain.is_x86()) {
    // Arm's RNDR is in few CPUs, and edk2's use of it differs from version to version.
    return {.has = std::nullopt, .source = "not known for this architecture"};
  }
  if (cpu.rdrand) {
    return {.has = cpu.rdrand,
            .source = fmt::format("XML line {}: feature rdrand", cpu.rdrand_line)};
  }
  const bool is_host =
      cpu.mode == "host-passthrough" || cpu.mode == "host-model" || cpu.mode == "maximum";
  if (is_host && domain.type == "qemu") {
    return {.has = true,
            .source = fmt::format("XML line {}: {} under software emulation, which has RDRAND",
                                  cpu.line, cpu.mode)};
  }
  if (is_host) {
    return {.has = host_has, .source = fmt::format("XML line {}: {}", cpu.line, cpu.mode)};
  }
  if (cpu.model.empty()) {
    return {.has = false, .source = "the XML names no CPU model; QEMU's default is qemu64"};
  }
  return {.has = x86_model_has_rdrand(cpu.model),
          .source = fmt::format("XML line {}: CPU model {}", cpu.line, cpu.model)};
}

}  // namespace kedge::host
