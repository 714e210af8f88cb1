// SPDX-License-Identifier: BSD-2-Clause-Patent
// Makes small PE images and kernels for tests.
#pragma once

#include <string>
#include <vector>

#include "image/pe.h"

namespace kedge::image {

inline void put(std::string& text, std::size_t offset, std::uint64_t value, std::size_t bytes) {
  if (text.size() < offset + bytes) text.resize(offset + bytes);
  for (std::size_t i = 0; i < bytes; ++i) text[offset + i] = static_cast<char>(value >> 8 * i);
}

struct PeRecipe {
  Machine machine = Machine::x86_64;
  std::uint16_t subsystem = 10;
  bool wide = true;                 ///< PE32+
  std::uint16_t image_version = 0;  ///< major
  std::uint16_t characteristics = 0x0100;
  std::uint32_t signature_bytes = 0;
  std::vector<std::string> sections = {".text"};
  std::size_t header_at = 0x80;
  std::size_t file_bytes = 0x1000;
};

inline std::string make_pe(const PeRecipe& recipe) {
  std::string file(recipe.file_bytes, '\0');
  put(file, 0, 0x5a4d, 2);
  put(file, 0x3c, recipe.header_at, 4);
  std::size_t at = recipe.header_at;
  put(file, at, 0x4550, 4);
  put(file, at + 4, static_cast<std::uint16_t>(recipe.machine), 2);
  put(file, at + 6, recipe.sections.size(), 2);
  const std::size_t optional_bytes = recipe.wide ? 112 + 16 * 8 : 96 + 16 * 8;
  put(file, at + 20, optional_bytes, 2);
  at += 24;
  put(file, at, recipe.wide ? 0x20b : 0x10b, 2);
  put(file, at + 44, recipe.image_version, 2);
  put(file, at + 56, 0x5000, 4);
  put(file, at + 68, recipe.subsystem, 2);
  put(file, at + 70, recipe.characteristics, 2);
  const std::size_t directories = at + (recipe.wide ? 112 : 96);
  put(file, directories - 4, 16, 4);
  if (recipe.signature_bytes > 0) {
    put(file, directories + 4 * 8, 0x800, 4);
    put(file, directories + 4 * 8 + 4, recipe.signature_bytes, 4);
  }
  at += optional_bytes;
  for (const std::string& name : recipe.sections) {
    file.replace(at, name.size(), name);
    put(file, at + 16, 0x200, 4);
    put(file, at + 20, 0x600, 4);
    at += 40;
  }
  return file;
}

/// Writes bzImage's setup header into a file.
inline void put_setup_header(std::string& file, std::string_view version) {
  put(file, 0x1fe, 0xaa55, 2);
  put(file, 0x202, 0x53726448, 4);
  put(file, 0x206, 0x020f, 2);
  put(file, 0x20e, 0x900 - 0x200, 2);
  put(file, 0x264, 0x190, 4);
  file.replace(0x900, version.size(), version);
}

}  // namespace kedge::image
