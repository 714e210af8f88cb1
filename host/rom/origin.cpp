// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kedge::host {
namespace {

constexpr std::size_t kVersionBytesMax = 80;

struct NamedGuid {
  std::string_view name;
  GuidBytes bytes;
};

// UEFI 2.10 gives the values, 13.1, 24.1, 24.2, 24.3, E.4 and 27.1; bytes as they are in memory.
constexpr NamedGuid kLoadFile = {"LoadFile",
                                 {0x91, 0x30, 0xec, 0x56, 0x4c, 0x95, 0xd2, 0x11, 0x8e, 0x3f, 0x00,
                                  0xa0, 0xc9, 0x69, 0x72, 0x3b}};
constexpr NamedGuid kPxeBaseCode = {"PXE Base Code",
                                    {0x03, 0xe6, 0xc4, 0x03, 0x28, 0xac, 0xd3, 0x11, 0x9a, 0x2d,
                                     0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};
constexpr NamedGuid kSnp = {"Simple Network",
                            {0xb9, 0x32, 0x98, 0xa1, 0x25, 0xac, 0xd3, 0x11, 0x9a, 0x2d, 0x00, 0x90,
                             0x27, 0x3f, 0xc1, 0x4d}};
constexpr NamedGuid kNii = {"NII",
                            {0xcd, 0x41, 0x85, 0xe1, 0x55, 0xf7, 0x73, 0x4f, 0x92, 0x8d, 0x64, 0x3c,
                             0x8a, 0x79, 0xb2, 0x29}};
constexpr NamedGuid kNii31 = {"NII 3.1",
                              {0x66, 0xd5, 0xce, 0x1a, 0xed, 0x76, 0x18, 0x42, 0xbc, 0x81, 0x76,
                               0x7f, 0x1f, 0x97, 0x7a, 0x89}};
constexpr NamedGuid kVlanConfig = {"VLAN Config",
                                   {0x68, 0xd7, 0x23, 0x9e, 0xf3, 0xd2, 0x66, 0x43, 0x9f, 0xc3,
                                    0x3a, 0x7a, 0xba, 0x86, 0x43, 0x74}};
// Builds of iPXE with EFI_DOWNGRADE_UX install LoadFile and PXE Base Code under these GUIDs, which
// nobody looks for; their bytes are text.
constexpr NamedGuid kDummyLoadFile = {
    "dummy LoadFile \"#slow #unhelpful\"",
    {'#', 's', 'l', 'o', 'w', ' ', '#', 'u', 'n', 'h', 'e', 'l', 'p', 'f', 'u', 'l'}};
constexpr NamedGuid kDummyPxeBaseCode = {
    "dummy PXE Base Code",
    {'#', 'u', 'd', 'p', ' ', '#', 'w', 't', 'f', ' ', '#', 'm', 'o', 'r', 'o', 'n'}};

std::string describe(const NamedGuid& guid, const GuidUse& use) {
  if (!use.carried) return fmt::format("{} GUID: absent", guid.name);
  if (!use.uses) return fmt::format("{} GUID: carried", guid.name);
  if (*use.uses == 0) return fmt::format("{} GUID: carried, but no code uses it", guid.name);
  return fmt::format("{} GUID: carried, used by {} instruction{}", guid.name, *use.uses,
                     *use.uses == 1 ? "" : "s");
}

bool is_used(const GuidUse& use) {
  return use.carried && use.uses.value_or(1) > 0;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "1.2.3", alone or followed by one of `behind` and printable text.
bool is_version(std::string_view text, std::string_view behind) {
  std::size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3) return false;
  }
  if (text.size() > kVersionBytesMax) return false;
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return printable && (at == text.size() || behind.contains(text[at]));
}

// The first string between zeros that is a version.
std::string find_version(ByteView bytes, std::string_view behind) {
  const std::string_view text = as_text(bytes);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (is_version(word, behind)) return std::string(word);
    begin = end + 1;
  }
  return {};
}

// SBAT's lines are "component,generation,vendor,package,version,url" (shim, SBAT.md).
bool read_sbat(const PeFacts& facts, Origin& origin) {
  std::string_view rest = facts.sbat;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::vector<std::string_view> fields;
    for (std::string_view left = line;;) {
      const std::size_t comma = left.find(',');
      fields.push_back(left.substr(0, comma));
      if (comma == std::string_view::npos) break;
      left.remove_prefix(comma + 1);
    }
    if (fields.size() < 5 || fields[0] == "sbat") continue;
    origin.producer = fields[0] == "ipxe" ? "iPXE" : fields[0] == "kedge" ? "Kedge" : fields[2];
    origin.version = fields[4];
    origin.evidence.push_back(fmt::format("SBAT line \"{}\"", line.substr(0, kVersionBytesMax)));
    return true;
  }
  return false;
}

// Kedge's own images say themselves what they are.
bool read_marker(ByteView pe, Origin& origin) {
  origin.marker = find_image_marker(pe);
  if (!origin.marker) return false;
  const ImageMarker& marker = *origin.marker;
  origin.producer = "Kedge";
  origin.version = marker.version;
  origin.evidence.push_back(
      fmt::format("marker: personality {}, {}, configuration {}, ids of {} devices",
                  marker.personality, marker.run_time_choice ? "chosen at run time" : "fixed",
                  marker.configuration, marker.ids.size()));
  return true;
}

Personality marked_personality(const ImageMarker& marker) {
  if (marker.run_time_choice) return Personality::run_time_choice;
  if (marker.personality == "driver") return Personality::driver;
  if (marker.personality == "takeover" || marker.personality == "both") {
    return Personality::takeover;
  }
  return Personality::unknown;
}

// Makers of NICs name themselves in what their drivers show to people, which is UTF-16 mostly.
bool find_vendor(std::string_view text, Origin& origin) {
  constexpr std::string_view kVendors[] = {
      "Intel(R)",   "Broadcom", "Mellanox", "NVIDIA",   "QLogic",   "Marvell", "Realtek",
      "Solarflare", "Chelsio",  "Emulex",   "Aquantia", "Pensando", "VMware"};
  for (const std::string_view vendor : kVendors) {
    std::string wide;
    for (const char c : vendor) wide += {c, '\0'};
    for (const std::string_view form : {std::string_view(wide), vendor}) {
      const std::size_t at = text.find(form);
      if (at == std::string_view::npos) continue;
      origin.producer = vendor.substr(0, vendor.find('('));
      origin.evidence.push_back(fmt::format("string \"{}\" at {:#x} of the PE image", vendor, at));
      return true;
    }
  }
  return false;
}

void find_producer(ByteView pe, const PeFacts& facts, Origin& origin) {
  if (read_marker(pe, origin) || read_sbat(facts, origin)) return;
  const std::string_view text = as_text(pe);
  using namespace std::string_view_literals;
  if (text.contains("iPXE/%s"sv) || text.contains("for the iPXE command line"sv) ||
      (text.contains("!PXE"sv) && text.contains("\001iPXE"sv))) {
    origin.producer = "iPXE";
    origin.version = find_version(pe, "+");
    origin.evidence.emplace_back("strings of iPXE");
  } else if (facts.info.is_efi_driver() && find_vendor(text, origin)) {
    return;
  } else if (facts.debug_path.ends_with(".dll") && facts.debug_path.contains("/DEBUG/")) {
    origin.producer = "edk2";
    origin.evidence.push_back(fmt::format("debug data names {}", facts.debug_path));
  }
}

}  // namespace

std::string_view personality_name(Personality personality) {
  switch (personality) {
    case Personality::takeover:
      return "takeover";
    case Personality::driver:
      return "driver";
    case Personality::run_time_choice:
      return "run-time choice";
    case Personality::application:
      return "application";
    case Personality::unknown:
      break;
  }
  return "unknown";
}

std::string_view personality_meaning(Personality personality) {
  switch (personality) {
    case Personality::takeover:
      return "this image's own network stack runs the boot, not the firmware's";
    case Personality::driver:
      return "it only drives the NIC; the firmware's own network stack (PXE, HTTP) runs the boot";
    case Personality::run_time_choice:
      return "the host's settings for the machine decide who runs the boot";
    case Personality::application:
      return "not a driver: a boot option or another program starts it";
    case Personality::unknown:
      break;
  }
  return "the image does not tell whether it takes over the boot";
}

Origin origin_of_pe(ByteView pe, const PeFacts& facts) {
  Origin origin;
  find_producer(pe, facts, origin);
  const GuidUse dummy_load_file = find_guid(pe, facts, kDummyLoadFile.bytes);
  const GuidUse dummy_pxe = find_guid(pe, facts, kDummyPxeBaseCode.bytes);
  const GuidUse load_file = find_guid(pe, facts, kLoadFile.bytes);
  bool network = false;
  origin.evidence.push_back(describe(kLoadFile, load_file));
  for (const NamedGuid* guid : {&kPxeBaseCode, &kSnp, &kNii31, &kNii, &kVlanConfig}) {
    const GuidUse use = find_guid(pe, facts, guid->bytes);
    origin.evidence.push_back(describe(*guid, use));
    network |= guid != &kPxeBaseCode && is_used(use);
  }
  if (dummy_load_file.carried) origin.evidence.push_back(describe(kDummyLoadFile, dummy_load_file));
  if (dummy_pxe.carried) origin.evidence.push_back(describe(kDummyPxeBaseCode, dummy_pxe));
  if (!facts.info.is_efi_driver()) {
    origin.personality =
        facts.info.is_efi_application() ? Personality::application : Personality::unknown;
  } else if (origin.marker) {
    origin.personality = marked_personality(*origin.marker);
    if (origin.marker->run_time_choice) origin.default_personality = origin.marker->personality;
  } else if (dummy_load_file.carried) {
    origin.personality = Personality::driver;
    origin.evidence.emplace_back("built with iPXE's EFI_DOWNGRADE_UX: LoadFile is hidden");
  } else if (is_used(load_file)) {
    origin.personality = Personality::takeover;
  } else if (network) {
    origin.personality = Personality::driver;
  }
  return origin;
}

Origin origin_of_bios(ByteView image) {
  Origin origin;
  const std::string_view text = as_text(image);
  if (text.contains("iPXE") && text.contains("://ipxe.org")) {
    origin.producer = "iPXE";
    origin.evidence.emplace_back("names ipxe.org (its version is in compressed code)");
  } else if (text.contains("SeaVGABIOS")) {
    origin.producer = "SeaBIOS (SeaVGABIOS)";
    origin.version = find_version(image, "-+");
    origin.evidence.emplace_back("string SeaVGABIOS");
  } else if (text.contains("SGABIOS")) {
    origin.producer = "SGABIOS";
    origin.evidence.emplace_back("string SGABIOS");
  }
  return origin;
}

}  // namespace kedge::host
