// SPDX-License-Identifier: BSD-2-Clause-Patent
// LaunchContext: how the firmware started us, in terms that no layer below uefi/ needs UEFI for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/mac.h"

namespace kedge::app {

struct LaunchContext {
  /// What stands behind the program's name on its command line: run as a script when not empty.
  std::string command_line;
  /// autoexec.ipxe from the volume that we came from, when it is there and not empty.
  std::optional<std::string> local_autoexec;
  /// What the machine's owner wants run (docs/personality.md): the text of a script, or else what
  /// stands at a URL. Empty: nothing.
  std::string given_script;
  std::string given_url;
  /// Where we came from, when that was the network: "tftp://192.0.2.1/kedge.efi".
  std::string own_uri;
  /// The NIC that we came over; it is tried first.
  std::optional<wire::MacAddress> boot_mac;
  /// When this boot fails, another one is tried, and nobody is asked in between.
  bool another_follows = false;
  /// DHCP packets that the firmware's PXE Base Code has cached; empty when there are none.
  std::vector<std::byte> dhcp_ack;
  std::vector<std::byte> proxy_offer;
  std::vector<std::byte> pxe_reply;
};

}  // namespace kedge::app
