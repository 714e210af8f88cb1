// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/dhcp_settings.h"

#include <utility>

namespace kedge::script {
namespace {

using wire::dhcp_option::kBootFileName;
using wire::dhcp_option::kEtherboot;
using wire::dhcp_option::kTftpServerName;
using wire::dhcp_option::kVendorEncapsulated;

SettingKey key_of(std::uint8_t option, std::uint8_t suboption = 0) noexcept {
  return make_setting_key(suboption == 0 ? format("{}", option)
                                         : format("{}.{}", option, suboption));
}

/// A message holds fewer options than a block has room for, so storing cannot fail.
void put(StoredBlock& block, SettingKey key, std::string_view raw) noexcept {
  if (!raw.empty()) (void)block.store(key, {std::nullopt, RawValue(raw)});
}

/// Fields are weaker than options: most servers send both, and the option is the longer one.
void put_field(StoredBlock& block, SettingKey key, std::string_view raw) noexcept {
  if (!block.fetch(key)) put(block, std::move(key), raw);
}

void put_address(StoredBlock& block, std::string_view name, wire::Ipv4Address address) noexcept {
  if (address.is_any()) return;
  std::array<std::byte, wire::Ipv4Address::kSize> bytes;
  ByteWriter writer(bytes);
  address.write(writer);
  put(block, make_setting_key(name), as_text(bytes));
}

void put_suboptions(StoredBlock& block, std::uint8_t option) noexcept {
  const auto whole = block.fetch(key_of(option));
  if (!whole) return;
  wire::DhcpOptionReader reader(as_byte_view(whole->raw));
  while (const auto suboption = reader.next()) {
    put(block, key_of(option, suboption->code), as_text(suboption->value));
  }
}

}  // namespace

void fill_dhcp_block(StoredBlock& block, const wire::Dhcp4View& message) noexcept {
  block.clear_all();
  wire::Dhcp4OptionWalk walk(message);
  while (const auto option = walk.next()) {
    const SettingKey key = key_of(option->code);
    // Repeated options are one long option (RFC 3396 5).
    const auto before = block.fetch(key);
    RawValue whole = before ? before->raw : RawValue();
    put(block, key, whole.append(as_text(option->value)));
  }
  put_suboptions(block, kVendorEncapsulated);
  put_suboptions(block, kEtherboot);
  put_field(block, key_of(kBootFileName), message.file());
  put_field(block, key_of(kTftpServerName), message.server_name());
  put_address(block, "ip", message.header().yours);
  put_address(block, "next-server", message.header().server);
}

}  // namespace kedge::script
