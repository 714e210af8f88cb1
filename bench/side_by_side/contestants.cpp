// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/contestants.h"

#include <fmt/format.h>

#include <cstdlib>

namespace kedge::host::bench {
namespace {

constexpr std::string_view kInstalledIpxe = "/usr/lib/ipxe";

std::filesystem::path peer_directory() {
  std::filesystem::path cache;
  if (const char* chosen = std::getenv("KEDGE_CACHE"); chosen != nullptr) {
    cache = chosen;
  } else if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr) {
    cache = std::filesystem::path(xdg) / "kedge";
  } else {
    const char* home = std::getenv("HOME");
    cache = std::filesystem::path(home != nullptr ? home : "/root") / ".cache" / "kedge";
  }
  return cache / "packages" / "trixie-all";
}

bool is_file(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored);
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::http:
      return "http";
    case Protocol::tftp_hpa:
      return "tftp-hpa";
    case Protocol::tftp_dnsmasq:
      return "tftp-dnsmasq";
  }
  return {};
}

std::vector<Contestant> known_contestants(const ContestantFiles& files) {
  std::vector<Contestant> all;
  const auto add = [&all](std::string_view name, std::string_view description, Start start,
                          const std::filesystem::path& application) {
    all.push_back({.name = std::string(name),
                   .description = std::string(description),
                   .start = start,
                   .application = application});
  };
  const auto newest = peer_directory() / "ipxe" / kInstalledIpxe.substr(1);
  const auto installed = std::filesystem::path(kInstalledIpxe);
  const bool both = is_file(newest / "ipxe.efi");
  add(kKedge, "Kedge, its own virtio-net driver, from a disk", Start::disk, files.kedge);
  if (is_file(files.kedge_snponly)) {
    add("kedge-snponly", "Kedge over the firmware's NIC driver, loaded by its PXE", Start::pxe,
        files.kedge_snponly);
  }
  add(kIpxe, "iPXE, its own virtio-net driver, from a disk", Start::disk,
      (both ? newest : installed) / "ipxe.efi");
  if (both && is_file(installed / "ipxe.efi")) {
    add("ipxe-old", "the same of this machine's Debian", Start::disk, installed / "ipxe.efi");
  }
  add("ipxe-snponly", "iPXE over the firmware's NIC driver, loaded by its PXE", Start::pxe,
      (both ? newest : installed) / "snponly.efi");
  add("ovmf", "OVMF's own HTTP boot and PXE", Start::firmware, {});
  add(kLinuxGuest, "Linux guest, busybox wget and tftp to /dev/null", Start::linux_guest, {});
  add("host", "this host to itself, curl through the bridge: the upper limit", Start::host, {});
  return all;
}

}  // namespace kedge::host::bench
