// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/vlan_trunk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "tests/e2e/rig/servers.h"

namespace kedge::host::e2e {
namespace {

constexpr int kOwnPort = 4001;
constexpr int kMachinePort = 4002;
constexpr int kPollMilliseconds = 100;
constexpr const char* kTap = "trunk0";
// IEEE 802.1Q, 9.4: the tag stands behind both addresses.
constexpr std::size_t kTagAt = 12;
constexpr std::size_t kTagBytes = 4;
constexpr std::size_t kIdAt = kTagAt + 2;
constexpr std::size_t kHeaderBytes = 14;

sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Outcome<FileDescriptor> socket_to_machine() {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in own = local(kOwnPort);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    return errno_failure("cannot bind the trunk's port");
  }
  return socket;
}

Outcome<FileDescriptor> open_tap() {
  FileDescriptor tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strncpy(request.ifr_name, kTap, IFNAMSIZ - 1);
  if (::ioctl(tap.get(), TUNSETIFF, &request) != 0) return errno_failure("cannot open the tap");
  return tap;
}

}  // namespace

VlanTrunk::VlanTrunk(FileDescriptor machine, FileDescriptor tap, std::uint16_t id)
    : machine_(std::move(machine)),
      tap_(std::move(tap)),
      tag_{'\x81', '\x00', static_cast<char>(id >> 8), static_cast<char>(id & 0xff)},
      thread_([this] { serve(); }) {}

Outcome<std::unique_ptr<VlanTrunk>> VlanTrunk::start(const NetworkNamespace& network,
                                                     std::uint16_t id) {
  KEDGE_HOST_CHECK(network.add_tap(kTap, std::string(kBridge)));
  Outcome<FileDescriptor> machine = FileDescriptor();
  Outcome<FileDescriptor> tap = FileDescriptor();
  KEDGE_HOST_CHECK(network.run_inside([&] {
    machine = socket_to_machine();
    tap = open_tap();
  }));
  if (!machine) return std::unexpected(machine.error());
  if (!tap) return std::unexpected(tap.error());
  return std::unique_ptr<VlanTrunk>(new VlanTrunk(*std::move(machine), *std::move(tap), id));
}

VlanTrunk::~VlanTrunk() {
  stopping_ = true;
  thread_.join();
}

void VlanTrunk::add_nic(MachineSpec& machine, std::string_view device, std::string_view rom) {
  machine.arguments.insert(machine.arguments.end(),
                           {"-netdev",
                            fmt::format("socket,id=trunk,udp=127.0.0.1:{},localaddr=127.0.0.1:{}",
                                        kOwnPort, kMachinePort),
                            "-device", fmt::format("{},netdev=trunk,romfile={}", device, rom)});
}

void VlanTrunk::serve() {
  while (!stopping_) {
    std::array<pollfd, 2> entries{{{.fd = machine_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = tap_.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(entries.data(), entries.size(), kPollMilliseconds) <= 0) continue;
    if (entries[0].revents != 0) from_machine();
    if (entries[1].revents != 0) from_bridge();
  }
}

void VlanTrunk::from_machine() {
  const ssize_t got = ::recv(machine_.get(), buffer_.data(), buffer_.size(), 0);
  if (got < static_cast<ssize_t>(kHeaderBytes + kTagBytes)) return;
  auto size = static_cast<std::size_t>(got);
  // The priority in the upper bits of the tag does not matter.
  constexpr char kIdBits = 0x0f;
  if (std::memcmp(&buffer_[kTagAt], tag_.data(), 2) != 0 || (buffer_[kIdAt] & kIdBits) != tag_[2] ||
      buffer_[kIdAt + 1] != tag_[3]) {
    ++others_;
    return;
  }
  ++tagged_;
  size -= kTagBytes;
  std::memmove(&buffer_[kTagAt], &buffer_[kTagAt + kTagBytes], size - kTagAt);
  [[maybe_unused]] const ssize_t put = ::write(tap_.get(), buffer_.data(), size);
}

void VlanTrunk::from_bridge() {
  const ssize_t got = ::read(tap_.get(), buffer_.data(), buffer_.size() - kTagBytes);
  if (got < static_cast<ssize_t>(kHeaderBytes)) return;
  const auto size = static_cast<std::size_t>(got);
  std::memmove(&buffer_[kTagAt + kTagBytes], &buffer_[kTagAt], size - kTagAt);
  std::memcpy(&buffer_[kTagAt], tag_.data(), kTagBytes);
  const sockaddr_in machine = local(kMachinePort);
  (void)::sendto(machine_.get(), buffer_.data(), size + kTagBytes, 0,
                 reinterpret_cast<const sockaddr*>(&machine), sizeof machine);
}

}  // namespace kedge::host::e2e
