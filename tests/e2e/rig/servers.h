// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Real servers in a network of their own. Each starts with a generated configuration, answers when
// its start function returns, keeps its log in the given directory, and ends with its object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/network_namespace.h"
#include "support/process.h"

namespace kedge::host::e2e {

// RFC 5737: addresses for documentation, which exist nowhere else.
inline constexpr std::string_view kServerAddress = "192.0.2.1";
inline constexpr std::string_view kServerNetwork = "192.0.2.1/24";
inline constexpr std::string_view kBridge = "br0";

struct DnsmasqOptions {
  std::string boot_file;                 // DHCP's file name for everybody
  std::string ipxe_boot_file;            // for clients of the user class iPXE, if different
  std::filesystem::path tftp_directory;  // empty: no TFTP
  std::vector<std::string> lines;        // appended to the configuration
};

// DHCP, DNS (everything in "test" that `lines` does not define is unknown) and TFTP.
Outcome<Process> start_dnsmasq(const NetworkNamespace& network,
                               const std::filesystem::path& directory,
                               const DnsmasqOptions& options);

struct NginxOptions {
  std::filesystem::path root;
  // Directives of the server block: "location /loop { return 302 /loop; }"
  std::vector<std::string> lines;
};

// HTTP on kServerAddress:80. May be started again after it was stopped.
Outcome<Process> start_nginx(const NetworkNamespace& network,
                             const std::filesystem::path& directory, const NginxOptions& options);

// True while a client's connection to the server's HTTP port is established.
bool has_http_connection(pid_t server);

// TFTP by tftpd-hpa on kServerAddress:69, which takes new files, too.
Outcome<Process> start_tftpd(const NetworkNamespace& network,
                             const std::filesystem::path& directory,
                             const std::filesystem::path& root);

// Captures the bridge's traffic into `file`. `snap_bytes` limits what is kept of each packet.
Outcome<Process> start_capture(const NetworkNamespace& network,
                               const std::filesystem::path& directory,
                               const std::filesystem::path& file, int snap_bytes = 2048);

}  // namespace kedge::host::e2e
