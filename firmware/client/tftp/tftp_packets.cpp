// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transfer's reactions to packets.
//
//   block in order       write it; acknowledge when the window is full
//   ahead of it          something was lost: acknowledge the last in order, once per burst; the
//                        server goes back to there (RFC 7440 4)
//   the last once more   our acknowledgement was lost: repeat it
//   any other            old duplicate: ignore
#include <algorithm>

#include "base/format.h"
#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_transfer.h"
#include "wire/tftp_errors.h"

namespace kedge::client {
namespace {

using wire::TftpErrorCode;
using wire::TftpOpcode;

constexpr std::size_t kServerTextMax = 160;
constexpr unsigned kStrangersAnsweredMax = 8;  // packets of wrong origin that get an answer

/// What the server says, without anything that a terminal would obey.
std::string printable(std::string_view text) {
  std::string result(text.substr(0, kServerTextMax));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, '.');
  return result;
}

}  // namespace

Result<TftpTransfer::Step> TftpTransfer::handle(const net::Datagram& datagram,
                                                Instant now) noexcept {
  const bool known =
      answered_ ? datagram.source == server_ : datagram.source.address == server_.address;
  if (!known) {
    // RFC 1350 4: says so to the stranger, and goes on.
    if (strangers_++ < kStrangersAnsweredMax) {
      refuse(datagram.source, TftpErrorCode::kUnknownTransferId, "unknown transfer id");
    }
    return Step::more;
  }
  const auto packet = wire::TftpPacket::parse(datagram.payload);
  if (!packet.ok()) return Step::more;
  const bool starts = packet->opcode == TftpOpcode::error ||
                      (packet->opcode == TftpOpcode::data && packet->number == 1) ||
                      (packet->opcode == TftpOpcode::option_acknowledgement && asked_.any());
  if (!answered_ && !starts) return Step::more;
  answered_ = true;
  server_ = datagram.source;
  switch (packet->opcode) {
    case TftpOpcode::option_acknowledgement:
      return on_options(packet->options, now);
    case TftpOpcode::data:
      return on_data(*packet, now);
    case TftpOpcode::error:
      return on_error(*packet);
    default:
      return Step::more;
  }
}

Result<TftpTransfer::Step> TftpTransfer::on_options(const wire::TftpOptions& options,
                                                    Instant now) noexcept {
  if (blocks_ > 0 || !asked_.any()) return Step::more;  // late duplicate
  if (agreed_) {
    if (repeats_ == 0) KEDGE_CHECK(send_again(now));
    return Step::more;
  }
  const auto within = [](auto agreed, auto asked, std::uint32_t minimum) {
    return !agreed || (asked && *agreed >= minimum && *agreed <= *asked);
  };
  if (!within(options.block_bytes, asked_.block_bytes, wire::kTftpBlockBytesMin) ||
      !within(options.window_blocks, asked_.window_blocks, 1)) {
    refuse(server_, TftpErrorCode::kOptionsRefused, "bad options");
    return Step::fall_back_one;
  }
  if (options.window_blocks.value_or(1) == 1 && options.transfer_bytes &&
      *options.transfer_bytes > kTftpLargeFileBytes && options.block_bytes == asked_.block_bytes &&
      wants_large_blocks()) {
    refuse(server_, TftpErrorCode::kOptionsRefused, "asking again for larger blocks");
    return Step::larger_blocks;
  }
  agreed_ = true;
  block_bytes_ = options.block_bytes.value_or(wire::kTftpBlockBytesDefault);
  window_ = options.window_blocks.value_or(1);
  total_ = options.transfer_bytes;
  if (total_) {
    if (auto room = sink_.expect(*total_); !room.ok()) {
      refuse(server_, TftpErrorCode::kDiskFull, "out of memory");
      return room.error();
    }
    progress_.advanced(0, total_);
  }
  expect_large_block(now);
  KEDGE_CHECK(acknowledge(now));
  return Step::more;
}

std::uint16_t TftpTransfer::next_block() const noexcept {
  return last_ == 0xffff ? wrap_to_ : static_cast<std::uint16_t>(last_ + 1);
}

/// After 65535 some servers go on with 1. In a window, block 1 may as well mean that 0 was lost:
/// then it is believed only when the server sends it once more after our complaint.
bool TftpTransfer::is_wrap_to_one(std::uint16_t number) noexcept {
  if (last_ != 0xffff || wrap_known_ || number != 1) return false;
  if (window_ == 1 || wrap_suspected_) return true;
  wrap_suspected_ = true;
  return false;
}

Result<TftpTransfer::Step> TftpTransfer::on_data(const wire::TftpPacket& packet,
                                                 Instant now) noexcept {
  const std::uint16_t number = packet.number;
  if (is_wrap_to_one(number)) wrap_to_ = 1;
  const auto ahead = static_cast<std::uint16_t>(number - next_block());
  if (ahead == 0) return accept_block(packet, now);
  if (ahead < window_) {
    // The same or an earlier block than before is the beginning of a new burst.
    const bool reported = gap_ && ahead > gap_ahead_;
    if (!reported && now >= quiet_until_) {
      KEDGE_CHECK(acknowledge(now));
      gap_ = true;
      gap_ahead_ = ahead;
    }
  } else if (number == last_ && window_left_ == window_ && blocks_ > 0 && now >= quiet_until_) {
    KEDGE_CHECK(acknowledge(now));
  }
  return Step::more;
}

Result<TftpTransfer::Step> TftpTransfer::accept_block(const wire::TftpPacket& packet,
                                                      Instant now) noexcept {
  if (packet.data.size() > block_bytes_) {
    refuse(server_, TftpErrorCode::kIllegalOperation, "block too large");
    return fail(err::tftp_bad_block, static_cast<std::uint32_t>(packet.data.size()));
  }
  if (auto written = sink_.write(packet.data); !written.ok()) {
    refuse(server_, TftpErrorCode::kDiskFull, "out of memory");
    return written.error();
  }
  wrap_known_ = wrap_known_ || last_ == 0xffff;
  last_ = packet.number;
  ++blocks_;
  gap_ = false;
  measure(now);
  if (large_ != 0) large_block_came(packet.data.size());
  expect_large_block(now);
  progress_.advanced(sink_.size(), total_ && *total_ >= sink_.size() ? total_ : std::nullopt);
  if (packet.data.size() < block_bytes_) {
    KEDGE_CHECK(acknowledge(now));
    return finish();
  }
  if (--window_left_ == 0) KEDGE_CHECK(acknowledge(now));
  return Step::more;
}

Result<TftpTransfer::Step> TftpTransfer::finish() noexcept {
  if (!total_ || *total_ == sink_.size()) return Step::finished;
  if (sink_.size() < *total_) return fail(err::tftp_short);
  // The size is a hint (RFC 2349); the last block is what counts.
  progress_.note(format("the file has {} bytes more than announced", sink_.size() - *total_));
  return Step::finished;
}

Result<TftpTransfer::Step> TftpTransfer::on_error(const wire::TftpPacket& packet) noexcept {
  const std::uint16_t code = packet.number;
  // Servers that do not know options answer with 8, with 4, or with nothing in particular.
  if (level_ != Level::no_options && blocks_ == 0 &&
      (code == TftpErrorCode::kOptionsRefused || code == TftpErrorCode::kIllegalOperation ||
       code == TftpErrorCode::kUndefined)) {
    return Step::fall_back_one;
  }
  progress_.refused(code, printable(packet.text));
  if (!packet.text.empty()) {
    progress_.note(format("the TFTP server says: {}", printable(packet.text)));
  }
  if (code == TftpErrorCode::kNotFound) return fail(err::tftp_not_found);
  if (code == TftpErrorCode::kAccessViolation) return fail(err::tftp_access);
  return fail(err::tftp_server_error, code);
}

void TftpTransfer::write_acknowledgement() noexcept {
  ByteWriter writer(packet_);
  wire::write_tftp_acknowledgement(writer, last_);
  packet_bytes_ = writer.size();
  window_left_ = window_;
}

Result<void> TftpTransfer::acknowledge(Instant now) noexcept {
  write_acknowledgement();
  sent_at_ = now;
  measuring_ = true;
  repeats_ = 0;
  repeat_at_ = now + timeout_;
  // An answer cannot come sooner than about one round trip. Repeating ourselves before makes some
  // servers send everything twice, and again for each of these (RFC 1123 4.2.3.1).
  quiet_until_ = now + smoothed_ / 2;
  return socket_->send(server_, ByteView(packet_).first(packet_bytes_));
}

/// Best effort: the peer learns that its packets are not wanted.
void TftpTransfer::refuse(const wire::Endpoint& target, std::uint16_t code,
                          std::string_view text) noexcept {
  std::array<std::byte, 64> buffer;
  ByteWriter writer(buffer);
  wire::write_tftp_error(writer, code, text);
  if (const auto bytes = writer.finish(); bytes.ok()) (void)socket_->send(target, *bytes);
}

}  // namespace kedge::client
