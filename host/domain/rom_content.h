// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What of a ROM file matters to the question who boots a machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rom/origin.h"
#include "support/outcome.h"

namespace kedge::host {

struct RomPart {
  std::size_t offset = 0;
  bool is_efi = false;
  std::uint16_t machine = 0;  // EFI: PE/COFF's number
  bool is_driver = false;     // EFI: subsystem of a driver
  bool is_signed = false;     // EFI: carries a signature
  bool gives_rng = false;     // EFI: to a firmware that has no random number generator
  std::string producer;       // empty: not known
  std::string version;        // empty: not known
  Personality personality = Personality::unknown;
  std::string default_personality;  // of a run-time choice; empty: not known
  std::string evidence;             // of the personality, in one line
  std::string damage;               // why it cannot be read; empty: it can

  // "iPXE 1.21.1", "a driver of unknown origin"
  std::string name() const;
};

struct RomContent {
  std::size_t bytes = 0;
  std::size_t bar_bytes = 0;
  std::vector<RomPart> parts;
  std::vector<std::string> problems;

  bool has_bios() const;
  bool has_efi() const;
};

Outcome<RomContent> read_rom_content(const std::filesystem::path& file);

// PE/COFF's number for libvirt's name of an architecture; 0 for those without UEFI.
std::uint16_t efi_machine(std::string_view architecture);

}  // namespace kedge::host
