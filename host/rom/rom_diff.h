// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What `kedge rom diff` says: how two ROMs (or .efi files) differ, image by image.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rom/option_rom.h"

namespace kedge::host {

// A fact that the two sides do not share; none where a side does not have it at all.
struct RomDifference {
  std::string field;
  std::optional<std::string> a;
  std::optional<std::string> b;

  bool operator==(const RomDifference&) const = default;
};

// An image and its counterpart: of the same kind and machine if there is one, else of the same
// kind.
struct ImageDiff {
  std::string kind;   // "EFI x86_64"
  std::size_t a = 0;  // the image's number in A, from 1; 0: A has none like it
  std::size_t b = 0;  // in B
  bool is_efi = false;
  bool same_code = false;  // EFI: the unpacked PE images, but for padding; else the images' bytes
  std::vector<RomDifference> differences;
};

struct RomDiff {
  std::string a;  // names
  std::string b;
  std::vector<RomDifference> file;  // what is not one image's
  std::vector<ImageDiff> images;

  // The files have the same bytes.
  bool same() const { return file.empty(); }
};

RomDiff diff_roms(std::string a_name, const OptionRom& a, std::string b_name, const OptionRom& b);
// A line "field: A -> B" for each difference, below a line for each image.
std::string format_diff(const RomDiff& diff);
nlohmann::json json_diff(const RomDiff& diff);

}  // namespace kedge::host
