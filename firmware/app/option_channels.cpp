// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/option_channels.h"

#include "uefi/smbios.h"
#include "uefi/variable.h"
#include "uefi/vlan_store.h"

namespace kedge::app {
namespace {

// One more than allowed shows BootOptions that a value is too large.
std::size_t bytes_to_read(std::string_view key) noexcept {
  return BootOptions::value_bytes_max(key) + 1;
}

bool is_wanted(std::string_view key, std::string_view only) noexcept {
  return only.empty() || key.ends_with(only);
}

void read_variables(const uefi::Firmware& firmware, const wire::MacAddress& mac,
                    std::string_view only, BootOptions& options) noexcept {
  // Going through all names takes long where variables live in flash memory.
  const std::vector<std::string> names =
      only.empty() ? uefi::variable_names(firmware, kOptionVendor)
                   : std::vector<std::string>{std::string(only), format("{}:{}", mac, only)};
  for (const std::string& name : names) {
    const auto value =
        uefi::read_variable(firmware, kOptionVendor, name, BootOptions::kScriptBytesMax + 1);
    if (value.has_value()) options.add(Channel::variable, name, as_text(*value));
  }
}

void read_oem_strings(const uefi::Firmware& firmware, std::string_view only,
                      BootOptions& options) noexcept {
  const uefi::Smbios smbios = uefi::read_smbios(firmware);
  for (std::string_view text : smbios.oem_strings) {
    if (!text.starts_with(kOemStringPrefix)) continue;
    text.remove_prefix(kOemStringPrefix.size());
    const std::size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (!is_wanted(key, only)) continue;
    options.add(Channel::smbios, key,
                equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1));
  }
}

void read_fw_cfg(const uefi::Firmware& firmware, uefi::FwCfgIo* io, std::string_view only,
                 BootOptions& options) noexcept {
  auto fw_cfg = uefi::FwCfg::open(firmware, io);
  if (!fw_cfg.has_value()) return;
  for (const uefi::FwCfg::File& file : fw_cfg->list(kFwCfgPrefix)) {
    const std::string_view key = std::string_view(file.name).substr(kFwCfgPrefix.size());
    if (!is_wanted(key, only)) continue;
    options.add(Channel::fw_cfg, key, as_text(fw_cfg->read(file, bytes_to_read(key))));
  }
}

}  // namespace

BootOptions read_boot_options(const uefi::Firmware& firmware, uefi::FwCfgIo* fw_cfg,
                              const wire::MacAddress& mac, std::string_view only) noexcept {
  BootOptions options;
  read_variables(firmware, mac, only, options);
  read_oem_strings(firmware, only, options);
  read_fw_cfg(firmware, fw_cfg, only, options);
  return options;
}

wire::VlanList vlans_of(const uefi::Firmware& firmware, const wire::MacAddress& mac,
                        const NicOptions& options) noexcept {
  return options.vlans.empty() ? uefi::stored_vlans(firmware, mac) : options.vlans;
}

}  // namespace kedge::app
