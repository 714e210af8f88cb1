// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/console.h"

#include <algorithm>

#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr std::size_t kChunk = 128;  // UTF-16 units handed to the firmware at once
constexpr unsigned kColumnsMin = 40;

/// Collects units in a small buffer, so that printing works without memory.
class Chunks {
 public:
  explicit Chunks(const Firmware& firmware) noexcept : out_(firmware.table().ConOut) {}
  ~Chunks() { flush(); }

  void put(char16_t unit) noexcept {
    // Zero would end the firmware's string.
    if (unit == 0) return;
    buffer_[size_++] = unit;
    if (size_ == kChunk) flush();
  }
  void put(std::u16string_view text) noexcept {
    for (const char16_t unit : text) put(unit);
  }
  void repeat(char16_t unit, std::size_t count) noexcept {
    for (; count != 0; --count) put(unit);
  }
  void put_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
      const char32_t c = decode_utf8(text);
      if (c == U'\n') put(u'\r');
      // UEFI's consoles know UCS-2 only (UEFI 2.10, 12.4).
      put(c < 0x10000 ? static_cast<char16_t>(c) : u'?');
    }
  }

 private:
  void flush() noexcept {
    buffer_[size_] = 0;
    if (size_ != 0 && out_ != nullptr)
      (void)out_->OutputString(out_, reinterpret_cast<CHAR16*>(buffer_));
    size_ = 0;
  }

  EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL* out_;
  std::size_t size_ = 0;
  char16_t buffer_[kChunk + 1];
};

}  // namespace

TextConsole::TextConsole(const Firmware& firmware) noexcept : firmware_(firmware) {
  EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL* out = firmware.table().ConOut;
  if (out == nullptr || out->Mode == nullptr || out->Mode->Mode < 0) return;
  UINTN columns = 0;
  UINTN rows = 0;
  const auto mode = static_cast<UINTN>(out->Mode->Mode);
  if (EFI_ERROR(out->QueryMode(out, mode, &columns, &rows))) return;
  columns_ = static_cast<unsigned>(std::clamp<UINTN>(columns, kColumnsMin, 1000));
}

void TextConsole::append(std::string_view text) noexcept {
  line_.clear();
  Chunks(firmware_).put_utf8(text);
}

void TextConsole::print_raw(const Firmware& firmware, std::string_view text) noexcept {
  Chunks(firmware).put_utf8(text);
}

void TextConsole::rewrite_line(std::string_view text) noexcept {
  std::u16string next = to_utf16(text);
  // The last column stays free: writing there wraps, or does not, differently on each console.
  if (next.size() > columns_ - 1) next.resize(columns_ - 1);
  const auto differ = std::mismatch(line_.begin(), line_.end(), next.begin(), next.end());
  const auto same = static_cast<std::size_t>(differ.second - next.begin());
  if (same == next.size() && same == line_.size()) return;
  const std::size_t erase = line_.size() > next.size() ? line_.size() - next.size() : 0;

  Chunks chunks(firmware_);
  const std::size_t back = line_.size() - same;
  if (line_.empty() || back > same) {
    chunks.put(u'\r');
    chunks.put(next);
  } else {
    chunks.repeat(u'\b', back);
    chunks.put(std::u16string_view(next).substr(same));
  }
  chunks.repeat(u' ', erase);
  chunks.repeat(u'\b', erase);
  line_ = std::move(next);
}

}  // namespace kedge::uefi
