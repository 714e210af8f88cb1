// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "rom/pe_facts.h"

namespace kedge::host {
namespace {

constexpr std::uint32_t kPageBytes = 4096;
constexpr std::uint16_t kPciDataBytesMin = 0x18;

class Verifier {
 public:
  explicit Verifier(const RomImage& image) : image_(image) {}

  std::vector<Finding> run() {
    if (!image_.is_plain_pe) check_structure();
    if (image_.efi) check_efi_header(*image_.efi);
    if (image_.is_efi()) check_pe();
    return std::move(findings_);
  }

 private:
  void error(std::size_t offset, std::string what) {
    findings_.push_back({Severity::error, image_.offset + offset, std::move(what)});
  }
  void warn(std::size_t offset, std::string what) {
    findings_.push_back({Severity::warning, image_.offset + offset, std::move(what)});
  }

  void check_structure() {
    if (!image_.pci) {
      return error(0x18, "no PCI data structure: PCI firmware ignores it (an ISA expansion ROM)");
    }
    const PciData& pci = *image_.pci;
    if (pci.offset % 4 != 0) error(0x18, "the PCI data structure is not aligned to four bytes");
    if (pci.length < kPciDataBytesMin) {
      error(pci.offset + 0x0a, fmt::format("the PCI data structure is {} bytes long, at least {} "
                                           "are needed",
                                           pci.length, kPciDataBytesMin));
    }
    if (pci.offset + pci.length > image_.bytes.size()) {
      error(pci.offset, "the PCI data structure reaches behind the image's end");
    }
    if (pci.type == CodeType::pc_bios) {
      if (image_.sum != 0) {
        error(0, fmt::format("checksum: the bytes add up to {:#04x}, not to 0", image_.sum));
      }
      if (image_.header_bytes > image_.bytes.size()) {
        error(2, fmt::format("the header says {} bytes, the PCI data structure {}",
                             image_.header_bytes, image_.bytes.size()));
      }
    }
    if (pci.type == CodeType::efi && !image_.efi) {
      error(4, "code type EFI, but no EFI signature (0x0ef1): the firmware skips the image");
    }
  }

  void check_efi_header(const EfiRomHeader& header) {
    if (header.initialization_bytes == 0 || header.initialization_bytes > image_.bytes.size()) {
      error(2, fmt::format("initialization size is {} bytes, the image has {}",
                           header.initialization_bytes, image_.bytes.size()));
    }
    if (header.subsystem != 0x0b && header.subsystem != 0x0c) {
      error(8,
            fmt::format("subsystem {:#04x}: the firmware runs only drivers (0x0b, 0x0c) from ROMs",
                        header.subsystem));
    }
    if (header.compression > 1)
      error(0x0c, fmt::format("unknown compression {}", header.compression));
  }

  void check_pe() {
    const std::size_t at = image_.efi ? image_.efi->image_offset : 0;
    const auto pe = pe_of(image_);
    if (!pe) {
      findings_.push_back({Severity::error, image_.offset + at, pe.error().what});
      return;
    }
    const ByteView bytes = as_byte_view(*pe);
    const auto facts = read_pe_facts(bytes);
    if (!facts) return error(at, facts.error().what);
    if (image_.efi) check_against_header(*facts, *image_.efi);
    if (facts->info.file_bytes_needed > bytes.size()) {
      error(at, fmt::format("the PE image needs {} bytes, {} are there",
                            facts->info.file_bytes_needed, bytes.size()));
    }
    if (facts->relocation_bytes == 0) {
      warn(at, "the PE image has no relocations: it loads only at its own address");
    }
    if (!facts->info.has_nx_compat) {
      warn(at, "the PE image is not marked NX_COMPAT: firmware that enforces it refuses the image");
    }
    if (facts->section_alignment % kPageBytes != 0 || facts->section_alignment == 0) {
      warn(at, fmt::format("sections are aligned to {} bytes, less than a page: memory attributes "
                           "cannot be set",
                           facts->section_alignment));
    }
    for (const PeSection& section : facts->sections) {
      if (section.writable && section.executable) {
        warn(at, fmt::format("section {} is writable and executable", section.name));
      }
    }
  }

  void check_against_header(const PeFacts& facts, const EfiRomHeader& header) {
    const auto machine = static_cast<std::uint16_t>(facts.info.machine);
    if (machine != header.machine) {
      error(0x0a, fmt::format("the header says machine {:#06x}, the PE image {:#06x}",
                              header.machine, machine));
    }
    if (static_cast<std::uint16_t>(facts.info.subsystem) != header.subsystem) {
      error(8, fmt::format("the header says subsystem {:#04x}, the PE image {:#04x}",
                           header.subsystem, static_cast<unsigned>(facts.info.subsystem)));
    }
  }

  const RomImage& image_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> verify_option_rom(const OptionRom& rom) {
  std::vector<Finding> findings;
  for (const RomProblem& problem : rom.problems) {
    findings.push_back({Severity::error, problem.offset, problem.what});
  }
  for (const RomImage& image : rom.images) {
    std::ranges::move(Verifier(image).run(), std::back_inserter(findings));
  }
  std::ranges::sort(findings, {},
                    [](const Finding& finding) { return std::tie(finding.offset, finding.what); });
  return findings;
}

}  // namespace kedge::host
