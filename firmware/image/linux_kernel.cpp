// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "image/linux_kernel.h"

#include "image/image_errors.h"

namespace kedge::image {
namespace {

constexpr std::size_t kVersionMax = 128;
constexpr std::size_t kBootFlagOffset = 0x1fe;
constexpr std::uint16_t kBootFlag = 0xaa55;
constexpr std::uint32_t kSetupMagic = 0x53726448;  // "HdrS"
constexpr std::size_t kHandoverOffset = 0x264;
constexpr std::uint16_t kHandoverProtocol = 0x020b;
constexpr std::size_t kSetupSectionBase = 0x200;  // offset that kernel_version counts from
constexpr std::size_t kArm64MagicOffset = 0x38;
constexpr std::uint32_t kArm64Magic = 0x644d5241;  // "ARM\x64"
constexpr std::uint32_t kRiscvMagic = 0x05435352;  // "RSC\x05"

ByteReader at(ByteView bytes, std::size_t offset) noexcept {
  ByteReader reader(bytes);
  reader.skip(offset);
  return reader;
}

/// Printable characters up to NUL.
std::string text_at(ByteView bytes, std::size_t offset) {
  std::string text;
  ByteReader reader = at(bytes, offset);
  while (text.size() < kVersionMax) {
    const auto c = static_cast<char>(reader.u8());
    if (!reader.ok() || c < ' ' || c == 0x7f) break;
    text += c;
  }
  return text;
}

std::optional<LinuxInfo> parse_bzimage(ByteView bytes) {
  ByteReader reader = at(bytes, kBootFlagOffset);
  if (reader.le16() != kBootFlag) return std::nullopt;
  reader.skip(2);  // jump
  if (reader.le32() != kSetupMagic) return std::nullopt;
  LinuxInfo info;
  info.protocol_version = reader.le16();
  reader.skip(4 + 2);  // realmode_swtch, start_sys_seg
  const std::uint16_t version = reader.le16();
  if (!reader.ok()) return std::nullopt;
  if (version != 0) info.version = text_at(bytes, kSetupSectionBase + version);
  if (info.protocol_version >= kHandoverProtocol) {
    info.handover_offset = at(bytes, kHandoverOffset).le32();
  }
  return info;
}

}  // namespace

Result<LinuxInfo> LinuxInfo::parse(ByteView bytes) noexcept {
  LinuxInfo info;
  ByteReader zboot = at(bytes, 4);
  const std::uint32_t magic = at(bytes, kArm64MagicOffset).le32();
  if (auto bzimage = parse_bzimage(bytes)) {
    info = *std::move(bzimage);
  } else if (magic == kArm64Magic) {
    info.format = Format::arm64_image;
  } else if (magic == kRiscvMagic) {
    info.format = Format::riscv_image;
  } else if (as_text(zboot.bytes(4)) == "zimg") {
    info.format = Format::efi_zboot;
  } else {
    return fail(err::image_not_linux);
  }
  if (auto efi = PeInfo::parse(bytes); efi.ok()) info.efi = *efi;
  return info;
}

}  // namespace kedge::image
