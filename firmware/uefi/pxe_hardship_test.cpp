// SPDX-License-Identifier: BSD-2-Clause-Patent
// What an image does with its network, over the real stack, with each allocation that can fail
// failing once, and with all of them failing from some moment on: the function that meets it says
// so, nothing is left over, and the next call works.
// Its own program, because it replaces operator new.

#include "tests/fake/failing_heap.h"
#include "tests/fake/uefi.h"
#include "tests/sim/network.h"
#include "uefi/image_network.h"
#include "uefi/pxe_stack_backend.h"
#include "uefi/rt/heap.h"
#include "wire/dhcp4.h"

namespace {

/// Allocations until the one that fails, and whether all after it fail, too; -1: none fails, or
/// the one has been met.
long until_failure = -1;
bool for_ever = false;

}  // namespace

bool kedge::fake::allocation_fails() noexcept {
  if (until_failure < 0) return for_ever && reserve_use.counting;
  const bool fails = until_failure-- == 0;
  if (fails) reserve_use.counting = true;
  return fails;
}

namespace kedge::uefi {
namespace {

using Pxe = EFI_PXE_BASE_CODE_PROTOCOL;

constexpr std::string_view kContent = "the file";
constexpr UINT16 kReadPort = 4000;
constexpr wire::Ipv4Address kGroup(239, 1, 2, 3);
constexpr UINT16 kGroupServerPort = 1759;
constexpr UINT16 kGroupClientPort = 1758;
constexpr std::uint8_t kBootServerType = 7;

EFI_IP_ADDRESS raw(wire::Ipv4Address address) {
  EFI_IP_ADDRESS ip{};
  const auto octets = address.octets();
  std::memcpy(&ip, octets.data(), octets.size());
  return ip;
}

/// A server of TFTP and MTFTP on the peer: gives the file, takes any.
void serve_tftp(sim::FramePeer& peer, const sim::FramePeer::Udp& datagram) {
  std::string answer;
  if (datagram.payload.size() < 4) return;
  const auto opcode = std::to_integer<int>(datagram.payload[1]);
  const bool has_file =
      datagram.destination.port == 69 || datagram.destination.port == kGroupServerPort;
  const bool wants_size = as_text(datagram.payload).find("tsize") != std::string_view::npos;
  if (has_file && opcode == 1 && wants_size) {
    answer = std::string("\0\6tsize\0", 8) + std::to_string(kContent.size()) + '\0';
  } else if (has_file && opcode == 1) {
    answer = std::string("\0\3\0\1", 4) + std::string(kContent);
  } else if (datagram.destination.port == 69 && opcode == 2) {
    answer = std::string("\0\4\0\0", 4);
  } else if (opcode == 4 && as_text(datagram.payload) == std::string_view("\0\4\0\0", 4)) {
    // The options are agreed upon.
    answer = std::string("\0\3\0\1", 4) + std::string(kContent);
  } else if (opcode == 3) {
    answer = std::string("\0\4", 2) + std::string(as_text(datagram.payload.subspan(2, 2)));
  }
  if (answer.empty()) return;
  peer.send_udp({sim::kPeer, 6969}, datagram.source, datagram.source_mac, as_byte_view(answer));
}

/// A server of DHCP that names a file, and the boot server of the type.
void serve_dhcp(sim::FramePeer& peer, const sim::FramePeer::Udp& datagram) {
  const auto request = client::DhcpPacket::parse(datagram.payload);
  if (!request.ok()) return;
  std::vector<std::byte> buffer(wire::kDhcpMessageMax);
  wire::Dhcp4Header header;
  header.operation = wire::BootpOperation::reply;
  header.transaction = request->header().transaction;
  header.yours = sim::kOurs;
  header.server = sim::kPeer;
  header.set_mac(datagram.source_mac);
  wire::Dhcp4Builder builder(buffer, header, {}, "file");
  const bool offer = request->type() == wire::DhcpMessageType::discover;
  builder.type(offer ? wire::DhcpMessageType::offer : wire::DhcpMessageType::ack);
  builder.option_address(wire::dhcp_option::kServerId, sim::kPeer);
  builder.option_address(wire::dhcp_option::kSubnetMask, {255, 255, 255, 0});
  builder.option_text(wire::dhcp_option::kVendorClass, "PXEClient");
  const char item[] = {71, 4, 0, kBootServerType, 0, 0, char(255)};
  builder.option_text(wire::dhcp_option::kVendorEncapsulated, {item, sizeof item});
  const auto message = builder.finish();
  if (!message.ok()) return;
  peer.send_udp({sim::kPeer, wire::kDhcpServerPort}, {sim::kOurs, wire::kDhcpClientPort},
                datagram.source_mac, *message);
}

/// How often a file was asked for, by port.
using Asked = std::map<std::uint16_t, unsigned>;

void serve(sim::FramePeer& peer, Asked& asked) {
  peer.on_udp = [&](const sim::FramePeer::Udp& datagram) {
    if (as_text(datagram.payload).starts_with(std::string_view("\0\1", 2))) {
      ++asked[datagram.destination.port];
    }
    if (datagram.destination.port == wire::kDhcpServerPort) return serve_dhcp(peer, datagram);
    serve_tftp(peer, datagram);
  };
  sim::TcpBehaviour& http = peer.tcp[80];
  http.text = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n";
  http.text += kContent;
  http.send_bytes = http.text.size();
  http.wait_for = std::string_view("GET /file HTTP/1.1\r\n\r\n").size();
}

struct World {
  fake::FakeFirmware fake;
  fake::SimLoop time;
  fake::SeededEntropy entropy{1};
  link::LoopbackPair pair{{}};
  link::SharedDevice shared{pair.left()};
  sim::FramePeer peer{time.loop, pair.right(), sim::kPeer};
  net::LwipStack stack{time.loop, entropy};
  net::Interface* net0 = *stack.add(shared.host());
  std::size_t handles = fake.handle_count();
  Asked asked;

  World() {
    EXPECT_TRUE(net0->open().ok());
    EXPECT_TRUE(net0->configure({.address = sim::kOurs, .prefix_bits = 24}).ok());
    serve(peer, asked);
    // The neighbour's answer is not what fails first each time.
    EXPECT_TRUE(time.run(net0->find_neighbour(sim::kPeer, time.after(Duration::seconds(1)))).ok());
  }

  /// The statuses of one image's calls, the first for the network itself.
  std::vector<EFI_STATUS> visit() {
    PxeStackBackend backend(
        {fake.firmware(), time.loop, stack, *net0, shared, {}, {}, client::tftp_get_from_group});
    DevicePath path;
    path.append_mac(shared.host().mac());
    auto network = ImageNetwork::create(fake.firmware(), {shared, {}, {}, path}, backend);
    if (!network.ok()) {
      EXPECT_EQ(network.error().kind(), ErrorKind::no_memory);
      return {EFI_OUT_OF_RESOURCES};
    }
    std::vector<EFI_STATUS> said{EFI_SUCCESS};
    calls(*(*network)->pxe().raw(), said);
    EXPECT_TRUE((*network)->remove());
    return said;
  }

  void calls(Pxe& pxe, std::vector<EFI_STATUS>& said) {
    EFI_IP_ADDRESS own = raw(sim::kOurs);
    EFI_IP_ADDRESS mask = raw({255, 255, 255, 0});
    EFI_IP_ADDRESS server = raw(sim::kPeer);
    EFI_IP_ADDRESS source{};
    UINT16 port = 9;
    char data[64] = {};
    UINTN bytes = 8;
    UINT64 size = sizeof data;
    UINTN block = 512;
    char name[] = "file";
    auto* file = reinterpret_cast<UINT8*>(name);
    said.push_back(pxe.Start(&pxe, FALSE));
    said.push_back(pxe.Dhcp(&pxe, FALSE));
    said.push_back(pxe.SetStationIp(&pxe, &own, &mask));
    EFI_PXE_BASE_CODE_IP_FILTER filter{};
    filter.IpCnt = 1;
    filter.IpList[0] = raw({239, 1, 1, 1});
    said.push_back(pxe.SetIpFilter(&pxe, &filter));
    EFI_PXE_BASE_CODE_DISCOVER_INFO wanted{};
    wanted.UseBCast = TRUE;
    UINT16 layer = 0;
    said.push_back(pxe.Discover(&pxe, kBootServerType, &layer, FALSE, &wanted));
    BOOLEAN yes = TRUE;
    auto packet = std::make_unique<EFI_PXE_BASE_CODE_PACKET>();
    said.push_back(pxe.SetPackets(&pxe, &yes, &yes, nullptr, nullptr, nullptr, nullptr,
                                  packet.get(), packet.get(), nullptr, nullptr, nullptr, nullptr));
    said.push_back(pxe.UdpWrite(&pxe, 0, &server, &port, nullptr, nullptr, nullptr, nullptr,
                                nullptr, &bytes, data));
    peer.send_udp({sim::kPeer, 7}, {sim::kOurs, kReadPort}, shared.host().mac(),
                  as_byte_view(kContent));
    bytes = sizeof data;
    said.push_back(
        pxe.UdpRead(&pxe, 0x0f, nullptr, &port, &source, nullptr, nullptr, nullptr, &bytes, data));
    said.push_back(pxe.Arp(&pxe, &server, nullptr));
    said.push_back(pxe.Mtftp(&pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, data, FALSE, &size, &block,
                             &server, file, nullptr, FALSE));
    const auto expect_content = [&] {
      if (said.back() == EFI_SUCCESS) {
        EXPECT_EQ(std::string_view(data, size), kContent);
      }
      std::ranges::fill(data, 0);
    };
    expect_content();
    size = 0;
    said.push_back(pxe.Mtftp(&pxe, EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, FALSE, &size,
                             nullptr, &server, file, nullptr, FALSE));
    if (said.back() == EFI_SUCCESS) {
      EXPECT_EQ(size, kContent.size());
    }
    size = sizeof data;
    char url[] = "http://10.0.0.1/file";
    said.push_back(pxe.Mtftp(&pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, data, FALSE, &size, nullptr,
                             &server, reinterpret_cast<UINT8*>(url), nullptr, FALSE));
    expect_content();
    EFI_PXE_BASE_CODE_MTFTP_INFO group{};
    group.MCastIp = raw(kGroup);
    group.CPort = kGroupClientPort;
    group.SPort = kGroupServerPort;
    group.ListenTimeout = 1;
    group.TransmitTimeout = 1;
    size = sizeof data;
    said.push_back(pxe.Mtftp(&pxe, EFI_PXE_BASE_CODE_MTFTP_READ_FILE, data, FALSE, &size, nullptr,
                             &server, file, &group, FALSE));
    expect_content();
    size = 8;
    said.push_back(pxe.Mtftp(&pxe, EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, data, FALSE, &size, &block,
                             &server, file, nullptr, FALSE));
    said.push_back(pxe.Stop(&pxe));
  }

  void expect_nothing_left(long n) {
    EXPECT_EQ(fake.handle_count(), handles) << n;
    EXPECT_EQ(fake.event_count(), 0U) << n;
    EXPECT_EQ(fake.pools_in_use(), 0U) << n;
    EXPECT_EQ(fake.tpl, static_cast<EFI_TPL>(TPL_APPLICATION)) << n;
    EXPECT_TRUE(fake.violations.empty()) << n;
  }
};

/// Of a visit: the network itself, and what calls() calls.
constexpr std::size_t kCalls = 16;

bool is_documented(EFI_STATUS status) {
  return status == EFI_SUCCESS || status == EFI_OUT_OF_RESOURCES || status == EFI_DEVICE_ERROR ||
         status == EFI_TIMEOUT;  // what was lost for want of memory never came
}

/// Visits the world with the n-th allocation failing, for n from 0 until no visit meets it.
void sweep() {
  constexpr long kAllocationsMax = 2000;
  World world;
  long n = 0;
  unsigned told = 0;
  for (; n < kAllocationsMax; ++n) {
    until_failure = n;
    const auto said = world.visit();
    const bool met = until_failure < 0;
    until_failure = -1;
    fake::reserve_use.counting = false;
    for (const EFI_STATUS status : said) {
      EXPECT_TRUE(is_documented(status)) << n << ": " << status;
      told += status != EFI_SUCCESS ? 1 : 0;
    }
    world.expect_nothing_left(n);
    const auto again = world.visit();
    EXPECT_EQ(again, std::vector<EFI_STATUS>(kCalls, EFI_SUCCESS)) << n;
    if (!met) break;
  }
  EXPECT_GT(n, 20);
  EXPECT_LT(n, kAllocationsMax);
  EXPECT_GT(told, 10U);
}

TEST(PxeHardship, WithMemoryEachCallHasItsServer) {
  World world;
  EXPECT_EQ(world.visit(), std::vector<EFI_STATUS>(kCalls, EFI_SUCCESS));
  EXPECT_EQ(world.asked[69], 2U) << "for the file and for its size";
  EXPECT_EQ(world.asked[kGroupServerPort], 1U);
  EXPECT_EQ(world.peer.syns, 1U);
}

TEST(PxeHardship, EachAllocationThatFailsIsToldAndLeavesNothing) {
  for_ever = false;
  sweep();
}

TEST(PxeHardship, WithoutAnyMemoryTheReserveIsEnoughToSaySo) {
  for_ever = true;
  fake::reserve_use.bytes_max = 0;
  sweep();
  for_ever = false;
  EXPECT_GT(fake::reserve_use.bytes_max, 0U);
  EXPECT_LT(fake::reserve_use.bytes_max, uefi::rt::Heap::kReserveBytes / 2);  // slabs round up
}

}  // namespace
}  // namespace kedge::uefi
