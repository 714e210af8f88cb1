// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/sim/tap_device.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "link/link_errors.h"

namespace kedge::sim {
namespace {

constexpr char kName[] = "kedge0";

/// virtio 1.2, 5.1.6, without num_buffers. The kernel's own header is not C++.
struct VnetHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;
  static constexpr std::uint8_t kDataValid = 2;

  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_length = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
};
static_assert(sizeof(VnetHeader) == 10);

sockaddr in4(std::uint32_t address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(address);
  sockaddr out;
  std::memcpy(&out, &in, sizeof out);
  return out;
}

bool bring_up(const char* name, std::uint32_t address) {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) return false;
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  bool ok = true;
  if (address != 0) {
    request.ifr_addr = in4(address);
    ok = ok && ioctl(s, SIOCSIFADDR, &request) == 0;
    request.ifr_netmask = in4(0xffffff00);
    ok = ok && ioctl(s, SIOCSIFNETMASK, &request) == 0;
  }
  request.ifr_flags = IFF_UP;
  ok = ok && ioctl(s, SIOCSIFFLAGS, &request) == 0;
  close(s);
  return ok;
}

}  // namespace

std::unique_ptr<TapDevice> TapDevice::create(wire::Ipv4Address address, const Options& options,
                                             const char** reason) {
  // Our own namespace, once: nothing of the test touches the machine's network.
  static const bool separate = unshare(CLONE_NEWNET) == 0;
  if (!separate) {
    *reason = "no right to make a network namespace (root is needed)";
    return nullptr;
  }
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    *reason = "cannot open /dev/net/tun";
    return nullptr;
  }
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  std::strncpy(request.ifr_name, kName, IFNAMSIZ - 1);
  int header = sizeof(VnetHeader);
  const unsigned offloads = options.offloads ? TUN_F_CSUM | TUN_F_TSO4 : 0;
  if (ioctl(fd, TUNSETIFF, &request) != 0 || ioctl(fd, TUNSETVNETHDRSZ, &header) != 0 ||
      ioctl(fd, TUNSETOFFLOAD, offloads) != 0 || !bring_up("lo", 0) ||
      !bring_up(kName, address.value())) {
    close(fd);
    *reason = "cannot configure a TAP interface";
    return nullptr;
  }
  return std::unique_ptr<TapDevice>(new TapDevice(fd, options));
}

TapDevice::TapDevice(int fd, const Options& options) : fd_(fd), options_(options) {
  for (int i = 0; i < options.buffers; ++i) {
    buffers_.push_back(std::make_unique<Buffer>());
    free_.push_back(buffers_.back().get());
  }
}

TapDevice::~TapDevice() {
  KEDGE_ASSERT(lent() == 0);
  close(fd_);
}

link::Capabilities TapDevice::capabilities() const noexcept {
  return {.receive_checksum = options_.offloads,
          .receive_merge = options_.offloads,
          .transmit_checksum = options_.offloads,
          .receive_buffers = options_.buffers};
}

void TapDevice::release(link::Segment* chain) noexcept {
  while (chain != nullptr) {
    link::Segment* next = chain->next;
    free_.push_back(reinterpret_cast<Buffer*>(chain));  // its first member
    chain = next;
  }
}

std::uint32_t TapDevice::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  std::uint32_t count = 0;
  for (; count < budget && free_.size() >= kSegmentsMax; ++count) {
    VnetHeader header;
    iovec vectors[1 + kSegmentsMax];
    vectors[0] = {&header, sizeof header};
    for (std::size_t i = 0; i < kSegmentsMax; ++i) {
      vectors[1 + i] = {free_[free_.size() - 1 - i]->bytes, kBufferBytes};
    }
    const ssize_t got = readv(fd_, vectors, 1 + kSegmentsMax);
    if (got <= static_cast<ssize_t>(sizeof header)) break;
    const auto length = static_cast<std::uint32_t>(got - static_cast<ssize_t>(sizeof header));
    link::Segment* head = nullptr;
    link::Segment** link = &head;
    for (std::uint32_t left = length; left > 0;) {
      Buffer* buffer = free_.back();
      free_.pop_back();
      const std::uint32_t part = std::min(left, kBufferBytes);
      buffer->segment = {buffer->bytes, part, nullptr};
      *link = &buffer->segment;
      link = &buffer->segment.next;
      left -= part;
    }
    ++statistics_.received_frames;
    statistics_.received_bytes += length;
    link::ReceiveInfo info;
    info.checksum_partial = (header.flags & VnetHeader::kNeedsChecksum) != 0;
    info.checksum_verified = (header.flags & VnetHeader::kDataValid) != 0;
    info.segment_bytes = header.gso_size;
    receiver.receive(link::Frame(*this, head, length, info));
  }
  return count;
}

Result<void> TapDevice::transmit(std::span<const ByteView> pieces,
                                 link::TransmitInfo info) noexcept {
  VnetHeader header;
  if (info.checksum_start != 0) {
    header.flags = VnetHeader::kNeedsChecksum;
    header.checksum_start = info.checksum_start;
    header.checksum_offset = info.checksum_offset;
  }
  iovec vectors[16];
  std::size_t count = 0;
  vectors[count++] = {&header, sizeof header};
  for (const ByteView piece : pieces) {
    KEDGE_ASSERT(count < 16);
    vectors[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
  }
  if (writev(fd_, vectors, static_cast<int>(count)) < 0) {
    ++statistics_.transmit_busy;
    return fail(err::link_busy);
  }
  ++statistics_.transmitted_frames;
  return {};
}

Instant RealClock::now() noexcept {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant::from_ns(time.tv_sec * 1'000'000'000 + time.tv_nsec);
}

void RealClock::idle(Instant until) noexcept {
  constexpr std::int64_t kIdleMaxMs = 100;
  const std::int64_t left = (until - now()).count_ns() / 1'000'000 + 1;
  pollfd wait{descriptor_, POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, kIdleMaxMs)));
}

}  // namespace kedge::sim
