// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/boot_name.h"

#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr std::string_view kBefore = "MAC:";
constexpr std::string_view kBehind = " Kedge";
constexpr std::size_t kMacDigits = 2 * wire::MacAddress::kSize;
constexpr std::size_t kNameUnits = kBefore.size() + kMacDigits + kBehind.size();

}  // namespace

std::string boot_option_name(const wire::MacAddress& mac) noexcept {
  std::string name(kBefore);
  for (const std::uint8_t octet : mac.octets()) name += format("{:02x}", octet);
  return name += kBehind;
}

void append_boot_option(DevicePath& path, const wire::MacAddress& mac) noexcept {
  // As it is: DevicePath::append_file would put a backslash before it.
  const std::u16string name = to_utf16(boot_option_name(mac));
  path.append(MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP,
              std::as_bytes(std::span(name.c_str(), name.size() + 1)));
}

std::optional<wire::MacAddress> boot_option_mac(const DevicePathNode& node) noexcept {
  if (!node.is(MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP)) return std::nullopt;
  if (node.data.size() != (kNameUnits + 1) * sizeof(char16_t)) return std::nullopt;
  std::string name;
  ByteReader reader(node.data);
  for (std::size_t i = 0; i < kNameUnits; ++i) {
    const std::uint16_t unit = reader.le16();
    if (unit > '~') return std::nullopt;
    name.push_back(static_cast<char>(unit));
  }
  const auto mac =
      wire::MacAddress::parse(std::string_view(name).substr(kBefore.size(), kMacDigits));
  if (!mac.ok() || boot_option_name(*mac) != name) return std::nullopt;
  return *mac;
}

}  // namespace kedge::uefi
