// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/probe_application.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace kedge::host::bench {
namespace {

constexpr std::size_t kFileAlignment = 0x200;
constexpr std::size_t kSectionAlignment = 0x1000;
constexpr std::size_t kTextBytesMax = 128;

// Writes the text that follows the code to COM1 (16550: line status at 0x3fd, bit 5 is "ready to
// send") and switches off: on QEMU's q35 with OVMF, PM1a_CNT is at 0x604, and bit 13 is SLP_EN
// (ACPI 4.8.3.2.1). Position-independent, no stack, no UEFI call.
constexpr auto kCode = std::to_array<unsigned char>({
    0x48, 0x8d, 0x35, 0x26, 0x00, 0x00, 0x00,  // 00: lea rsi, [rip + text]
    0xac,                                      // 07: lodsb
    0x84, 0xc0,                                // 08: test al, al
    0x74, 0x14,                                // 0a: jz 20
    0x88, 0xc4,                                // 0c: mov ah, al
    0x66, 0xba, 0xfd, 0x03,                    // 0e: mov dx, 0x3fd
    0xec,                                      // 12: in al, dx
    0xa8, 0x20,                                // 13: test al, 0x20
    0x74, 0xfb,                                // 15: jz 12
    0x88, 0xe0,                                // 17: mov al, ah
    0x66, 0xba, 0xf8, 0x03,                    // 19: mov dx, 0x3f8
    0xee,                                      // 1d: out dx, al
    0xeb, 0xe7,                                // 1e: jmp 07
    0x66, 0xba, 0x04, 0x06,                    // 20: mov dx, 0x604
    0x66, 0xb8, 0x00, 0x20,                    // 24: mov ax, 0x2000
    0x66, 0xef,                                // 28: out dx, ax
    0xf4,                                      // 2a: hlt
    0xeb, 0xfd,                                // 2b: jmp 2a
});

class ImageWriter {
 public:
  explicit ImageWriter(std::size_t bytes) : image_(bytes, '\0') {}

  void bytes(std::string_view value) {
    image_.replace(at_, value.size(), value);
    at_ += value.size();
  }
  void number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) image_[at_++] = static_cast<char>(value >> (8 * i));
  }
  void le16(std::uint64_t value) { number(value, 2); }
  void le32(std::uint64_t value) { number(value, 4); }
  void le64(std::uint64_t value) { number(value, 8); }
  void seek(std::size_t at) { at_ = at; }
  void skip(std::size_t count) { at_ += count; }
  std::string take() { return std::move(image_); }

 private:
  std::string image_;
  std::size_t at_ = 0;
};

// PE format, "Optional Header (Image Only)", PE32+.
void write_optional_header(ImageWriter& out) {
  constexpr std::uint64_t kSubsystemEfiApplication = 10;
  constexpr std::uint64_t kDirectories = 16;
  out.le16(0x20b);           // PE32+
  out.le16(0);               // linker version
  out.le32(kFileAlignment);  // size of code
  out.le32(0);
  out.le32(0);
  out.le32(kSectionAlignment);  // entry point
  out.le32(kSectionAlignment);  // base of code
  out.le64(0);                  // image base: anywhere
  out.le32(kSectionAlignment);
  out.le32(kFileAlignment);
  out.skip(16);                     // versions
  out.le32(2 * kSectionAlignment);  // size of image: headers, code
  out.le32(kFileAlignment);         // size of headers
  out.le32(0);                      // checksum
  out.le16(kSubsystemEfiApplication);
  out.le16(0);
  out.skip(32);  // stack and heap
  out.le32(0);
  out.le32(kDirectories);
  out.skip(kDirectories * 8);
}

}  // namespace

std::string make_probe_application(std::string_view text) {
  constexpr std::uint64_t kOptionalHeaderBytes = 240;
  constexpr std::uint64_t kReadableExecutableCode = 0x60000020;
  ImageWriter out(2 * kFileAlignment);
  out.bytes("MZ");
  out.seek(0x3c);
  out.le32(0x40);
  out.seek(0x40);
  out.bytes(std::string_view("PE\0\0", 4));
  out.le16(0x8664);
  out.le16(1);  // sections
  out.skip(12);
  out.le16(kOptionalHeaderBytes);
  out.le16(0x22);  // executable, knows addresses over 2 GiB
  write_optional_header(out);
  out.bytes(std::string_view(".text\0\0\0", 8));
  out.le32(kFileAlignment);
  out.le32(kSectionAlignment);
  out.le32(kFileAlignment);
  out.le32(kFileAlignment);
  out.skip(12);
  out.le32(kReadableExecutableCode);
  out.seek(kFileAlignment);
  out.bytes({reinterpret_cast<const char*>(kCode.data()), kCode.size()});
  out.bytes("\r\n");
  out.bytes(text.substr(0, kTextBytesMax));
  out.bytes("\r\n");
  return out.take();
}

Outcome<void> write_probe_file(const std::filesystem::path& file, std::string_view text,
                               std::uint64_t bytes) {
  const std::string application = make_probe_application(text);
  if (bytes < application.size()) {
    return failure(fmt::format("a download of {} bytes is too small", bytes),
                   fmt::format("{} bytes are the least", application.size()));
  }
  constexpr std::uint64_t kPieceBytes = 1 << 20;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << application;
  std::string piece(kPieceBytes, '\0');
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::uint64_t left = bytes - application.size(); left > 0 && out;) {
    for (std::size_t i = 0; i < piece.size(); i += sizeof state) {
      state ^= state << 13;  // xorshift64
      state ^= state >> 7;
      state ^= state << 17;
      piece.replace(i, sizeof state, reinterpret_cast<const char*>(&state), sizeof state);
    }
    const std::uint64_t count = std::min(left, kPieceBytes);
    out.write(piece.data(), static_cast<std::streamsize>(count));
    left -= count;
  }
  out.close();
  if (!out) return failure(fmt::format("cannot write {}", file.string()), "is the disk full?");
  return {};
}

}  // namespace kedge::host::bench
