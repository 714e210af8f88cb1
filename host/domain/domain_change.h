// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What `kedge domain set` can change in a domain's XML.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/outcome.h"

namespace kedge::host {

// How the domain's words reach Kedge's ROM.
enum class OptionChannel : std::uint8_t {
  automatic,  // fw_cfg where Kedge reads it and libvirt can give it, else SMBIOS
  fw_cfg,     // <sysinfo type='fwcfg'>
  smbios,     // <sysinfo type='smbios'><oemStrings>
};

struct DomainChange {
  std::vector<std::string> interfaces;     // MAC address, number or alias; empty: all
  std::optional<std::string> rom;          // "off", "default", or a file
  bool rom_off_by_bar = false;             // libvirt before 4.3 has no <rom enabled='no'/>
  std::optional<std::string> personality;  // "driver", "takeover", "both"; "default" removes it
  std::optional<std::string> url;          // "none" removes it
  std::optional<std::string> vlan;         // a list that parse_vlans takes; "none" removes it
  std::optional<std::string> script;       // the script's text; "none" removes it
  OptionChannel channel = OptionChannel::automatic;
  bool rng = false;
  std::vector<std::string> boot_order;  // interfaces (as above) and targets of disks
};

// The changed XML; all that was not asked for is as it was. The same text if there is nothing to
// do.
Outcome<std::string> change_domain(const std::string& xml, const DomainChange& change);

}  // namespace kedge::host
