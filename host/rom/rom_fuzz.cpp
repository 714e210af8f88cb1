// SPDX-License-Identifier: BSD-2-Clause-Patent
// Files of any content are reported on and compared without harm, and what is packed unpacks to the
// same.
#include "base/assert.h"
#include "rom/efi_compression.h"
#include "rom/rom_diff.h"
#include "rom/rom_report.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto rom = parse_option_rom(bytes)) {
    KEDGE_ASSERT(!rom->images.empty() && rom->chain_bytes <= size);
    const RomReport report = report_rom("input", *rom);
    KEDGE_ASSERT(!format_report(report).empty());
    KEDGE_ASSERT(json_report(report)["images"].size() == rom->images.size());
    KEDGE_ASSERT(report.sound() || !verify_option_rom(*rom).empty());
    const auto behind = parse_option_rom(bytes.subspan(rom->chain_bytes));
    const RomDiff diff = diff_roms("a", *rom, "b", behind ? *behind : *rom);
    KEDGE_ASSERT(!format_diff(diff).empty() && json_diff(diff)["same"] == diff.same());
    KEDGE_ASSERT(behind || diff.same());
  }
  constexpr std::size_t kPlainBytesMax = 1U << 20;  // fuzzing spends its time elsewhere
  constexpr std::size_t kPackedBytesMax = 4096;
  ByteReader reader(bytes);
  reader.skip(4);
  if (reader.le32() <= kPlainBytesMax) {
    if (const auto plain = efi_decompress(bytes)) KEDGE_ASSERT(plain->size() <= kPlainBytesMax);
  }
  if (size > kPackedBytesMax) return 0;
  const auto packed = efi_compress(bytes);
  KEDGE_ASSERT(packed.has_value());
  const auto plain = efi_decompress(as_byte_view(*packed));
  KEDGE_ASSERT(plain.has_value() && *plain == as_text(bytes));
  return 0;
}
