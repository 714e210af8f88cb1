// SPDX-License-Identifier: BSD-2-Clause-Patent
// TftpClient: downloads by TFTP (RFC 1350, 2347, 2348, 2349, 7440) into a Sink.
#pragma once

#include "client/sink.h"
#include "net/stack.h"
#include "wire/uri.h"

namespace kedge::client {

struct TftpSettings {
  std::uint16_t mtu = 1500;  ///< of the path: blocks are made as large as fits one packet
  /// Larger blocks than the MTU allows arrive as IP fragments: faster where every router and
  /// firewall lets them pass. 0: as the MTU allows.
  std::uint16_t block_bytes = 0;
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

  /// Downloads `uri`; returns the number of bytes. Settings, sink and progress must outlive the
  /// task. What the server says in words goes to progress.
  async::Task<Result<std::uint64_t>> get(wire::Uri uri, const TftpSettings& settings, Sink& sink,
                                         Progress& progress) noexcept;

 private:
  net::Stack& stack_;
};

}  // namespace kedge::client
