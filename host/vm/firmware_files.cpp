// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/firmware_files.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string>

namespace kedge::host {
namespace {

struct Candidate {
  std::string_view code;
  std::string_view vars;
};

constexpr std::array kX86 = {
    Candidate{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    Candidate{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    Candidate{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
    Candidate{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
    Candidate{"/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"},
};

// With Microsoft's keys enrolled, as machines are sold.
constexpr std::array kX86SecureBoot = {
    Candidate{"/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    Candidate{"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd",
              "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
};

constexpr std::array kArm = {
    Candidate{"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
    Candidate{"/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
    Candidate{"/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw",
              "/usr/share/edk2/aarch64/vars-template-pflash.raw"},
    Candidate{"/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"},
};

constexpr std::array kArmSecureBoot = {
    Candidate{"/usr/share/AAVMF/AAVMF_CODE.ms.fd", "/usr/share/AAVMF/AAVMF_VARS.ms.fd"},
};

}  // namespace

Outcome<FirmwareFiles> find_firmware(Architecture architecture, bool secure_boot) {
  const bool x86 = architecture == Architecture::x86_64;
  std::span<const Candidate> candidates = kX86;
  if (x86 && secure_boot) candidates = kX86SecureBoot;
  if (!x86) candidates = secure_boot ? std::span<const Candidate>(kArmSecureBoot) : kArm;
  std::string places;
  for (const Candidate& candidate : candidates) {
    std::error_code ignored;
    if (std::filesystem::exists(candidate.code, ignored) &&
        std::filesystem::exists(candidate.vars, ignored)) {
      return FirmwareFiles{.code = candidate.code, .vars = candidate.vars};
    }
    places += fmt::format("\n  {} with {}", candidate.code, candidate.vars);
  }
  return failure(
      fmt::format("no UEFI firmware for {} found; looked for{}", architecture_name(architecture),
                  places),
      fmt::format("install the package {} (Debian, Ubuntu) or {} (Fedora), or name the files: "
                  "--firmware CODE,VARS",
                  x86 ? "ovmf" : "qemu-efi-aarch64", x86 ? "edk2-ovmf" : "edk2-aarch64"));
}

Outcome<FirmwareFiles> parse_firmware(std::string_view text) {
  const std::size_t comma = text.find(',');
  FirmwareFiles files{.code = text.substr(0, comma), .vars = {}};
  if (comma != std::string_view::npos) {
    files.vars = text.substr(comma + 1);
  } else {
    std::string name = files.code.filename().string();
    for (const auto& [from, to] : {std::pair{"CODE", "VARS"}, std::pair{"code", "vars"}}) {
      if (const auto at = name.find(from); at != std::string::npos) name.replace(at, 4, to);
    }
    if (name == files.code.filename().string()) {
      return failure(fmt::format("cannot guess the variables file that belongs to {}", text),
                     "name it: --firmware CODE,VARS");
    }
    files.vars = files.code.parent_path() / name;
  }
  for (const auto& file : {files.code, files.vars}) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      return failure(fmt::format("the firmware file {} does not exist", file.string()));
    }
  }
  return files;
}

}  // namespace kedge::host
