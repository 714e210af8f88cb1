// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/device_path.h"

#include <algorithm>

#include "uefi/text.h"
#include "uefi/uefi_errors.h"

namespace kedge::uefi {
namespace {

constexpr std::byte kEndNode[kEndNodeBytes] = {std::byte{0x7f}, std::byte{0xff}, std::byte{4},
                                               std::byte{0}};

/// Takes one node off the front; nothing at the end of the path or when it is malformed.
std::optional<DevicePathNode> next_node(ByteReader& reader) noexcept {
  DevicePathNode node;
  node.type = reader.u8();
  node.subtype = reader.u8();
  const std::uint16_t length = reader.le16();
  if (!reader.ok() || length < kEndNodeBytes) {
    reader.fail();
    return std::nullopt;
  }
  node.data = reader.bytes(length - kEndNodeBytes);
  if (!reader.ok() || node.type == END_DEVICE_PATH_TYPE) return std::nullopt;
  return node;
}

std::u16string_view text_of(ByteView data, std::u16string& storage) noexcept {
  ByteReader reader(data);
  while (reader.remaining() >= 2) {
    const std::uint16_t unit = reader.le16();
    if (unit == 0) break;
    storage.push_back(static_cast<char16_t>(unit));
  }
  return storage;
}

void hex(TextSink& sink, ByteView data) noexcept {
  for (const std::byte byte : data) format_to(sink, "{:02X}", static_cast<unsigned>(byte));
}

void format_messaging(TextSink& sink, const DevicePathNode& node) noexcept {
  ByteReader reader(node.data);
  if (node.subtype == MSG_MAC_ADDR_DP && node.data.size() == 33) {
    const auto kind = static_cast<unsigned>(node.data[32]);
    sink.append("MAC(");
    hex(sink, node.data.first(kind <= 1 ? 6 : 32));
    format_to(sink, ",0x{:x})", kind);
  } else if (node.subtype == MSG_IPv4_DP && node.data.size() >= 15) {
    const auto local = wire::Ipv4Address::read(reader);
    const auto remote = wire::Ipv4Address::read(reader);
    format_to(sink, "IPv4({},local={})", remote, local);
  } else if (node.subtype == MSG_IPv6_DP && node.data.size() >= 32) {
    const auto local = wire::Ipv6Address::read(reader);
    const auto remote = wire::Ipv6Address::read(reader);
    format_to(sink, "IPv6({},local={})", remote, local);
  } else if (node.subtype == MSG_URI_DP) {
    format_to(sink, "Uri({})", as_text(node.data));
  } else if (node.subtype == MSG_VLAN_DP && node.data.size() == 2) {
    format_to(sink, "Vlan({})", reader.le16());
  } else {
    format_to(sink, "Msg({}", node.subtype);
    sink.append(node.data.empty() ? "" : ",");
    hex(sink, node.data);
    sink.append(")");
  }
}

void format_node(TextSink& sink, const DevicePathNode& node) noexcept {
  constexpr std::uint32_t kPciRoot = 0x0a0341d0;   // PNP0A03
  constexpr std::uint32_t kPcieRoot = 0x0a0841d0;  // PNP0A08
  ByteReader reader(node.data);
  if (node.is(ACPI_DEVICE_PATH, ACPI_DP) && node.data.size() == 8) {
    const std::uint32_t hid = reader.le32();
    const std::uint32_t uid = reader.le32();
    if (hid == kPciRoot || hid == kPcieRoot) {
      format_to(sink, "PciRoot(0x{:x})", uid);
    } else {
      format_to(sink, "Acpi(0x{:08x},0x{:x})", hid, uid);
    }
  } else if (node.is(HARDWARE_DEVICE_PATH, HW_PCI_DP) && node.data.size() == 2) {
    const unsigned function = reader.u8();
    const unsigned device = reader.u8();
    format_to(sink, "Pci(0x{:x},0x{:x})", device, function);
  } else if (node.type == MESSAGING_DEVICE_PATH) {
    format_messaging(sink, node);
  } else if (node.is(MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP)) {
    std::u16string storage;
    sink.append(to_utf8(text_of(node.data, storage)));
  } else {
    format_to(sink, "Path({},{}", node.type, node.subtype);
    sink.append(node.data.empty() ? "" : ",");
    hex(sink, node.data);
    sink.append(")");
  }
}

std::optional<NetworkNodes::Ipv4> read_ipv4(ByteView data) noexcept {
  ByteReader reader(data);
  NetworkNodes::Ipv4 ipv4;
  ipv4.local = wire::Ipv4Address::read(reader);
  ipv4.remote = wire::Ipv4Address::read(reader);
  reader.skip(2 + 2 + 2);  // ports, protocol
  ipv4.is_static = reader.u8() != 0;
  if (!reader.ok()) return std::nullopt;
  // Before UEFI 2.5 the node ended here.
  if (reader.remaining() >= 8) {
    ipv4.gateway = wire::Ipv4Address::read(reader);
    ipv4.netmask = wire::Ipv4Address::read(reader);
  }
  return ipv4;
}

}  // namespace

ByteView device_path_bytes(const EFI_DEVICE_PATH_PROTOCOL* path) noexcept {
  if (path == nullptr) return {};
  const auto* start = reinterpret_cast<const std::byte*>(path);
  std::size_t size = 0;
  while (size + kEndNodeBytes <= kDevicePathBytesMax) {
    // Only the header is looked at: what lies behind the end is not ours.
    ByteReader header(ByteView(start + size, kEndNodeBytes));
    const std::uint8_t type = header.u8();
    const std::uint8_t subtype = header.u8();
    const std::uint16_t length = header.le16();
    if (length < kEndNodeBytes) return {};
    size += length;
    // An end of one instance (0x01) starts another; we take the first.
    (void)subtype;
    if (type == END_DEVICE_PATH_TYPE) return ByteView(start, size);
  }
  return {};
}

std::optional<DevicePathNode> first_node(ByteView path) noexcept {
  ByteReader reader(path);
  return next_node(reader);
}

DevicePath::DevicePath() noexcept : bytes_(std::begin(kEndNode), std::end(kEndNode)) {}

DevicePath DevicePath::copy(const EFI_DEVICE_PATH_PROTOCOL* path) noexcept {
  auto parsed = parse(device_path_bytes(path));
  return parsed.ok() ? *std::move(parsed) : DevicePath();
}

Result<DevicePath> DevicePath::parse(ByteView bytes) noexcept {
  ByteReader reader(bytes.first(std::min(bytes.size(), kDevicePathBytesMax)));
  DevicePath path;
  while (const std::optional<DevicePathNode> node = next_node(reader)) {
    path.append(node->type, node->subtype, node->data);
  }
  if (!reader.ok()) return fail(err::uefi_device_path_malformed);
  return path;
}

DevicePath& DevicePath::append(std::uint8_t type, std::uint8_t subtype, ByteView data) noexcept {
  // Longer data (a URI of 64 KiB) cannot be said in a node and is cut off.
  data = data.first(std::min<std::size_t>(data.size(), 0xffff - kEndNodeBytes));
  const std::size_t length = data.size() + kEndNodeBytes;
  const std::size_t start = bytes_.size() - kEndNodeBytes;
  bytes_.resize(bytes_.size() + length);
  ByteWriter writer(ByteSpan(bytes_).subspan(start));
  writer.u8(type);
  writer.u8(subtype);
  writer.le16(static_cast<std::uint16_t>(length));
  writer.bytes(data);
  writer.bytes(kEndNode);
  return *this;
}

DevicePath& DevicePath::append_mac(const wire::MacAddress& mac) noexcept {
  std::byte data[33];
  ByteWriter writer(data);
  mac.write(writer);
  writer.zeros(32 - wire::MacAddress::kSize);
  writer.u8(1);  // Ethernet
  return append(MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP, data);
}

DevicePath& DevicePath::append_uri(std::string_view uri) noexcept {
  return append(MESSAGING_DEVICE_PATH, MSG_URI_DP, as_byte_view(uri));
}

DevicePath& DevicePath::append_file(std::string_view name) noexcept {
  std::u16string text = to_utf16(name);
  std::replace(text.begin(), text.end(), u'/', u'\\');
  if (!text.starts_with(u'\\')) text.insert(text.begin(), u'\\');
  return append(MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP,
                std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

DevicePath& DevicePath::append_vendor_media(const EFI_GUID& guid) noexcept {
  return append(MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, std::as_bytes(std::span(&guid, 1)));
}

DevicePath& DevicePath::append_vendor_hardware(const EFI_GUID& guid,
                                               std::uint32_t number) noexcept {
  std::byte data[sizeof(EFI_GUID) + sizeof(number)];
  ByteWriter writer(data);
  writer.bytes(std::as_bytes(std::span(&guid, 1)));
  writer.le32(number);
  return append(HARDWARE_DEVICE_PATH, HW_VENDOR_DP, data);
}

std::vector<DevicePathNode> DevicePath::nodes() const noexcept {
  std::vector<DevicePathNode> result;
  ByteReader reader(bytes_);
  while (const std::optional<DevicePathNode> node = next_node(reader)) result.push_back(*node);
  return result;
}

DevicePath DevicePath::parent() const noexcept {
  const std::vector<DevicePathNode> all = nodes();
  DevicePath result;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    result.append(all[i].type, all[i].subtype, all[i].data);
  }
  return result;
}

bool DevicePath::is_prefix_of(const DevicePath& other) const noexcept {
  const std::size_t length = bytes_.size() - kEndNodeBytes;
  return length <= other.bytes_.size() - kEndNodeBytes &&
         std::equal(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(length),
                    other.bytes_.begin());
}

void format_value(TextSink& sink, const DevicePath& path) noexcept {
  bool first = true;
  for (const DevicePathNode& node : path.nodes()) {
    if (!first) sink.append("/");
    first = false;
    format_node(sink, node);
  }
}

NetworkNodes network_nodes(const DevicePath& path) noexcept {
  NetworkNodes found;
  for (const DevicePathNode& node : path.nodes()) {
    ByteReader reader(node.data);
    if (node.is(MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP) && node.data.size() >= 33) {
      found.mac = wire::MacAddress::read(reader);
    } else if (node.is(MESSAGING_DEVICE_PATH, MSG_VLAN_DP) && node.data.size() >= 2) {
      found.vlan = reader.le16();
    } else if (node.is(MESSAGING_DEVICE_PATH, MSG_IPv4_DP)) {
      found.ipv4 = read_ipv4(node.data);
    } else if (node.is(MESSAGING_DEVICE_PATH, MSG_IPv6_DP)) {
      found.has_ipv6 = true;
    } else if (node.is(MESSAGING_DEVICE_PATH, MSG_DNS_DP) && !node.data.empty()) {
      const bool is_v6 = reader.u8() != 0;
      while (reader.remaining() >= 16) {
        ByteReader address = reader.sub(16);  // EFI_IP_ADDRESS, a union of 16 bytes
        found.dns.push_back(is_v6 ? wire::IpAddress(wire::Ipv6Address::read(address))
                                  : wire::IpAddress(wire::Ipv4Address::read(address)));
      }
    } else if (node.is(MESSAGING_DEVICE_PATH, MSG_URI_DP)) {
      std::string_view uri = as_text(node.data);
      // Some firmware ends it with zeros, which the specification does not have.
      while (!uri.empty() && uri.back() == 0) uri.remove_suffix(1);
      found.uri = uri;
    } else if (node.is(MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP)) {
      std::u16string storage;
      const std::string part = to_utf8(text_of(node.data, storage));
      // Several nodes are one path (UEFI 2.10, 10.3.5.4); separators may stand on both sides.
      if (!found.file.empty() && !found.file.ends_with('\\') && !part.starts_with('\\')) {
        found.file.push_back('\\');
      }
      found.file += found.file.ends_with('\\') && part.starts_with('\\') ? part.substr(1) : part;
    }
  }
  return found;
}

}  // namespace kedge::uefi
