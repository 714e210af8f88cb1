// SPDX-License-Identifier: BSD-2-Clause-Patent
// DNS messages (RFC 1035 4): a query to write, and a checked view of an answer.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wire/dns_name.h"
#include "wire/ip.h"

namespace kedge::wire {

inline constexpr std::uint16_t kDnsPort = 53;
inline constexpr std::size_t kDnsUdpMax = 512;  // RFC 1035 2.3.4; we announce no more (no EDNS)
inline constexpr std::size_t kDnsHeaderBytes = 12;
/// Header, one question with the longest name.
inline constexpr std::size_t kDnsQueryMax = kDnsHeaderBytes + DnsName::kWireMax + 4;

/// Open set: other values occur and are kept.
enum class DnsType : std::uint16_t { a = 1, cname = 5, aaaa = 28 };
enum class DnsResponseCode : std::uint8_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,  ///< NXDOMAIN
  not_implemented = 4,
  refused = 5,
};
/// "SERVFAIL", "NXDOMAIN"...; "?" for others.
std::string_view dns_response_text(DnsResponseCode code) noexcept;

struct DnsQuestion {
  DnsName name;
  DnsType type = DnsType::a;

  friend bool operator==(const DnsQuestion&, const DnsQuestion&) noexcept = default;
};

struct DnsHeader {
  std::uint16_t id = 0;
  bool response = false;
  std::uint8_t opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = true;
  bool recursion_available = false;
  DnsResponseCode code = DnsResponseCode::no_error;
  std::uint16_t question_count = 0;
  std::uint16_t answer_count = 0;
  std::uint16_t authority_count = 0;
  std::uint16_t additional_count = 0;

  static DnsHeader read(ByteReader& reader) noexcept;
  void write(ByteWriter& writer) const noexcept;
};

/// One resource record of class IN; records of other classes have type 0.
struct DnsRecord {
  DnsName name;
  DnsType type = DnsType::a;
  std::uint32_t ttl_s = 0;
  ByteView data;
  std::size_t data_offset = 0;  ///< in the message, for names inside the data

  /// The address of an A or AAAA record.
  std::optional<IpAddress> address() const noexcept;
};

/// Writes a recursive query for one question.
Result<ByteView> write_dns_query(ByteSpan buffer, std::uint16_t id,
                                 const DnsQuestion& question) noexcept;

/// An answer to one question: views of bytes that must outlive it.
class DnsAnswerView {
 public:
  /// More records than this are not looked at.
  static constexpr std::size_t kRecordsMax = 64;

  /// Checks header and question. Errors: wire_bad_dns, wire_bad_dns_name.
  static Result<DnsAnswerView> parse(ByteView message) noexcept;

  const DnsHeader& header() const noexcept { return header_; }
  const DnsQuestion& question() const noexcept { return question_; }
  /// The next record of the answer section; nothing at its end or where it is malformed.
  std::optional<DnsRecord> next() noexcept;
  bool ok() const noexcept { return ok_; }
  /// The name that a CNAME record holds.
  Result<DnsName> target(const DnsRecord& record) const noexcept;

 private:
  ByteView message_;
  DnsHeader header_;
  DnsQuestion question_;
  std::size_t offset_ = 0;
  std::size_t read_ = 0;
  bool ok_ = true;
};

}  // namespace kedge::wire
