// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What `kedge rom` says about a ROM, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rom/option_rom.h"
#include "rom/origin.h"
#include "rom/pe_facts.h"
#include "rom/rom_verify.h"

namespace kedge::host {

struct ImageReport {
  RomImage image;
  std::size_t pe_bytes = 0;      // unpacked
  std::size_t packed_bytes = 0;  // as it is in the ROM, without padding
  std::optional<PeFacts> pe;     // of EFI images that can be read
  std::string pe_error;          // why there is none
  Origin origin;
};

struct RomReport {
  std::string name;
  std::size_t file_bytes = 0;
  std::size_t chain_bytes = 0;
  std::vector<ImageReport> images;
  std::vector<RomProblem> problems;

  bool sound() const;
};

// Names for people; numbers without a name keep their digits.
std::string machine_text(std::uint16_t machine);
std::string_view subsystem_text(std::uint16_t subsystem);

RomReport report_rom(std::string name, const OptionRom& rom);
std::string format_report(const RomReport& report);
nlohmann::json json_report(const RomReport& report);

}  // namespace kedge::host
