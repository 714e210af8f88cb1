// SPDX-License-Identifier: BSD-2-Clause-Patent
// The TFTP client against a server that says anything: it ends, keeps its limits, leaks nothing.
//
// Input: packets, each after a byte with its length; a length of 0xff lets time pass instead. The
// high bit of the byte behind the length says that the packet comes from a stranger.
#include <algorithm>

#include "client/tftp/tftp_client.h"
#include "tests/fake/net.h"
#include "tests/fake/sink.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader input(std::as_bytes(std::span(data, size)));
  fake::SimLoop sim;
  fake::FakeStack stack(sim.loop);
  unsigned sent = 0;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView) {
    KEDGE_ASSERT(++sent < 100000);
    while (input.remaining() >= 2) {
      const std::uint8_t length = input.u8();
      if (length == 0xff) return;
      const std::uint8_t from = input.u8();
      const ByteView bytes = input.bytes(std::min<std::size_t>(length, input.remaining()));
      const wire::Ipv4Address address(10, 0, 0, from & 0x80 ? 2 : 1);
      socket.deliver({address, static_cast<std::uint16_t>(2000 + (from & 1))},
                     std::vector<std::byte>(bytes.begin(), bytes.end()));
      if (from & 0x40) return;  // the rest answers the next packet
    }
  };
  client::TftpSettings settings;
  settings.window_blocks = 4;
  fake::MemorySink sink;
  sink.limit = 65536;
  fake::RecordingProgress progress;
  client::TftpClient tftp(stack);
  const auto result =
      sim.run(tftp.get(*wire::Uri::parse("tftp://10.0.0.1/f"), settings, sink, progress));
  KEDGE_ASSERT(!result.ok() || *result == sink.data.size());
  KEDGE_ASSERT(stack.sockets.empty());
  return 0;
}
