// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/canned_server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

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

Outcome<FileDescriptor> hold_udp_port(const NetworkNamespace& network, int port) {
  return bound_socket(network, SOCK_DGRAM, port);
}

}  // namespace kedge::host::e2e
