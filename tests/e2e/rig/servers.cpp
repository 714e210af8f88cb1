// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/servers.h"

#include <fmt/format.h>

#include <thread>

#include "support/file.h"

namespace kedge::host::e2e {
namespace {

constexpr Duration kStartTimeout = std::chrono::seconds(20);
constexpr Duration kPollInterval = std::chrono::milliseconds(10);
constexpr int kHttpPort = 80;
constexpr int kTftpPort = 69;
constexpr int kDhcpServerPort = 67;

// proc_net_tcp(5): the third column is the state.
constexpr std::string_view kEstablished = " 01 ";
constexpr std::string_view kListening = " 0A ";

// Looks for a socket with this local port in the kernel's list of the process' own network. An
// empty state is any state.
bool has_socket(pid_t pid, std::string_view list, int port, std::string_view state) {
  const auto table = read_file(fmt::format("/proc/{}/net/{}", pid, list));
  if (!table) return false;
  const std::string local = fmt::format(":{:04X} ", port);
  for (std::size_t begin = 0; begin < table->size();) {
    const std::size_t end = std::min(table->find('\n', begin), table->size());
    const std::string line = table->substr(begin, end - begin);
    begin = end + 1;
    const auto local_at = line.find(local);
    // The remote address comes second: its port must not be taken for the local one.
    constexpr std::size_t kLocalPortEndsBefore = 20;
    if (local_at == std::string::npos || local_at > kLocalPortEndsBefore) continue;
    if (state.empty() || line.find(state) != std::string::npos) return true;
  }
  return false;
}

// Starts the server and waits until `ready` says so; a server that ends instead tells why in its
// log.
template <class Ready>
Outcome<Process> start_server(ProcessSpec spec, const std::filesystem::path& log, Ready ready) {
  const std::string name = spec.arguments.front();
  spec.output = log;
  KEDGE_HOST_TRY(Process process, Process::start(spec));
  for (const Instant deadline = after(kStartTimeout); !ready(process.pid());) {
    const auto status = process.poll();
    if (status || now() >= deadline) {
      const auto said = read_file(log);
      return failure(fmt::format(
          "{} {}:\n{}", name,
          status ? "ended with " + status->describe() : std::string("does not get ready"),
          said ? *said : std::string()));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return process;
}

ProcessSpec inside(const NetworkNamespace& network, std::vector<std::string> arguments) {
  ProcessSpec spec;
  spec.arguments = std::move(arguments);
  spec.network_namespace = network.descriptor();
  return spec;
}

}  // namespace

Outcome<Process> start_dnsmasq(const NetworkNamespace& network,
                               const std::filesystem::path& directory,
                               const DnsmasqOptions& options) {
  std::string config = fmt::format(
      "interface={}\nexcept-interface=lo\nbind-interfaces\nno-resolv\nno-hosts\nlocal=/test/\n"
      "dhcp-range=192.0.2.100,192.0.2.199,255.255.255.0,1h\ndhcp-authoritative\n"
      "dhcp-leasefile={}/dnsmasq.leases\npid-file=\nuser=root\nlog-dhcp\nlog-queries\n"
      // Without the ping before an offer, which takes seconds.
      "no-ping\n",
      kBridge, directory.string());
  const auto ipxe = options.ipxe_boot_file.empty() ? options.boot_file : options.ipxe_boot_file;
  config += "dhcp-userclass=set:ipxe,iPXE\n";
  if (!ipxe.empty()) config += fmt::format("dhcp-boot=tag:ipxe,{}\n", ipxe);
  if (!options.boot_file.empty())
    config += fmt::format("dhcp-boot=tag:!ipxe,{}\n", options.boot_file);
  if (!options.tftp_directory.empty()) {
    config += fmt::format("enable-tftp\ntftp-root={}\n", options.tftp_directory.string());
  }
  for (const std::string& line : options.lines) config += line + "\n";
  const auto file = directory / "dnsmasq.conf";
  KEDGE_HOST_CHECK(write_file(file, config));
  return start_server(inside(network, {"dnsmasq", "--keep-in-foreground", "--log-facility=-",
                                       fmt::format("--conf-file={}", file.string())}),
                      directory / "dnsmasq.log",
                      [](pid_t pid) { return has_socket(pid, "udp", kDhcpServerPort, {}); });
}

Outcome<Process> start_nginx(const NetworkNamespace& network,
                             const std::filesystem::path& directory, const NginxOptions& options) {
  const std::string work = directory.string();
  std::string config = fmt::format(
      "daemon off;\nmaster_process off;\nuser root;\npid {0}/nginx.pid;\nerror_log stderr info;\n"
      "events {{}}\nhttp {{\n  access_log {0}/nginx-access.log;\n  sendfile on;\n  tcp_nopush "
      "on;\n",
      work);
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    config += fmt::format("  {}_temp_path {}/nginx-{};\n", kind, work, kind);
  }
  config += fmt::format("  server {{\n    listen {}:{};\n    root {};\n", kServerAddress, kHttpPort,
                        options.root.string());
  for (const std::string& line : options.lines) config += fmt::format("    {}\n", line);
  config += "  }\n}\n";
  const auto file = directory / "nginx.conf";
  KEDGE_HOST_CHECK(write_file(file, config));
  return start_server(inside(network, {"nginx", "-e", "stderr", "-p", work, "-c", file.string()}),
                      directory / "nginx.log",
                      [](pid_t pid) { return has_socket(pid, "tcp", kHttpPort, kListening); });
}

bool has_http_connection(pid_t server) {
  return has_socket(server, "tcp", kHttpPort, kEstablished);
}

Outcome<Process> start_tftpd(const NetworkNamespace& network,
                             const std::filesystem::path& directory,
                             const std::filesystem::path& root) {
  return start_server(
      inside(network, {"in.tftpd", "--foreground", "--verbosity", "3", "--user", "root", "--create",
                       "--address", fmt::format("{}:{}", kServerAddress, kTftpPort), "--secure",
                       root.string()}),
      directory / "tftpd.log", [](pid_t pid) { return has_socket(pid, "udp", kTftpPort, {}); });
}

Outcome<Process> start_capture(const NetworkNamespace& network,
                               const std::filesystem::path& directory,
                               const std::filesystem::path& file, int snap_bytes) {
  const auto log = directory / "tcpdump.log";
  return start_server(
      inside(network, {"tcpdump", "-i", std::string(kBridge), "-n", "-U", "-s",
                       std::to_string(snap_bytes), "-Z", "root", "-w", file.string()}),
      log, [&log](pid_t) {
        const auto said = read_file(log);
        return said && said->find("listening on") != std::string::npos;
      });
}

}  // namespace kedge::host::e2e
