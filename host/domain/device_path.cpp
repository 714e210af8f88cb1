// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/device_path.h"

#include <fmt/format.h>

namespace kedge::host {
namespace {

// UEFI 2.10, table 10.1: types; the subtypes are named where they are used.
constexpr std::uint8_t kHardware = 1;
constexpr std::uint8_t kAcpi = 2;
constexpr std::uint8_t kMessaging = 3;
constexpr std::uint8_t kMedia = 4;
constexpr std::uint8_t kEnd = 0x7f;

constexpr unsigned key(std::uint8_t type, std::uint8_t subtype) {
  return static_cast<unsigned>(type) << 8 | subtype;
}

std::string hex_of(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02X}", std::to_integer<unsigned>(byte));
  return text;
}

// Text from a node: nothing that a terminal takes for a command.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
  return shown;
}

std::string guid_text(ByteReader& node) {
  EfiGuid guid{};
  const ByteView bytes = node.bytes(guid.size());
  if (!bytes.empty()) std::memcpy(guid.data(), bytes.data(), guid.size());
  return format_guid(guid);
}

std::string ipv4(ByteReader& node) {
  const unsigned a = node.u8();
  const unsigned b = node.u8();
  const unsigned c = node.u8();
  return fmt::format("{}.{}.{}.{}", a, b, c, node.u8());
}

std::string ipv6(ByteReader& node) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += fmt::format("{}{:x}", i == 0 ? "" : ":", node.be16());
  return text;
}

std::string ipv4_node(ByteReader& node) {
  const std::string local = ipv4(node);
  const std::string remote = ipv4(node);
  node.skip(4 + 2);  // ports, protocol
  const bool fixed = node.u8() != 0;
  return fmt::format("IPv4({},{},local {})", remote, fixed ? "Static" : "DHCP", local);
}

std::string ipv6_node(ByteReader& node) {
  const std::string local = ipv6(node);
  const std::string remote = ipv6(node);
  return fmt::format("IPv6({},local {})", remote, local);
}

std::string acpi_node(ByteReader& node) {
  constexpr std::uint32_t kPciRoot = 0x0a0341d0;   // EISA PNP0A03
  constexpr std::uint32_t kPcieRoot = 0x0a0841d0;  // EISA PNP0A08
  const std::uint32_t hid = node.le32();
  const std::uint32_t uid = node.le32();
  if (hid == kPciRoot) return fmt::format("PciRoot({:#x})", uid);
  if (hid == kPcieRoot) return fmt::format("PcieRoot({:#x})", uid);
  return fmt::format("Acpi({:#010x},{:#x})", hid, uid);
}

std::string hard_drive_node(ByteReader& node) {
  const std::uint32_t partition = node.le32();
  node.skip(8 + 8);
  const ByteView signature = node.bytes(16);
  node.skip(1);
  constexpr std::uint8_t kGpt = 2;
  if (node.u8() == kGpt) {
    ByteReader guid(signature);
    return fmt::format("HD({},GPT,{})", partition, guid_text(guid));
  }
  return fmt::format("HD({},MBR,0x{})", partition,
                     hex_of(signature.first(std::min<std::size_t>(4, signature.size()))));
}

std::string format_node(std::uint8_t type, std::uint8_t subtype, ByteView body) {
  ByteReader node(body);
  std::string text;
  switch (key(type, subtype)) {
    case key(kHardware, 1): {
      const unsigned function = node.u8();
      text = fmt::format("Pci({:#x},{:#x})", node.u8(), function);
      break;
    }
    case key(kHardware, 4):
      text = fmt::format("VenHw({})", guid_text(node));
      break;
    case key(kAcpi, 1):
      text = acpi_node(node);
      break;
    case key(kMessaging, 2): {
      const unsigned target = node.le16();
      text = fmt::format("Scsi({:#x},{:#x})", target, node.le16());
      break;
    }
    case key(kMessaging, 5): {
      const unsigned port = node.u8();
      text = fmt::format("USB({:#x},{:#x})", port, node.u8());
      break;
    }
    case key(kMessaging, 10):
      text = fmt::format("VenMsg({})", guid_text(node));
      break;
    case key(kMessaging, 11): {
      const ByteView address = node.bytes(32);
      const unsigned kind = node.u8();
      constexpr std::size_t kMacBytes = 6;  // of Ethernet, 0 and 1
      text = fmt::format("MAC({},{:#x})",
                         hex_of(kind <= 1 && !address.empty() ? address.first(kMacBytes) : address),
                         kind);
      break;
    }
    case key(kMessaging, 12):
      text = ipv4_node(node);
      break;
    case key(kMessaging, 13):
      text = ipv6_node(node);
      break;
    case key(kMessaging, 18): {
      const unsigned port = node.le16();
      const unsigned multiplier = node.le16();
      text = fmt::format("Sata({:#x},{:#x},{:#x})", port, multiplier, node.le16());
      break;
    }
    case key(kMessaging, 20):
      text = fmt::format("Vlan({})", node.le16());
      break;
    case key(kMessaging, 23): {
      const std::uint32_t space = node.le32();
      text = fmt::format("NVMe({:#x})", space);
      break;
    }
    case key(kMessaging, 24):
      text = fmt::format("Uri({})", printable(as_text(node.rest())));
      break;
    case key(kMessaging, 31):
      text = fmt::format("Dns({})", node.u8() != 0 ? ipv6(node) : ipv4(node));
      break;
    case key(kMedia, 1):
      text = hard_drive_node(node);
      break;
    case key(kMedia, 2):
      text = fmt::format("CDROM({:#x})", node.le32());
      break;
    case key(kMedia, 3):
      text = fmt::format("VenMedia({})", guid_text(node));
      break;
    case key(kMedia, 4):
      text = printable(utf16_text(node.rest()));
      break;
    case key(kMedia, 6):
      text = fmt::format("FvFile({})", guid_text(node));
      break;
    case key(kMedia, 7):
      text = fmt::format("Fv({})", guid_text(node));
      break;
    case key(kMedia, 8): {
      node.skip(4);
      const std::uint64_t begin = node.le64();
      text = fmt::format("Offset({:#x},{:#x})", begin, node.le64());
      break;
    }
    default:
      return fmt::format("Path({},{},{})", type, subtype, hex_of(body));
  }
  return node.ok() ? text : fmt::format("Path({},{},{}: too short)", type, subtype, hex_of(body));
}

}  // namespace

std::string format_device_path(ByteView path) {
  std::string text;
  ByteReader reader(path);
  constexpr std::size_t kHeaderBytes = 4;
  constexpr std::uint8_t kEndOfInstance = 1;
  for (std::size_t i = 0; i < kDevicePathNodesMax; ++i) {
    const std::size_t offset = reader.offset();
    const std::uint8_t type = reader.u8();
    const std::uint8_t subtype = reader.u8();
    const std::size_t bytes = reader.le16();
    if (!reader.ok() || bytes < kHeaderBytes || bytes - kHeaderBytes > reader.remaining()) {
      return text + fmt::format("(damaged at offset {:#x})", offset);
    }
    const ByteView body = reader.bytes(bytes - kHeaderBytes);
    if (type == kEnd && subtype != kEndOfInstance) return text;
    if (type == kEnd) {
      text += ", ";
      continue;
    }
    text += fmt::format("{}{}", text.empty() || text.ends_with(' ') ? "" : "/",
                        format_node(type, subtype, body));
  }
  return text + "(too many nodes)";
}

std::string BootOption::text() const {
  std::string flags = active ? "" : " (not active)";
  if (hidden) flags += " (hidden)";
  if (!damage.empty()) return fmt::format("Boot{:04X}: damaged: {}", number, damage);
  return fmt::format("Boot{:04X} {}{}: {}", number, description, flags, path);
}

BootOption parse_boot_option(unsigned number, ByteView data) {
  constexpr std::uint32_t kActive = 0x1;
  constexpr std::uint32_t kHidden = 0x8;
  BootOption option{.number = number};
  ByteReader reader(data);
  const std::uint32_t attributes = reader.le32();
  const std::size_t path_bytes = reader.le16();
  option.active = (attributes & kActive) != 0;
  option.hidden = (attributes & kHidden) != 0;
  const ByteView rest = reader.ok() ? data.subspan(reader.offset()) : ByteView();
  std::size_t end = 0;
  while (end + 1 < rest.size() && (rest[end] != std::byte{0} || rest[end + 1] != std::byte{0})) {
    end += 2;
  }
  if (end + 1 >= rest.size() || path_bytes > rest.size() - end - 2) {
    option.damage = fmt::format("{} bytes are too few", data.size());
    return option;
  }
  option.description = printable(utf16_text(rest.first(end)));
  option.path = format_device_path(rest.subspan(end + 2, path_bytes));
  return option;
}

std::vector<BootOption> boot_options(const VariableStore& store) {
  std::vector<BootOption> options;
  const EfiVariable* const order = store.find("BootOrder");
  if (order == nullptr) return options;
  constexpr std::size_t kOptionsMax = 256;
  ByteReader reader(as_byte_view(order->data));
  while (reader.remaining() >= 2 && options.size() < kOptionsMax) {
    const unsigned number = reader.le16();
    const EfiVariable* const found = store.find(fmt::format("Boot{:04X}", number));
    if (found != nullptr) {
      options.push_back(parse_boot_option(number, as_byte_view(found->data)));
    }
  }
  return options;
}

}  // namespace kedge::host
