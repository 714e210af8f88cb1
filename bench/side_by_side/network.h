// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The one network of a run: a bridge with the servers, a tap for the machines, and a second
// namespace behind a veth pair from which this host itself downloads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "support/network_namespace.h"
#include "support/process.h"
#include "tests/e2e/rig/servers.h"

namespace kedge::host::bench {

inline constexpr std::string_view kTap = "tap0";

enum class TftpServer : std::uint8_t { none, tftpd_hpa, dnsmasq };

class BenchNetwork {
 public:
  // Everything in directory/served is offered; logs go to `directory`.
  static Outcome<BenchNetwork> create(const std::filesystem::path& directory);

  // Starts DHCP and TFTP as wanted for one measurement, ending those of the one before.
  Outcome<void> serve(e2e::DnsmasqOptions options, TftpServer tftp);
  // Captures the bridge's traffic until stop_capture.
  Outcome<void> start_capture(const std::filesystem::path& file);
  // Nothing was dropped, or the failure says how much.
  Outcome<void> stop_capture();

  std::filesystem::path served() const { return directory_ / "served"; }
  int server_side() const { return network_.descriptor(); }
  int client_side() const { return client_.descriptor(); }

 private:
  BenchNetwork(std::filesystem::path directory, NetworkNamespace network, NetworkNamespace client)
      : directory_(std::move(directory)),
        network_(std::move(network)),
        client_(std::move(client)) {}

  std::filesystem::path directory_;
  NetworkNamespace network_;
  NetworkNamespace client_;
  std::optional<Process> nginx_;
  std::optional<Process> dnsmasq_;
  std::optional<Process> tftpd_;
  std::optional<Process> capture_;
  std::filesystem::path capture_file_;
};

}  // namespace kedge::host::bench
