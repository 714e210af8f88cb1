// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Finds one download in a packet capture. It is the same reading for every contestant: from the
// client's first request for the file to the client's acknowledgement of the file's last byte.
// (iPXE starts what it has downloaded without acknowledging the last segments: then to the last
// segment.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/e2e/rig/pcap.h"

namespace kedge::host::bench {

// Enough of each frame for the longest headers and the beginning of a request.
inline constexpr int kSnapBytes = 192;

struct Transfer {
  double requested = 0;     // seconds since 1970: the first request for the file
  double acknowledged = 0;  // the client's acknowledgement of the last byte that it acknowledged
  double last_data = 0;     // the server's last data frame
  // Each byte counted once, HTTP's headers included.
  std::uint64_t sent_bytes = 0;
  std::uint64_t bytes = 0;           // acknowledged by the client
  std::uint64_t data_frames = 0;     // from the server, as large as the server's kernel makes them
  std::uint64_t ack_frames = 0;      // from the client
  std::uint64_t resent_bytes = 0;    // sent again by the server
  std::uint64_t zero_windows = 0;    // TCP: the client had no room at this moment
  std::uint32_t data_bytes_max = 0;  // payload of the largest data frame

  double ended() const {
    return bytes < sent_bytes ? std::max(acknowledged, last_data) : acknowledged;
  }
  double seconds() const { return ended() - requested; }
};

// The download by HTTP (port 80) of "/path". Nothing: nobody asked for it.
std::optional<Transfer> find_http_transfer(const std::vector<e2e::CapturedFrame>& frames,
                                           std::string_view path);
// The download by TFTP of "file". A client that asks for the size first and starts again has begun
// with its first request.
std::optional<Transfer> find_tftp_transfer(const std::vector<e2e::CapturedFrame>& frames,
                                           std::string_view file);

}  // namespace kedge::host::bench
