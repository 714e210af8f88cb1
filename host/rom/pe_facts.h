// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What people ask about a PE image beyond image/pe.h: sections, relocations, SBAT, debug data, and
// how often its code uses a GUID.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "image/pe.h"
#include "support/outcome.h"

namespace kedge::host {

struct PeSection {
  std::string name;
  std::uint32_t address = 0;
  std::uint32_t memory_bytes = 0;
  std::uint32_t file_offset = 0;
  std::uint32_t file_bytes = 0;
  bool writable = false;
  bool executable = false;

  // The bytes that are in the file and in memory.
  ByteView data(ByteView pe) const;
};

inline constexpr std::size_t kPeSignaturesMax = 16;
inline constexpr std::size_t kSignatureNamesMax = 16;

// A certificate table's entry (UEFI 2.10, 32.2.4). It is read, not verified.
struct PeSignature {
  std::size_t offset = 0;
  std::size_t bytes = 0;
  std::string type;                // "PKCS#7", or a number
  std::vector<std::string> names;  // common names in it, each once: issuers and signers
};

struct PeFacts {
  image::PeInfo info;
  std::uint32_t section_alignment = 0;
  std::vector<PeSection> sections;
  std::uint32_t relocation_bytes = 0;
  std::string sbat;        // the section's text
  std::string debug_path;  // CodeView's file name
  std::string build_id;    // CodeView's GUID, in hexadecimal digits
  std::vector<PeSignature> signatures;
};

Outcome<PeFacts> read_pe_facts(ByteView pe);

using GuidBytes = std::array<std::uint8_t, 16>;

struct GuidUse {
  bool carried = false;  // its bytes are in the image
  // Instructions of the code that refer to it. Known for x86_64 and aarch64 images.
  std::optional<unsigned> uses;
};

GuidUse find_guid(ByteView pe, const PeFacts& facts, const GuidBytes& guid);

}  // namespace kedge::host
