// SPDX-License-Identifier: BSD-2-Clause-Patent
// TftpTransfer: one download. Each attempt is a socket of its own, because a server may still be
// answering an earlier request.
//
//   attempt with     when it is refused (error 0, 4, 8)   when nothing comes
//   all options      -> basic options                     -> no options
//   basic options    -> no options                        -> no options
//   no options       fails                                next address of the server, or fails
#pragma once

#include <array>

#include "client/tftp/tftp_client.h"
#include "wire/tftp.h"

namespace kedge::client {

class TftpTransfer {
 public:
  TftpTransfer(net::Stack& stack, wire::Uri uri, const TftpSettings& settings, Sink& sink,
               Progress& progress);

  async::Task<Result<std::uint64_t>> run() noexcept;

 private:
  enum class Level : std::uint8_t { all_options, basic_options, no_options };
  enum class Step : std::uint8_t { more, finished, fall_back_one, fall_back_all };

  async::Task<Result<Step>> try_address(wire::IpAddress address) noexcept;
  async::Task<Result<Step>> attempt(wire::IpAddress address) noexcept;
  async::Task<Result<Step>> converse() noexcept;

  Result<void> request() noexcept;
  Result<Step> expired(Instant now) noexcept;
  Result<Step> handle(const net::Datagram& datagram, Instant now) noexcept;
  Result<Step> on_options(const wire::TftpOptions& options, Instant now) noexcept;
  Result<Step> on_data(const wire::TftpPacket& packet, Instant now) noexcept;
  Result<Step> on_error(const wire::TftpPacket& packet) noexcept;
  Result<Step> accept_block(const wire::TftpPacket& packet, Instant now) noexcept;
  Result<Step> finish() noexcept;
  void write_acknowledgement() noexcept;
  Result<void> acknowledge(Instant now) noexcept;
  Result<void> send_again(Instant now) noexcept;
  void refuse(const wire::Endpoint& target, std::uint16_t code, std::string_view text) noexcept;
  void measure(Instant now) noexcept;
  bool is_wrap_to_one(std::uint16_t number) noexcept;
  std::uint16_t next_block() const noexcept;
  std::uint16_t largest_block() const noexcept;
  wire::TftpOptions options_for(Level level) const noexcept;

  net::Stack& stack_;
  const TftpSettings& settings_;
  Sink& sink_;
  Progress& progress_;
  const wire::Uri uri_;

  Level level_ = Level::all_options;
  std::unique_ptr<net::UdpSocket> socket_;
  wire::Endpoint server_;  // port: where requests go, then the server's transfer id
  bool answered_ = false;  // the transfer id is known
  bool agreed_ = false;    // the server acknowledged options
  wire::TftpOptions asked_;
  std::array<std::byte, wire::kTftpRequestBytesMax> packet_;  // the latest that we sent
  std::size_t packet_bytes_ = 0;

  std::uint32_t block_bytes_ = wire::kTftpBlockBytesDefault;
  std::uint32_t window_ = 1;
  std::uint32_t window_left_ = 1;  // blocks until the next acknowledgement
  std::uint16_t last_ = 0;         // the latest block in order
  std::uint64_t blocks_ = 0;
  std::optional<std::uint64_t> total_;

  std::uint16_t wrap_to_ = 0;  // the block after 65535: 0 for most servers, 1 for some
  bool wrap_known_ = false;
  bool wrap_suspected_ = false;
  bool gap_ = false;  // a missing block was reported
  std::uint16_t gap_ahead_ = 0;
  Instant quiet_until_;  // no acknowledgement is repeated before

  Duration timeout_;
  Duration smoothed_;  // of the round trips
  Instant sent_at_;
  bool measuring_ = false;  // the packet was sent once (Karn)
  Instant repeat_at_;
  Instant give_up_at_;
  unsigned repeats_ = 0;  // of the latest packet
  unsigned strangers_ = 0;
};

}  // namespace kedge::client
