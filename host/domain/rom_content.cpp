// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/rom_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/host_facts.h"
#include "rom/rom_report.h"

namespace kedge::host {
namespace {

constexpr std::uint16_t kBootServiceDriver = 11;
constexpr std::uint16_t kRuntimeDriver = 12;

// The piece of evidence that decides: what the image does with LoadFile.
std::string deciding_evidence(const Origin& origin) {
  for (const std::string_view key : {"marker:", "dummy LoadFile", "LoadFile GUID", "SBAT"}) {
    const auto found = std::ranges::find_if(
        origin.evidence, [key](const std::string& text) { return text.contains(key); });
    if (found != origin.evidence.end()) return *found;
  }
  return origin.evidence.empty() ? std::string() : origin.evidence.front();
}

RomPart read_part(const ImageReport& report) {
  RomPart part{.offset = report.image.offset,
               .is_efi = report.image.is_efi(),
               .producer = report.origin.producer,
               .version = report.origin.version,
               .personality = report.origin.personality,
               .default_personality = report.origin.default_personality,
               .evidence = deciding_evidence(report.origin),
               .damage = report.pe_error};
  if (report.image.efi) {
    part.machine = report.image.efi->machine;
    const std::uint16_t subsystem = report.image.efi->subsystem;
    part.is_driver = subsystem == kBootServiceDriver || subsystem == kRuntimeDriver;
  }
  part.gives_rng = report.origin.marker && report.origin.marker->gives_rng;
  if (report.pe) part.is_signed = report.pe->info.has_signature;
  return part;
}

}  // namespace

std::string RomPart::name() const {
  if (producer.empty())
    return is_efi ? "a driver of unknown origin" : "a BIOS image of unknown origin";
  return version.empty() ? producer : producer + " " + version;
}

bool RomContent::has_bios() const {
  return std::ranges::any_of(parts, [](const RomPart& part) { return !part.is_efi; });
}

bool RomContent::has_efi() const {
  return std::ranges::any_of(parts, &RomPart::is_efi);
}

Outcome<RomContent> read_rom_content(const std::filesystem::path& file) {
  KEDGE_HOST_TRY(const std::string bytes, read_regular_file(file, kRomBytesMax + 1));
  KEDGE_HOST_TRY(const OptionRom rom, parse_option_rom(as_byte_view(bytes)));
  const RomReport report = report_rom(file.string(), rom);
  RomContent content{.bytes = bytes.size(),
                     .bar_bytes = qemu_bar_bytes(bytes.size()),
                     .parts = {},
                     .problems = {}};
  for (const ImageReport& image : report.images) content.parts.push_back(read_part(image));
  for (const RomProblem& problem : report.problems) {
    content.problems.push_back(fmt::format("offset {:#x}: {}", problem.offset, problem.what));
  }
  return content;
}

std::uint16_t efi_machine(std::string_view architecture) {
  struct Row {
    std::string_view name;
    image::Machine machine;
  };
  constexpr Row kRows[] = {
      {"x86_64", image::Machine::x86_64},   {"aarch64", image::Machine::aarch64},
      {"i686", image::Machine::i386},       {"armv7l", image::Machine::arm},
      {"riscv64", image::Machine::riscv64}, {"loongarch64", image::Machine::loongarch64}};
  const auto row = std::ranges::find(kRows, architecture, &Row::name);
  return row == std::end(kRows) ? std::uint16_t{0} : static_cast<std::uint16_t>(row->machine);
}

}  // namespace kedge::host
