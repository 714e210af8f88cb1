// SPDX-License-Identifier: BSD-2-Clause-Patent
// TFTP packets: what is read keeps its meaning, and requests carry their options back.
#include <array>

#include "base/assert.h"
#include "wire/tftp.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const auto packet = wire::TftpPacket::parse(bytes);
  if (!packet.ok()) return 0;
  KEDGE_ASSERT(packet->data.size() + 4 == size || packet->data.empty());
  if (packet->opcode != wire::TftpOpcode::option_acknowledgement) return 0;
  // An OACK is a request without name and mode.
  std::array<std::byte, wire::kTftpRequestBytesMax> buffer;
  ByteWriter writer(buffer);
  KEDGE_ASSERT(wire::write_tftp_request(writer, "n", packet->options).ok());
  std::array<std::byte, wire::kTftpRequestBytesMax> answer;
  constexpr std::size_t kNameAndMode = 10;  // opcode, "n", "octet" and their ends
  ByteWriter rewritten(answer);
  rewritten.be16(6);
  rewritten.bytes(ByteView(buffer).subspan(kNameAndMode, writer.size() - kNameAndMode));
  const auto again = wire::TftpPacket::parse(*rewritten.finish());
  KEDGE_ASSERT(again.ok() && again->options == packet->options);
  return 0;
}
