// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dns.h"

#include <algorithm>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

constexpr std::uint16_t kClassIn = 1;
constexpr std::uint32_t kTtlMax = 0x7fffffff;  // RFC 2181 8: larger ones count as zero

constexpr std::uint16_t kResponseBit = 0x8000;
constexpr std::uint16_t kAuthoritativeBit = 0x0400;
constexpr std::uint16_t kTruncatedBit = 0x0200;
constexpr std::uint16_t kRecursionDesiredBit = 0x0100;
constexpr std::uint16_t kRecursionAvailableBit = 0x0080;

constexpr std::uint16_t bit_if(bool condition, std::uint16_t bit) noexcept {
  return condition ? bit : std::uint16_t{0};
}

}  // namespace

std::string_view dns_response_text(DnsResponseCode code) noexcept {
  switch (code) {
    case DnsResponseCode::no_error:
      return "NOERROR";
    case DnsResponseCode::format_error:
      return "FORMERR";
    case DnsResponseCode::server_failure:
      return "SERVFAIL";
    case DnsResponseCode::name_error:
      return "NXDOMAIN";
    case DnsResponseCode::not_implemented:
      return "NOTIMP";
    case DnsResponseCode::refused:
      return "REFUSED";
  }
  return "?";
}

DnsHeader DnsHeader::read(ByteReader& reader) noexcept {
  DnsHeader header;
  header.id = reader.be16();
  const std::uint16_t flags = reader.be16();
  header.response = (flags & kResponseBit) != 0;
  header.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xf);
  header.authoritative = (flags & kAuthoritativeBit) != 0;
  header.truncated = (flags & kTruncatedBit) != 0;
  header.recursion_desired = (flags & kRecursionDesiredBit) != 0;
  header.recursion_available = (flags & kRecursionAvailableBit) != 0;
  header.code = static_cast<DnsResponseCode>(flags & 0xf);
  header.question_count = reader.be16();
  header.answer_count = reader.be16();
  header.authority_count = reader.be16();
  header.additional_count = reader.be16();
  return header;
}

void DnsHeader::write(ByteWriter& writer) const noexcept {
  writer.be16(id);
  const unsigned flags =
      bit_if(response, kResponseBit) | (opcode & 0xfu) << 11 |
      bit_if(authoritative, kAuthoritativeBit) | bit_if(truncated, kTruncatedBit) |
      bit_if(recursion_desired, kRecursionDesiredBit) |
      bit_if(recursion_available, kRecursionAvailableBit) | (static_cast<unsigned>(code) & 0xfu);
  writer.be16(static_cast<std::uint16_t>(flags));
  writer.be16(question_count);
  writer.be16(answer_count);
  writer.be16(authority_count);
  writer.be16(additional_count);
}

std::optional<IpAddress> DnsRecord::address() const noexcept {
  ByteReader reader(data);
  if (type == DnsType::a && data.size() == Ipv4Address::kSize) return Ipv4Address::read(reader);
  if (type == DnsType::aaaa && data.size() == Ipv6Address::kSize) return Ipv6Address::read(reader);
  return std::nullopt;
}

Result<ByteView> write_dns_query(ByteSpan buffer, std::uint16_t id,
                                 const DnsQuestion& question) noexcept {
  ByteWriter writer(buffer);
  DnsHeader header;
  header.id = id;
  header.question_count = 1;
  header.write(writer);
  question.name.write(writer);
  writer.be16(static_cast<std::uint16_t>(question.type));
  writer.be16(kClassIn);
  return writer.finish();
}

Result<DnsAnswerView> DnsAnswerView::parse(ByteView message) noexcept {
  DnsAnswerView view;
  view.message_ = message;
  ByteReader reader(message);
  view.header_ = DnsHeader::read(reader);
  if (!reader.ok() || view.header_.question_count != 1) return fail(err::wire_bad_dns);
  view.offset_ = reader.offset();
  KEDGE_TRY(view.question_.name, DnsName::read(message, view.offset_));
  ByteReader rest(message.subspan(view.offset_));
  view.question_.type = static_cast<DnsType>(rest.be16());
  const std::uint16_t question_class = rest.be16();
  if (!rest.ok() || question_class != kClassIn) return fail(err::wire_bad_dns);
  view.offset_ += rest.offset();
  return view;
}

std::optional<DnsRecord> DnsAnswerView::next() noexcept {
  const std::size_t count = std::min<std::size_t>(header_.answer_count, kRecordsMax);
  if (!ok_ || read_ == count) return std::nullopt;
  ++read_;
  ok_ = false;
  auto name = DnsName::read(message_, offset_);
  if (!name) return std::nullopt;
  DnsRecord record;
  record.name = *name;
  ByteReader reader(message_.subspan(offset_));
  record.type = static_cast<DnsType>(reader.be16());
  if (reader.be16() != kClassIn) record.type = DnsType{0};
  record.ttl_s = reader.be32();
  if (record.ttl_s > kTtlMax) record.ttl_s = 0;
  const std::uint16_t length = reader.be16();
  record.data_offset = offset_ + reader.offset();
  record.data = reader.bytes(length);
  if (!reader.ok()) return std::nullopt;
  offset_ += reader.offset();
  ok_ = true;
  return record;
}

Result<DnsName> DnsAnswerView::target(const DnsRecord& record) const noexcept {
  if (record.type != DnsType::cname) return fail(err::wire_bad_dns);
  std::size_t offset = record.data_offset;
  KEDGE_TRY(DnsName name, DnsName::read(message_, offset));
  if (offset != record.data_offset + record.data.size()) return fail(err::wire_bad_dns);
  return name;
}

}  // namespace kedge::wire
