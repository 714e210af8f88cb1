// SPDX-License-Identifier: BSD-2-Clause-Patent
// TftpTransfer: one download. Each attempt is a socket of its own, because a server may still be
// answering an earlier request.
//
//   attempt with     when it is refused (error 0, 4, 8)   when nothing comes
//   all options      -> basic options                     -> no options
//   basic options    -> no options                        -> no options
//   no options       fails                                next address of the server, or fails
//
// A server that agrees to tsize and blksize but not to windowsize makes us wait a round trip for
// each block. When the file is large (kTftpLargeFileBytes), that transfer is ended with error 8
// before its first block and asked for again with a blksize of kTftpLargeBlocks, the largest first:
//
//   what comes                                    what we do
//   agreement to the size                         go on; remember the size once a block came
//   agreement to less                             go on with that
//   no first block within kLargeBlockPatience     the next smaller size, at last what fits a packet
//   later, nothing new within kLargeBlockStall    the same, from the start of the file
//   an error, DATA without options, or nothing    what fits a packet, and the table above
//
// Blocks that do not arrive are why "agreement" is not enough: firewalls drop fragments, and small
// receive rings lose the end of 45 frames that come at once. What worked is remembered for each
// server (TftpServers), so that the next file starts with it.
#pragma once

#include <array>

#include "client/tftp/tftp_client.h"
#include "wire/tftp.h"

namespace kedge::client {

/// Files that are not larger are not worth a second request.
inline constexpr std::uint64_t kTftpLargeFileBytes = 1 << 20;
/// Tried in this order: 45 fragments at an MTU of 1500, then 6, which fit any receive ring.
inline constexpr std::uint16_t kTftpLargeBlocks[] = {wire::kTftpBlockBytesMax, 8192};

class TftpTransfer {
 public:
  TftpTransfer(net::Stack& stack, TftpServers& servers, wire::Uri uri, const TftpSettings& settings,
               Sink& sink, Progress& progress);

  async::Task<Result<std::uint64_t>> run() noexcept;

 private:
  enum class Level : std::uint8_t { all_options, basic_options, no_options };
  enum class Step : std::uint8_t {
    more,
    finished,
    fall_back_one,
    fall_back_all,
    larger_blocks,
    smaller_blocks,
    no_large_blocks,
  };

  async::Task<Result<Step>> try_address(wire::IpAddress address) noexcept;
  async::Task<Result<Step>> attempt(wire::IpAddress address) noexcept;
  async::Task<Result<Step>> converse() noexcept;

  void next_attempt(Step step) noexcept;
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
  std::uint16_t fitting_block() const noexcept;
  std::uint16_t asked_block() const noexcept;

  // tftp_large_blocks.cpp
  void recall_large_blocks() noexcept;
  bool wants_large_blocks() const noexcept;
  void give_up_large_blocks(Step step) noexcept;
  void large_block_came(std::size_t bytes) noexcept;
  void expect_large_block(Instant now) noexcept;
  Instant wake_at() const noexcept;

  wire::TftpOptions options_for(Level level) const noexcept;

  net::Stack& stack_;
  TftpServers& servers_;
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
  std::uint16_t large_ = 0;   // block size to ask for; 0: what fits a packet
  bool large_tried_ = false;  // what this server does with large blocks is known
  Instant large_until_;       // when the next large block is due at the latest
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
