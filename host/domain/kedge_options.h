// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What a domain tells Kedge's ROMs, by the channels of docs/personality.md: EFI variables, SMBIOS
// OEM strings, fw_cfg files; the later ones are the stronger ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/domain_model.h"
#include "domain/variable_store.h"

namespace kedge::host {

inline constexpr std::string_view kKedgeFwCfgPrefix = "opt/org.kedge/";
inline constexpr std::string_view kKedgeOemPrefix = "kedge:";
inline constexpr std::string_view kKedgeVariableVendor = "e45be53d-b28c-49ad-bde9-455c76101169";

struct KedgeOption {
  int strength = 0;                  // of the channel
  std::string mac;                   // empty: for all NICs
  std::string name;                  // "personality"
  std::optional<std::string> value;  // none: in a file that was not read
  std::string source;                // "fw_cfg file opt/org.kedge/personality (XML line 7)"
};

// All that the domain says, in the order of the XML; `store` may be null.
std::vector<KedgeOption> kedge_options(const Domain& domain, const VariableStore* store);
// What counts for the NIC with this address.
const KedgeOption* find_option(const std::vector<KedgeOption>& options, std::string_view name,
                               std::string_view mac);

// libvirt (9.0) hands the value of a fw_cfg entry to QEMU as it is, without doubling commas: QEMU
// takes what follows one for another option, and does not start. It doubles those of OEM strings.
bool fw_cfg_entry_can_have(std::string_view value);

// "driver", "takeover" or "both".
bool is_personality(std::string_view value);
// The firmware can make no sense of its value, and takes it as not given.
bool is_malformed(const KedgeOption& option);

}  // namespace kedge::host
