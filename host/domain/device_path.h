// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// EFI device paths as text (UEFI 2.10, 10.3 and 10.6), and boot options (3.1.3).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "domain/variable_store.h"

namespace kedge::host {

inline constexpr std::size_t kDevicePathNodesMax = 64;

// "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400112233,0x1)/IPv4(0.0.0.0)"; damage is said in the text.
// Nodes that are not known are "Path(type,subtype,bytes)".
std::string format_device_path(ByteView path);

struct BootOption {
  unsigned number = 0;
  bool active = false;
  bool hidden = false;
  std::string description;
  std::string path;
  std::string damage;  // why it cannot be read; empty: it can

  // "Boot0003 UEFI PXEv4 (MAC:525400112233): PciRoot(0x0)/..."
  std::string text() const;
};

// EFI_LOAD_OPTION.
BootOption parse_boot_option(unsigned number, ByteView data);

// The options that BootOrder names, in its order; those that do not exist are left out.
std::vector<BootOption> boot_options(const VariableStore& store);

}  // namespace kedge::host
