// SPDX-License-Identifier: BSD-2-Clause-Patent
// Files of any content are reported on and compared without harm.
#include "base/assert.h"
#include "rom/rom_diff.h"
#include "rom/rom_report.h"

using namespace kedge;
using namespace kedge::host;

namespace {

// Some bytes can announce 64 MiB, which unpack correctly. Fuzzing spends its time elsewhere: the
// decompressor has a target of its own.
bool is_quick(const OptionRom& rom) {
  constexpr std::size_t kPlainBytesMax = 64U << 10;
  std::size_t total = 0;
  for (const RomImage& image : rom.images) {
    if (!image.efi || image.efi->compression != 1) continue;
    if (image.efi->image_offset > image.bytes.size()) continue;
    ByteReader reader(image.bytes.subspan(image.efi->image_offset));
    reader.skip(4);
    total += reader.le32();
  }
  return total <= kPlainBytesMax;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto rom = parse_option_rom(bytes); rom && is_quick(*rom)) {
    KEDGE_ASSERT(!rom->images.empty() && rom->chain_bytes <= size);
    const RomReport report = report_rom("input", *rom);
    KEDGE_ASSERT(!format_report(report).empty());
    KEDGE_ASSERT(json_report(report)["images"].size() == rom->images.size());
    KEDGE_ASSERT(report.sound() || !verify_option_rom(*rom).empty());
    const auto behind = parse_option_rom(bytes.subspan(rom->chain_bytes));
    if (behind && !is_quick(*behind)) return 0;
    const RomDiff diff = diff_roms("a", *rom, "b", behind ? *behind : *rom);
    KEDGE_ASSERT(!format_diff(diff).empty() && json_diff(diff)["same"] == diff.same());
    KEDGE_ASSERT(behind || diff.same());
  }
  return 0;
}
