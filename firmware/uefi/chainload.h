// SPDX-License-Identifier: BSD-2-Clause-Patent
// ChainloadContext: how we were started and what our starter knew of the network. Read it before
// any NIC is taken: the handles it comes from go away with their drivers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "uefi/device_path.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

struct ChainloadContext {
  static constexpr std::size_t kLoadOptionsMax = 32 * 1024;

  /// Packets that the firmware's PXE client kept, as they were on the wire (BOOTP header first).
  struct Pxe {
    bool ipv6 = false;
    std::vector<std::byte> dhcp_ack;     ///< empty: none
    std::vector<std::byte> proxy_offer;  ///< empty: none
    std::vector<std::byte> pxe_reply;    ///< empty: none
  };

  /// Our command line without the name of our image; empty when the firmware passed none, or what
  /// it passed is no text.
  std::string arguments;
  DevicePath path;                      ///< of our image: device and file, or device and URI
  Handle device;                        ///< where we came from; may go away when NICs are taken
  NetworkNodes nodes;                   ///< what `path` says of the network
  std::optional<wire::MacAddress> mac;  ///< of the NIC we came from
  std::optional<Pxe> pxe;

  /// The folder of our image on its medium, with a backslash at its end: "\EFI\BOOT\". Empty when
  /// we did not come from a file.
  std::string folder() const noexcept;
  /// The URI of that folder when we came by HTTP boot: "http://server/boot/". Else empty.
  std::string base_uri() const noexcept;
};

ChainloadContext read_chainload_context(const Firmware& firmware) noexcept;

/// The arguments in load options: text without the image's name, if that stands first. Exposed for
/// tests.
std::string parse_load_options(ByteView options) noexcept;

}  // namespace kedge::uefi
