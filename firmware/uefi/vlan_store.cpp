// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/vlan_store.h"

#include "uefi/variable.h"

namespace kedge::uefi {
namespace {

constexpr const EFI_GUID& kVendor = kGuid<EFI_VLAN_CONFIG_PROTOCOL>;
constexpr std::size_t kBytesMax = wire::VlanList::kMax * sizeof(std::uint16_t);

std::string name_of(const wire::MacAddress& mac) noexcept {
  std::string name;
  for (const std::uint8_t octet : mac.octets()) name += format("{:02X}", octet);
  return name;
}

}  // namespace

wire::VlanList stored_vlans(const Firmware& firmware, const wire::MacAddress& mac) noexcept {
  wire::VlanList vlans;
  const auto value = read_variable(firmware, kVendor, name_of(mac), kBytesMax);
  if (!value.has_value()) return vlans;
  for (ByteReader reader(*value); reader.remaining() >= sizeof(std::uint16_t);) {
    const auto tag = wire::VlanTag::from_control_information(reader.le16());
    if (tag.id <= wire::VlanTag::kIdMax) (void)vlans.set(tag);
  }
  return vlans;
}

EFI_STATUS store_vlans(const Firmware& firmware, const wire::MacAddress& mac,
                       const wire::VlanList& vlans) noexcept {
  std::array<std::byte, kBytesMax> value;
  ByteWriter writer(value);
  for (const wire::VlanTag& tag : vlans.tags()) writer.le16(tag.control_information());
  return write_variable(firmware, kVendor, name_of(mac), ByteView(value).first(writer.size()));
}

}  // namespace kedge::uefi
