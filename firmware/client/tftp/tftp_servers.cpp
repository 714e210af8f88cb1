// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_servers.h"

namespace kedge::client {

std::optional<std::uint16_t> TftpServers::large_blocks(
    const wire::IpAddress& server) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.used && entry.server == server) return entry.block_bytes;
  }
  return {};
}

void TftpServers::remember(const wire::IpAddress& server,
                           std::uint16_t large_block_bytes) noexcept {
  for (Entry& entry : entries_) {
    if (!entry.used || entry.server != server) continue;
    entry.block_bytes = large_block_bytes;
    return;
  }
  entries_[next_] = {server, large_block_bytes, true};
  next_ = (next_ + 1) % kServersMax;
}

}  // namespace kedge::client
