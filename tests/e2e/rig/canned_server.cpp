// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/canned_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/e2e/rig/servers.h"

namespace kedge::host::e2e {
namespace {

constexpr int kPollMilliseconds = 100;

// A socket of the network's, bound to the port on every address.
Outcome<FileDescriptor> bound_socket(const NetworkNamespace& network, int type, int port) {
  Outcome<FileDescriptor> result = FileDescriptor();
  KEDGE_HOST_CHECK(network.run_inside([&] {
    FileDescriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      result = errno_failure(fmt::format("cannot bind port {}", port));
    } else {
      result = std::move(socket);
    }
  }));
  return result;
}

// True once the descriptor is readable.
bool wait_readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, kPollMilliseconds) > 0;
}

// RFC 2131 figure 1 and RFC 2132 9.6.
constexpr std::size_t kFixedBytes = 240;  // with the magic cookie
constexpr std::size_t kMessageTypeAt = kFixedBytes + 2;
constexpr char kDiscover = 1;
constexpr char kOffer = 2;
constexpr char kRequest = 3;
constexpr char kNak = 6;

// The message's type if it is the first option, as it is with every client in use; else 0.
char message_type(std::string_view message) {
  constexpr char kTypeOption = 53;
  return message.size() > kMessageTypeAt && message[kFixedBytes] == kTypeOption
             ? message[kMessageTypeAt]
             : '\0';
}

std::string refusing_answer(std::string_view message) {
  const char type = message_type(message);
  if (type != kDiscover && type != kRequest) return {};
  const bool offer = type == kDiscover;
  std::string answer(message.substr(0, kFixedBytes));
  answer[0] = 2;  // BOOTREPLY
  // yiaddr; a NAK has none (RFC 2131 table 3).
  constexpr std::string_view kOffered("\xc0\x00\x02\x32", 4);
  if (offer) answer.replace(16, kOffered.size(), kOffered);
  answer += std::string("\x35\x01") + (offer ? kOffer : kNak);
  answer += std::string_view("\x36\x04\xc0\x00\x02\x01", 6);  // server identifier 192.0.2.1
  if (offer) {
    answer += std::string_view("\x33\x04\x00\x00\x0e\x10", 6);  // lease of an hour
    answer += std::string_view("\x01\x04\xff\xff\xff\x00", 6);  // 255.255.255.0
  }
  answer += '\xff';
  return answer;
}

}  // namespace

CannedHttpServer::CannedHttpServer(FileDescriptor listener, std::string answer)
    : listener_(std::move(listener)), answer_(std::move(answer)), thread_([this] { serve(); }) {}

Outcome<std::unique_ptr<CannedHttpServer>> CannedHttpServer::start(const NetworkNamespace& network,
                                                                   int port, std::string answer) {
  KEDGE_HOST_TRY(FileDescriptor listener, bound_socket(network, SOCK_STREAM, port));
  constexpr int kBacklog = 16;
  if (::listen(listener.get(), kBacklog) != 0) return errno_failure("cannot listen");
  return std::unique_ptr<CannedHttpServer>(
      new CannedHttpServer(std::move(listener), std::move(answer)));
}

CannedHttpServer::~CannedHttpServer() {
  stopping_ = true;
  thread_.join();
}

void CannedHttpServer::serve() {
  while (!stopping_) {
    if (!wait_readable(listener_.get())) continue;
    const FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::string request;
    std::array<char, 4096> buffer{};
    while (connection.valid() && !stopping_ && request.find("\r\n\r\n") == std::string::npos) {
      if (!wait_readable(connection.get())) continue;
      const ssize_t count = ::read(connection.get(), buffer.data(), buffer.size());
      if (count <= 0) break;
      request.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (request.find("\r\n\r\n") == std::string::npos) continue;
    ::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    ::shutdown(connection.get(), SHUT_WR);
  }
}

RefusingDhcpServer::RefusingDhcpServer(FileDescriptor socket)
    : socket_(std::move(socket)), thread_([this] { serve(); }) {}

Outcome<std::unique_ptr<RefusingDhcpServer>> RefusingDhcpServer::start(
    const NetworkNamespace& network) {
  constexpr int kServerPort = 67;
  KEDGE_HOST_TRY(FileDescriptor socket, bound_socket(network, SOCK_DGRAM, kServerPort));
  const int yes = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) != 0 ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, kBridge.data(),
                   static_cast<socklen_t>(kBridge.size())) != 0) {
    return errno_failure("cannot prepare the DHCP server's socket");
  }
  return std::unique_ptr<RefusingDhcpServer>(new RefusingDhcpServer(std::move(socket)));
}

RefusingDhcpServer::~RefusingDhcpServer() {
  stopping_ = true;
  thread_.join();
}

void RefusingDhcpServer::serve() {
  sockaddr_in everybody{};
  everybody.sin_family = AF_INET;
  everybody.sin_port = htons(68);
  everybody.sin_addr.s_addr = htonl(INADDR_BROADCAST);
  std::array<char, 2048> buffer{};
  while (!stopping_) {
    if (!wait_readable(socket_.get())) continue;
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) continue;
    const std::string answer =
        refusing_answer(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    if (answer.empty()) continue;
    if (::sendto(socket_.get(), answer.data(), answer.size(), 0,
                 reinterpret_cast<const sockaddr*>(&everybody), sizeof everybody) > 0 &&
        answer[kMessageTypeAt] == kNak) {
      ++naks_sent_;
    }
  }
}

DatagramSender::DatagramSender(FileDescriptor socket, std::string address, std::vector<int> ports)
    : socket_(std::move(socket)),
      address_(std::move(address)),
      ports_(std::move(ports)),
      thread_([this] { send(); }) {}

Outcome<std::unique_ptr<DatagramSender>> DatagramSender::start(const NetworkNamespace& network,
                                                               std::string address,
                                                               std::vector<int> ports) {
  constexpr int kOwnPort = 8069;
  KEDGE_HOST_TRY(FileDescriptor socket, bound_socket(network, SOCK_DGRAM, kOwnPort));
  return std::unique_ptr<DatagramSender>(
      new DatagramSender(std::move(socket), std::move(address), std::move(ports)));
}

DatagramSender::~DatagramSender() {
  stopping_ = true;
  thread_.join();
}

void DatagramSender::send() {
  constexpr auto kInterval = std::chrono::milliseconds(100);
  constexpr std::string_view kText = "a datagram";
  sockaddr_in target{};
  target.sin_family = AF_INET;
  ::inet_pton(AF_INET, address_.c_str(), &target.sin_addr);
  while (!stopping_) {
    for (const int port : ports_) {
      target.sin_port = htons(static_cast<std::uint16_t>(port));
      // Refusals of the machine, and that it is not there, are no failures.
      ::sendto(socket_.get(), kText.data(), kText.size(), 0,
               reinterpret_cast<const sockaddr*>(&target), sizeof target);
    }
    std::this_thread::sleep_for(kInterval);
  }
}

Outcome<FileDescriptor> hold_udp_port(const NetworkNamespace& network, int port) {
  return bound_socket(network, SOCK_DGRAM, port);
}

}  // namespace kedge::host::e2e
