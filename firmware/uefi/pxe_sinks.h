// SPDX-License-Identifier: BSD-2-Clause-Patent
// Where Mtftp's downloads go: into the caller's buffer, to its callback, or nowhere.
#pragma once

#include <vector>

#include "client/sink.h"
#include "uefi/pxe_backend.h"
#include "uefi/pxe_errors.h"

namespace kedge::uefi {

/// Finds out how large a file is: ends the transfer once that is known, else counts to its end.
class PxeSizeSink final : public client::Sink {
 public:
  /// Errors: pxe_size_known.
  Result<void> expect(std::uint64_t total_bytes) noexcept override;
  Result<void> write(ByteView data) noexcept override;
  std::uint64_t size() const noexcept override { return counted_; }
  void clear() noexcept override { counted_ = 0; }
  std::uint64_t total() const noexcept { return announced_ ? total_ : counted_; }

 private:
  std::uint64_t total_ = 0;
  std::uint64_t counted_ = 0;
  bool announced_ = false;
};

/// Hands the file to the callback in TFTP DATA packets (RFC 1350 5), as they would have come.
class PxePacketSink final : public client::Sink {
 public:
  /// `block_bytes` 0: 512.
  PxePacketSink(PxeWatch& watch, std::uint16_t block_bytes) noexcept;

  Result<void> expect(std::uint64_t) noexcept override { return {}; }
  Result<void> write(ByteView data) noexcept override;
  std::uint64_t size() const noexcept override { return size_; }
  void clear() noexcept override;
  /// Gives the last block, which is shorter than the others, perhaps empty.
  void finish() noexcept;

 private:
  PxeWatch& watch_;
  std::size_t block_bytes_;
  std::vector<std::byte> packet_;
  std::uint64_t size_ = 0;
  std::uint16_t block_ = 0;
};

/// Fills a buffer. What is announced to be larger ends the transfer; what turns out to be larger is
/// counted, so that the caller learns the size. The callback, if there is one, sees it go by.
class PxeBufferSink final : public client::Sink {
 public:
  PxeBufferSink(ByteSpan buffer, PxePacketSink* callback) noexcept
      : buffer_(buffer), callback_(callback) {}

  /// Errors: pxe_size_known.
  Result<void> expect(std::uint64_t total_bytes) noexcept override;
  Result<void> write(ByteView data) noexcept override;
  std::uint64_t size() const noexcept override { return size_; }
  void clear() noexcept override;
  /// The file's size, as far as it is known.
  std::uint64_t total() const noexcept { return announced_ > size_ ? announced_ : size_; }

 private:
  ByteSpan buffer_;
  PxePacketSink* callback_;
  std::uint64_t size_ = 0;
  std::uint64_t announced_ = 0;  // only when it does not fit
};

}  // namespace kedge::uefi
