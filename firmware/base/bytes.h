// SPDX-License-Identifier: BSD-2-Clause-Patent
// ByteReader and ByteWriter: checked, sticky access to wire bytes. Structs are never overlaid.
//
// After a failed access every further read yields zeros and every write does nothing; check ok()
// before a value steers a loop, an allocation or a copy, and once at the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/result.h"

namespace kedge {

using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;

/// The bytes of a text, and the text of bytes, without copying.
inline ByteView as_byte_view(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteReader {
 public:
  constexpr explicit ByteReader(ByteView bytes) noexcept : bytes_(bytes) {}

  bool ok() const noexcept { return ok_; }
  std::size_t offset() const noexcept { return offset_; }
  std::size_t remaining() const noexcept { return bytes_.size() - offset_; }
  bool at_end() const noexcept { return remaining() == 0; }

  std::uint8_t u8() noexcept { return integer<std::uint8_t, std::endian::big>(); }
  std::uint16_t be16() noexcept { return integer<std::uint16_t, std::endian::big>(); }
  std::uint32_t be32() noexcept { return integer<std::uint32_t, std::endian::big>(); }
  std::uint64_t be64() noexcept { return integer<std::uint64_t, std::endian::big>(); }
  std::uint16_t le16() noexcept { return integer<std::uint16_t, std::endian::little>(); }
  std::uint32_t le32() noexcept { return integer<std::uint32_t, std::endian::little>(); }
  std::uint64_t le64() noexcept { return integer<std::uint64_t, std::endian::little>(); }

  /// The next `count` bytes, or an empty view and failure.
  ByteView bytes(std::size_t count) noexcept {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return {};
    }
    const ByteView result = bytes_.subspan(offset_, count);
    offset_ += count;
    return result;
  }
  /// A reader confined to the next `count` bytes; already failed when there are fewer.
  ByteReader sub(std::size_t count) noexcept {
    ByteReader result(bytes(count));
    result.ok_ = ok_;
    return result;
  }
  void skip(std::size_t count) noexcept { (void)bytes(count); }
  ByteView rest() noexcept { return bytes(ok_ ? remaining() : 0); }
  /// Marks the input as malformed, for checks that the reader cannot make itself.
  void fail() noexcept { ok_ = false; }
  /// Success, or err::base_truncated.
  Result<void> status() const noexcept {
    if (!ok_) return kedge::fail(err::base_truncated, static_cast<std::uint32_t>(offset_));
    return {};
  }

 private:
  template <class T, std::endian order>
  T integer() noexcept {
    const ByteView raw = bytes(sizeof(T));
    if (raw.empty()) return 0;
    T value;
    __builtin_memcpy(&value, raw.data(), sizeof(T));  // in firmware, the other is a call
    if constexpr (order != std::endian::native && sizeof(T) > 1) value = std::byteswap(value);
    return value;
  }

  ByteView bytes_;
  std::size_t offset_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  constexpr explicit ByteWriter(ByteSpan buffer) noexcept : buffer_(buffer) {}

  bool ok() const noexcept { return ok_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t space() const noexcept { return buffer_.size() - size_; }

  void u8(std::uint8_t value) noexcept { integer<std::endian::big>(value); }
  void be16(std::uint16_t value) noexcept { integer<std::endian::big>(value); }
  void be32(std::uint32_t value) noexcept { integer<std::endian::big>(value); }
  void be64(std::uint64_t value) noexcept { integer<std::endian::big>(value); }
  void le16(std::uint16_t value) noexcept { integer<std::endian::little>(value); }
  void le32(std::uint32_t value) noexcept { integer<std::endian::little>(value); }
  void le64(std::uint64_t value) noexcept { integer<std::endian::little>(value); }

  void bytes(ByteView source) noexcept {
    const ByteSpan target = reserve(source.size());
    if (!target.empty()) std::memcpy(target.data(), source.data(), source.size());
  }
  void text(std::string_view source) noexcept { bytes(as_byte_view(source)); }
  void zeros(std::size_t count) noexcept {
    const ByteSpan target = reserve(count);
    if (!target.empty()) std::memset(target.data(), 0, count);
  }
  /// Room for `count` bytes that the caller fills at once; empty on overflow.
  ByteSpan reserve(std::size_t count) noexcept {
    if (!ok_ || count > space()) {
      ok_ = false;
      return {};
    }
    const ByteSpan result = buffer_.subspan(size_, count);
    size_ += count;
    return result;
  }
  /// What was written, or err::base_no_space when something did not fit.
  Result<ByteView> finish() const noexcept {
    if (!ok_) return fail(err::base_no_space, static_cast<std::uint32_t>(size_));
    return ByteView(buffer_.first(size_));
  }

 private:
  template <std::endian order, class T>
  void integer(T value) noexcept {
    const ByteSpan target = reserve(sizeof(T));
    if (target.empty()) return;
    if constexpr (order != std::endian::native && sizeof(T) > 1) value = std::byteswap(value);
    __builtin_memcpy(target.data(), &value, sizeof(T));
  }

  ByteSpan buffer_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace kedge
