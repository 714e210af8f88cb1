// SPDX-License-Identifier: BSD-2-Clause-Patent
// TFTP packets (RFC 1350) with options (RFC 2347, 2348, 2349, 7440).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::wire {

inline constexpr std::size_t kTftpDataHeaderBytes = 4;
inline constexpr std::uint16_t kTftpBlockBytesDefault = 512;  // RFC 1350 5
inline constexpr std::uint16_t kTftpBlockBytesMin = 8;        // RFC 2348
inline constexpr std::uint16_t kTftpBlockBytesMax = 65464;    // RFC 2348
inline constexpr std::size_t kTftpNameBytesMax = 384;
inline constexpr std::size_t kTftpOptionsMax = 16;
/// Enough for a request with the longest name and all options.
inline constexpr std::size_t kTftpRequestBytesMax = 512;  // RFC 2347: "should"

enum class TftpOpcode : std::uint16_t {
  read_request = 1,
  write_request = 2,
  data = 3,
  acknowledgement = 4,
  error = 5,
  option_acknowledgement = 6,
  directory_request = 8,  ///< UEFI 2.10, 30.3: "RRQ" for a listing; few servers know it
};

/// ERROR packets' codes (RFC 1350, 2347).
struct TftpErrorCode {
  static constexpr std::uint16_t kUndefined = 0;
  static constexpr std::uint16_t kNotFound = 1;
  static constexpr std::uint16_t kAccessViolation = 2;
  static constexpr std::uint16_t kDiskFull = 3;
  static constexpr std::uint16_t kIllegalOperation = 4;
  static constexpr std::uint16_t kUnknownTransferId = 5;
  static constexpr std::uint16_t kOptionsRefused = 8;
};

/// Options of a request or of its acknowledgement; absent ones were not named.
struct TftpOptions {
  std::optional<std::uint32_t> block_bytes;     ///< blksize
  std::optional<std::uint32_t> window_blocks;   ///< windowsize
  std::optional<std::uint64_t> transfer_bytes;  ///< tsize; 0 in a read request asks for it
  std::optional<std::uint32_t> timeout_s;       ///< timeout

  bool any() const noexcept { return block_bytes || window_blocks || transfer_bytes || timeout_s; }
  friend bool operator==(const TftpOptions&, const TftpOptions&) noexcept = default;
};

/// A packet from a server; views lie in the datagram.
struct TftpPacket {
  TftpOpcode opcode = TftpOpcode::error;
  std::uint16_t number = 0;  ///< block (DATA, ACK) or error code (ERROR)
  ByteView data;             ///< of DATA
  std::string_view text;     ///< of ERROR: the server's message
  TftpOptions options;       ///< of OACK

  /// Unknown options are passed over. Errors: tftp_malformed.
  static Result<TftpPacket> parse(ByteView datagram) noexcept;
};

/// Asks for `name` in mode "octet", or to take it, or for a listing. Errors: tftp_bad_name.
Result<void> write_tftp_request(ByteWriter& writer, std::string_view name,
                                const TftpOptions& options,
                                TftpOpcode opcode = TftpOpcode::read_request) noexcept;
void write_tftp_data_header(ByteWriter& writer, std::uint16_t block) noexcept;
void write_tftp_acknowledgement(ByteWriter& writer, std::uint16_t block) noexcept;
void write_tftp_error(ByteWriter& writer, std::uint16_t code, std::string_view text) noexcept;

}  // namespace kedge::wire
