// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/chainload.h"

#include <algorithm>

#include "uefi/protocol.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kLoadedImageDevicePath = EFI_LOADED_IMAGE_DEVICE_PATH_PROTOCOL_GUID;

std::vector<std::byte> packet(bool valid, const EFI_PXE_BASE_CODE_PACKET& packet) noexcept {
  if (!valid) return {};
  const auto bytes = std::as_bytes(std::span(&packet, 1));
  return {bytes.begin(), bytes.end()};
}

std::optional<ChainloadContext::Pxe> read_pxe(const Firmware& firmware, Handle device) noexcept {
  auto* pxe = peek<EFI_PXE_BASE_CODE_PROTOCOL>(firmware, device);
  if (pxe == nullptr || pxe->Mode == nullptr || !pxe->Mode->Started) return std::nullopt;
  const EFI_PXE_BASE_CODE_MODE& mode = *pxe->Mode;
  ChainloadContext::Pxe found;
  found.ipv6 = mode.UsingIpv6 != FALSE;
  found.dhcp_ack = packet(mode.DhcpAckReceived, mode.DhcpAck);
  found.proxy_offer = packet(mode.ProxyOfferReceived, mode.ProxyOffer);
  found.pxe_reply = packet(mode.PxeReplyReceived, mode.PxeReply);
  return found;
}

std::optional<wire::MacAddress> read_mac(const Firmware& firmware, Handle device) noexcept {
  auto* snp = peek<EFI_SIMPLE_NETWORK_PROTOCOL>(firmware, device);
  if (snp == nullptr || snp->Mode == nullptr) return std::nullopt;
  if (snp->Mode->HwAddressSize != wire::MacAddress::kSize) return std::nullopt;
  std::array<std::uint8_t, wire::MacAddress::kSize> octets;
  std::copy_n(snp->Mode->CurrentAddress.Addr, octets.size(), octets.begin());
  return wire::MacAddress(octets);
}

DevicePath read_path(const Firmware& firmware, const EFI_LOADED_IMAGE_PROTOCOL& image) noexcept {
  auto* whole = static_cast<EFI_DEVICE_PATH_PROTOCOL*>(
      detail::peek(firmware, firmware.image(), kLoadedImageDevicePath));
  if (whole != nullptr) return DevicePath::copy(whole);
  DevicePath path =
      DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware, Handle(image.DeviceHandle)));
  for (const DevicePathNode& node : DevicePath::copy(image.FilePath).nodes()) {
    path.append(node.type, node.subtype, node.data);
  }
  return path;
}

bool ends_in_efi(std::string_view word) noexcept {
  if (word.size() < 4) return false;
  word.remove_prefix(word.size() - 4);
  return std::equal(word.begin(), word.end(), ".efi",
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

}  // namespace

std::string parse_load_options(ByteView options) noexcept {
  // Boot options may carry binary data of their vendor: that has no text for us.
  if (options.size() % 2 != 0 || options.size() > ChainloadContext::kLoadOptionsMax) return {};
  std::u16string units;
  ByteReader reader(options);
  while (!reader.at_end()) {
    const std::uint16_t unit = reader.le16();
    if (unit == 0) break;
    const bool blank = unit == u'\t' || unit == u'\n' || unit == u'\r';
    if ((unit < 0x20 && !blank) || (unit >= 0xd800 && unit < 0xe000) || unit >= 0xfffe) return {};
    units.push_back(static_cast<char16_t>(unit));
  }
  std::string text = to_utf8(units);
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto trim = [&] {
    text.erase(0, std::min(text.find_first_not_of(kBlanks), text.size()));
    const std::size_t last = text.find_last_not_of(kBlanks);
    text.erase(last == std::string::npos ? 0 : last + 1);
  };
  trim();
  // The Shell puts the image's name first; boot options of the firmware do not.
  const std::string_view first = std::string_view(text).substr(0, text.find_first_of(kBlanks));
  if (ends_in_efi(first)) {
    text.erase(0, first.size());
    trim();
  }
  // Binary data may be valid UTF-16 by chance, but no command is called like that.
  if (!text.empty() && (text[0] <= ' ' || text[0] > '~')) return {};
  return text;
}

ChainloadContext read_chainload_context(const Firmware& firmware) noexcept {
  ChainloadContext context;
  auto* image = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image());
  if (image == nullptr) return context;
  if (image->LoadOptions != nullptr) {
    context.arguments = parse_load_options(
        ByteView(static_cast<const std::byte*>(image->LoadOptions), image->LoadOptionsSize));
  }
  context.device = Handle(image->DeviceHandle);
  context.path = read_path(firmware, *image);
  context.nodes = network_nodes(context.path);
  context.mac = read_mac(firmware, context.device);
  if (!context.mac.has_value()) context.mac = context.nodes.mac;
  context.pxe = read_pxe(firmware, context.device);
  return context;
}

std::string ChainloadContext::folder() const noexcept {
  const std::size_t slash = nodes.file.rfind('\\');
  if (nodes.file.empty()) return {};
  return slash == std::string::npos ? "\\" : nodes.file.substr(0, slash + 1);
}

std::string ChainloadContext::base_uri() const noexcept {
  std::string_view uri = nodes.uri;
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::size_t authority = uri.find("://");
  if (authority == std::string_view::npos) return {};
  const std::size_t slash = uri.rfind('/');
  if (slash < authority + 3) return std::string(uri) + "/";
  return std::string(uri.substr(0, slash + 1));
}

}  // namespace kedge::uefi
