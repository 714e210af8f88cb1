// SPDX-License-Identifier: BSD-2-Clause-Patent
// TftpServers: what a client has learnt about large blocks of the servers that it talked to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "wire/ip.h"

namespace kedge::client {

class TftpServers {
 public:
  /// What to ask this server for, as block size; 0: no more than fits one packet. Absent: it was
  /// never tried.
  std::optional<std::uint16_t> large_blocks(const wire::IpAddress& server) const noexcept;
  /// The server that was remembered first is forgotten when there are too many.
  void remember(const wire::IpAddress& server, std::uint16_t large_block_bytes) noexcept;

 private:
  struct Entry {
    wire::IpAddress server;
    std::uint16_t block_bytes = 0;
    bool used = false;
  };
  static constexpr std::size_t kServersMax = 8;  // a boot takes files of one or two

  std::array<Entry, kServersMax> entries_;
  std::size_t next_ = 0;
};

}  // namespace kedge::client
