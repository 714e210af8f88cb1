// SPDX-License-Identifier: BSD-2-Clause-Patent
// TftpClient: downloads by TFTP (RFC 1350, 2347, 2348, 2349, 7440) into a Sink.
//
// Fast with windows of blocks that fit one packet. Servers that do not know windows wait for an
// acknowledgement of each block; of these, large files are asked for in large blocks, which travel
// as IP fragments: see tftp_transfer.h. The client remembers which servers that worked with.
#pragma once

#include "client/sink.h"
#include "client/tftp/tftp_servers.h"
#include "net/stack.h"
#include "wire/uri.h"

namespace kedge::client {

struct TftpSettings {
  std::uint16_t mtu = 1500;  ///< of the path: blocks are made as large as fits one packet
  /// Exactly this size is asked for, also when it must arrive as IP fragments. 0: as the MTU
  /// allows, and larger as large_blocks says.
  std::uint16_t block_bytes = 0;
  /// Servers without windows are asked for large files in blocks of up to 64 KiB, while these
  /// arrive. Off: never more than fits one packet.
  bool large_blocks = true;
  bool directory = false;             ///< ask for the listing of a directory
  std::uint16_t window_blocks = 64;   ///< sent between two acknowledgements, where the server can
  std::uint8_t server_timeout_s = 0;  ///< after which the server repeats; 0: its own default
  Duration resolve_timeout = Duration::seconds(30);
  Duration first_timeout = Duration::seconds(1);  ///< until a request is repeated; doubles
  Duration timeout_min = Duration::milliseconds(250);
  Duration timeout_max = Duration::seconds(4);
  Duration silence_max = Duration::seconds(30);  ///< without anything new, repeats included
};

class TftpClient {
 public:
  explicit TftpClient(net::Stack& stack) noexcept : stack_(stack) {}

  /// Downloads `uri` into an empty sink; returns the number of bytes. Settings, sink and progress
  /// must outlive the task. What the server says in words goes to progress.
  async::Task<Result<std::uint64_t>> get(wire::Uri uri, const TftpSettings& settings, Sink& sink,
                                         Progress& progress) noexcept;

 private:
  net::Stack& stack_;
  TftpServers servers_;
};

}  // namespace kedge::client
