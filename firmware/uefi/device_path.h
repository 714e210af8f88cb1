// SPDX-License-Identifier: BSD-2-Clause-Patent
// Device paths (UEFI 2.10, chapter 10): walking those of the firmware, building our own, and text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/format.h"
#include "uefi/raw.h"
#include "wire/ip.h"
#include "wire/mac.h"

namespace kedge::uefi {

/// Paths of the firmware longer than this are taken for malformed.
inline constexpr std::size_t kDevicePathBytesMax = 8192;

/// One node without its four bytes of header.
struct DevicePathNode {
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  ByteView data;

  bool is(std::uint8_t a_type, std::uint8_t a_subtype) const noexcept {
    return type == a_type && subtype == a_subtype;
  }
};

/// The bytes of a path of the firmware up to and including its end node; empty when it is nullptr
/// or malformed.
ByteView device_path_bytes(const EFI_DEVICE_PATH_PROTOCOL* path) noexcept;

/// The first node of a path; nothing when that is its end, or the path is malformed.
std::optional<DevicePathNode> first_node(ByteView path) noexcept;

/// The bytes of every path end here.
inline constexpr std::size_t kEndNodeBytes = 4;

/// A device path that we own. Always ends in an end node; the empty path is only that.
class DevicePath {
 public:
  DevicePath() noexcept;
  /// A copy of one of the firmware's; empty when that is malformed.
  static DevicePath copy(const EFI_DEVICE_PATH_PROTOCOL* path) noexcept;
  /// From bytes in memory, such as a test's. Errors: uefi_device_path_malformed.
  static Result<DevicePath> parse(ByteView bytes) noexcept;

  DevicePath& append(std::uint8_t type, std::uint8_t subtype, ByteView data) noexcept;
  DevicePath& append_mac(const wire::MacAddress& mac) noexcept;
  DevicePath& append_uri(std::string_view uri) noexcept;
  DevicePath& append_file(std::string_view name) noexcept;
  DevicePath& append_vendor_media(const EFI_GUID& guid) noexcept;
  DevicePath& append_vendor_hardware(const EFI_GUID& guid, std::uint32_t number) noexcept;

  bool empty() const noexcept { return bytes_.size() == kEndNodeBytes; }
  std::vector<DevicePathNode> nodes() const noexcept;
  /// The path without its last node.
  DevicePath parent() const noexcept;
  /// True when `other` is this path, or starts with it.
  bool is_prefix_of(const DevicePath& other) const noexcept;
  ByteView bytes() const noexcept { return bytes_; }
  /// For the firmware; valid while this object lives and is not changed.
  EFI_DEVICE_PATH_PROTOCOL* raw() const noexcept {
    return const_cast<EFI_DEVICE_PATH_PROTOCOL*>(
        reinterpret_cast<const EFI_DEVICE_PATH_PROTOCOL*>(bytes_.data()));
  }
  friend bool operator==(const DevicePath&, const DevicePath&) noexcept = default;

 private:
  std::vector<std::byte> bytes_;
};

/// "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)" (UEFI 2.10, 10.6.1).
void format_value(TextSink& sink, const DevicePath& path) noexcept;

/// What the nodes of a path say of the network that a boot came from (HTTP boot writes them).
struct NetworkNodes {
  struct Ipv4 {
    wire::Ipv4Address local;
    wire::Ipv4Address remote;
    wire::Ipv4Address gateway;
    wire::Ipv4Address netmask;
    bool is_static = false;
  };
  std::optional<wire::MacAddress> mac;
  std::optional<std::uint16_t> vlan;
  std::optional<Ipv4> ipv4;
  bool has_ipv6 = false;
  std::vector<wire::IpAddress> dns;
  std::string uri;   ///< empty: none
  std::string file;  ///< of the File nodes, joined, with backslashes; empty: none
};
NetworkNodes network_nodes(const DevicePath& path) noexcept;

}  // namespace kedge::uefi
