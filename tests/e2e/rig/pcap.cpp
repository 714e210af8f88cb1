// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/pcap.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "support/file.h"

namespace kedge::host::e2e {
namespace {

constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::size_t kRecordHeaderBytes = 16;
constexpr std::uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kUdpBytes = 8;
// RFC 2131 figure 1: chaddr is at 28, options follow the magic cookie at 236.
constexpr std::size_t kChaddrOffset = 28;
constexpr std::size_t kOptionsOffset = 240;

// Numbers at an offset of a text; 0 beyond its end.
std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}
std::uint32_t le32(std::string_view text, std::size_t at) {
  return byte_at(text, at) | byte_at(text, at + 1) << 8 | byte_at(text, at + 2) << 16 |
         byte_at(text, at + 3) << 24;
}
std::uint32_t be16(std::string_view text, std::size_t at) {
  return byte_at(text, at) << 8 | byte_at(text, at + 1);
}

// The UDP payload of an IPv4 frame between the DHCP ports; nothing for other frames.
std::string_view dhcp_payload(std::string_view frame) {
  constexpr std::uint32_t kIpv4 = 0x0800;
  constexpr std::uint32_t kUdp = 17;
  if (frame.size() < kEthernetBytes + 20 || be16(frame, 12) != kIpv4) return {};
  const std::string_view ip = frame.substr(kEthernetBytes);
  const std::size_t header = (byte_at(ip, 0) & 0xf) * 4;
  if (byte_at(ip, 9) != kUdp || ip.size() < header + kUdpBytes) return {};
  const std::string_view udp = ip.substr(header);
  const auto is_dhcp = [](std::uint32_t port) { return port == 67 || port == 68; };
  if (!is_dhcp(be16(udp, 0)) || !is_dhcp(be16(udp, 2))) return {};
  return udp.substr(kUdpBytes);
}

std::optional<DhcpSeen> read_dhcp(std::string_view message) {
  if (message.size() < kOptionsOffset) return std::nullopt;
  DhcpSeen seen;
  for (std::size_t i = 0; i < 6; ++i) {
    seen.client += fmt::format("{}{:02x}", i == 0 ? "" : ":", byte_at(message, kChaddrOffset + i));
  }
  constexpr std::uint32_t kPad = 0;
  constexpr std::uint32_t kEnd = 255;
  for (std::size_t at = kOptionsOffset; at < message.size() && byte_at(message, at) != kEnd;) {
    const std::uint32_t code = byte_at(message, at);
    if (code == kPad) {
      ++at;
      continue;
    }
    const std::size_t length = byte_at(message, at + 1);
    const std::size_t value_at = std::min(at + 2, message.size());
    const std::string_view value = message.substr(value_at, length);
    if (code == 53) seen.type = static_cast<int>(byte_at(value, 0));
    if (code == 60) seen.vendor_class = value;
    if (code == 77) seen.user_class = value;
    at += 2 + length;
  }
  if (seen.type == 0) return std::nullopt;  // BOOTP
  return seen;
}

}  // namespace

Outcome<std::vector<CapturedFrame>> parse_pcap(std::string_view content) {
  if (content.size() < kFileHeaderBytes || le32(content, 0) != kMagicMicroseconds) {
    return failure("this is no packet capture in the format that tcpdump and QEMU write");
  }
  content.remove_prefix(kFileHeaderBytes);
  std::vector<CapturedFrame> frames;
  while (content.size() >= kRecordHeaderBytes) {
    const std::size_t length = le32(content, 8);
    if (content.size() - kRecordHeaderBytes < length) break;
    frames.push_back({.at = le32(content, 0) + le32(content, 4) / 1e6,
                      .bytes = std::string(content.substr(kRecordHeaderBytes, length))});
    content.remove_prefix(kRecordHeaderBytes + length);
  }
  return frames;
}

Outcome<std::vector<CapturedFrame>> read_pcap(const std::filesystem::path& file) {
  KEDGE_HOST_TRY(const std::string content, read_file(file));
  return parse_pcap(content);
}

std::vector<DhcpSeen> find_dhcp(const std::vector<CapturedFrame>& frames) {
  std::vector<DhcpSeen> messages;
  for (const CapturedFrame& frame : frames) {
    if (auto seen = read_dhcp(dhcp_payload(frame.bytes))) {
      seen->at = frame.at;
      messages.push_back(*std::move(seen));
    }
  }
  return messages;
}

std::size_t count_dhcp(const std::vector<DhcpSeen>& messages, int type) {
  return static_cast<std::size_t>(std::ranges::count(messages, type, &DhcpSeen::type));
}

}  // namespace kedge::host::e2e
