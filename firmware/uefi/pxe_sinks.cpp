// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_sinks.h"

#include <algorithm>
#include <cstring>

#include "wire/tftp.h"

namespace kedge::uefi {

Result<void> PxeSizeSink::expect(std::uint64_t total_bytes) noexcept {
  announced_ = true;
  total_ = total_bytes;
  return fail(err::pxe_size_known);
}

Result<void> PxeSizeSink::write(ByteView data) noexcept {
  counted_ += data.size();
  return {};
}

Result<void> PxeBufferSink::expect(std::uint64_t total_bytes) noexcept {
  if (total_bytes <= buffer_.size()) return {};
  announced_ = total_bytes;
  return fail(err::pxe_size_known);
}

Result<void> PxeBufferSink::write(ByteView data) noexcept {
  if (size_ < buffer_.size() && !data.empty()) {
    const std::size_t room = buffer_.size() - static_cast<std::size_t>(size_);
    std::memcpy(buffer_.data() + size_, data.data(), std::min(room, data.size()));
  }
  size_ += data.size();
  return callback_ != nullptr ? callback_->write(data) : Result<void>();
}

void PxeBufferSink::clear() noexcept {
  size_ = 0;
  if (callback_ != nullptr) callback_->clear();
}

PxePacketSink::PxePacketSink(PxeWatch& watch, std::uint16_t block_bytes) noexcept
    : watch_(watch), block_bytes_(block_bytes == 0 ? wire::kTftpBlockBytesDefault : block_bytes) {
  packet_.reserve(wire::kTftpDataHeaderBytes + block_bytes_);
  packet_.resize(wire::kTftpDataHeaderBytes);
}

void PxePacketSink::clear() noexcept {
  packet_.resize(wire::kTftpDataHeaderBytes);
  size_ = 0;
  block_ = 0;
}

Result<void> PxePacketSink::write(ByteView data) noexcept {
  size_ += data.size();
  while (!data.empty()) {
    const std::size_t room = wire::kTftpDataHeaderBytes + block_bytes_ - packet_.size();
    const std::size_t count = std::min(room, data.size());
    packet_.insert(packet_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count));
    data = data.subspan(count);
    if (count == room) finish();
  }
  return {};
}

void PxePacketSink::finish() noexcept {
  ByteWriter header(ByteSpan(packet_).first(wire::kTftpDataHeaderBytes));
  header.be16(static_cast<std::uint16_t>(wire::TftpOpcode::data));
  header.be16(++block_);
  watch_.packet(PxeWatch::Direction::received, packet_);
  packet_.resize(wire::kTftpDataHeaderBytes);
}

}  // namespace kedge::uefi
