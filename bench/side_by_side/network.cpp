// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "side_by_side/traffic.h"
#include "support/file.h"
#include "support/pattern.h"
#include "tests/e2e/rig/payload.h"

namespace kedge::host::bench {
namespace {

constexpr const char* kCaptureLog = "tcpdump.log";
// tcpdump looks at what the kernel has collected once a second.
constexpr Duration kMarkerTimeout = std::chrono::seconds(20);
constexpr Duration kPollInterval = std::chrono::milliseconds(50);

// A datagram to the server's side, where nobody expects it (RFC 863: the port discards).
void send_marker(const std::string& marker) {
  constexpr std::uint16_t kDiscardPort = 9;
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(kDiscardPort);
  ::inet_pton(AF_INET, std::string(e2e::kServerAddress).c_str(), &server.sin_addr);
  // One that is lost is missed when the capture is read.
  [[maybe_unused]] const auto sent =
      ::sendto(socket.get(), marker.data(), marker.size(), 0,
               reinterpret_cast<const sockaddr*>(&server), sizeof server);
}

// The end of the file holds the text.
bool ends_with_marker(const std::filesystem::path& file, const std::string& marker) {
  constexpr std::streamoff kTailBytes = 4096;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = in.tellg();
  std::string tail(static_cast<std::size_t>(std::clamp<std::streamoff>(size, 0, kTailBytes)), '\0');
  in.seekg(size - static_cast<std::streamoff>(tail.size()));
  in.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  return tail.find(marker) != std::string::npos;
}

Outcome<void> connect_client(const NetworkNamespace& network, const NetworkNamespace& client) {
  const std::string path = fmt::format("/proc/{}/fd/{}", ::getpid(), client.descriptor());
  const std::string bridge(e2e::kBridge);
  KEDGE_HOST_TRY(const auto pair, network.ip({"link", "add", "host0", "type", "veth", "peer",
                                              "name", "host1", "netns", path}));
  KEDGE_HOST_TRY(const auto join, network.ip({"link", "set", "host0", "master", bridge}));
  KEDGE_HOST_TRY(const auto near_up, network.ip({"link", "set", "host0", "up"}));
  KEDGE_HOST_TRY(const auto address,
                 client.ip({"address", "add", "192.0.2.60/24", "dev", "host1"}));
  KEDGE_HOST_TRY(const auto far_up, client.ip({"link", "set", "host1", "up"}));
  return {};
}

}  // namespace

Outcome<BenchNetwork> BenchNetwork::create(const std::filesystem::path& directory) {
  KEDGE_HOST_TRY(NetworkNamespace network, NetworkNamespace::create());
  KEDGE_HOST_TRY(NetworkNamespace client, NetworkNamespace::create());
  KEDGE_HOST_CHECK(network.add_bridge(std::string(e2e::kBridge), std::string(e2e::kServerNetwork)));
  KEDGE_HOST_CHECK(network.add_tap(std::string(kTap), std::string(e2e::kBridge)));
  KEDGE_HOST_CHECK(connect_client(network, client));
  BenchNetwork made(directory, std::move(network), std::move(client));
  std::error_code error;
  std::filesystem::create_directories(made.served(), error);
  if (error) return failure(fmt::format("cannot create {}", made.served().string()));
  KEDGE_HOST_TRY(made.nginx_,
                 e2e::start_nginx(made.network_, directory, {.root = made.served(), .lines = {}}));
  return made;
}

Outcome<void> BenchNetwork::serve(e2e::DnsmasqOptions options, TftpServer tftp) {
  dnsmasq_.reset();
  tftpd_.reset();
  std::error_code ignored;
  // Each measurement is a machine that was never seen before.
  std::filesystem::remove(directory_ / "dnsmasq.leases", ignored);
  if (tftp == TftpServer::dnsmasq) options.tftp_directory = served();
  KEDGE_HOST_TRY(dnsmasq_, e2e::start_dnsmasq(network_, directory_, options));
  if (tftp == TftpServer::tftpd_hpa) {
    KEDGE_HOST_TRY(tftpd_, e2e::start_tftpd(network_, directory_, served()));
  }
  return {};
}

Outcome<void> BenchNetwork::start_capture(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(directory_ / kCaptureLog, ignored);
  std::filesystem::remove(file, ignored);
  KEDGE_HOST_TRY(capture_, e2e::start_capture(network_, directory_, file, kSnapBytes));
  capture_file_ = file;
  return {};
}

Outcome<void> BenchNetwork::stop_capture() {
  if (!capture_) return {};
  // tcpdump drops what it has not looked at when it ends. When the marker is in the file,
  // everything before it is, too.
  const std::string marker = "kedge-bench-end " + e2e::random_token();
  KEDGE_HOST_CHECK(client_.run_inside([&marker] { send_marker(marker); }));
  const Instant deadline = after(kMarkerTimeout);
  while (!ends_with_marker(capture_file_, marker)) {
    if (now() >= deadline) {
      return failure("the end of the capture does not arrive", "the machine is too busy");
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  capture_->stop();
  capture_.reset();
  KEDGE_HOST_TRY(const std::string said, read_file(directory_ / kCaptureLog));
  const auto dropped = Pattern::must_compile(R"((\d+) packets dropped by kernel)").search(said);
  if (dropped && dropped->groups[1] != "0") {
    return failure(fmt::format("the capture lost {} packets", dropped->groups[1]),
                   "the machine is too busy to be measured");
  }
  return {};
}

}  // namespace kedge::host::bench
