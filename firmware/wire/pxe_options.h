// SPDX-License-Identifier: BSD-2-Clause-Patent
// The options that a PXE server encapsulates in option 43 (PXE 2.1, table 2-1 and 2.4): boot
// servers, menu, prompt, discovery control.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "wire/ip.h"

namespace kedge::wire {

namespace pxe_option {
inline constexpr std::uint8_t kDiscoveryControl = 6;
inline constexpr std::uint8_t kDiscoveryMulticast = 7;
inline constexpr std::uint8_t kBootServers = 8;
inline constexpr std::uint8_t kBootMenu = 9;
inline constexpr std::uint8_t kMenuPrompt = 10;
inline constexpr std::uint8_t kBootItem = 71;
}  // namespace pxe_option

/// The vendor class (option 60) of PXE servers is this text, that of clients begins with it.
inline constexpr std::string_view kPxeVendorClass = "PXEClient";

/// Suboption 6. Unknown bits survive.
struct PxeDiscoveryControl {
  std::uint8_t bits = 0;

  bool broadcast_disabled() const noexcept { return (bits & 0x01) != 0; }
  bool multicast_disabled() const noexcept { return (bits & 0x02) != 0; }
  /// Accept only servers of the boot server list.
  bool listed_servers_only() const noexcept { return (bits & 0x04) != 0; }
  /// Load the offer's boot file: no menu, no prompt, no discovery.
  bool skip_discovery() const noexcept { return (bits & 0x08) != 0; }
};

/// Suboption 71: which kind of boot server, and which layer of it.
struct PxeBootItem {
  std::uint16_t type = 0;  ///< 0: the server's local boot
  std::uint16_t layer = 0;

  friend bool operator==(PxeBootItem, PxeBootItem) noexcept = default;
};

/// Suboption 10.
struct PxePrompt {
  static constexpr std::uint8_t kTakeFirst = 0;      ///< first menu item at once
  static constexpr std::uint8_t kWaitForever = 255;  ///< show the menu and wait
  std::uint8_t timeout_s = 0;
  std::string_view text;
};

/// One kind of boot server of suboption 8 and its addresses.
struct PxeBootServer {
  static constexpr std::size_t kAddressesMax = 63;  // what a suboption can hold
  std::uint16_t type = 0;
  ByteView addresses;  ///< four bytes each
  std::size_t address_count() const noexcept { return addresses.size() / Ipv4Address::kSize; }
  Ipv4Address address(std::size_t index) const noexcept;
};

/// One line of suboption 9.
struct PxeMenuItem {
  std::uint16_t type = 0;
  std::string_view text;
};

class PxeBootServerReader {
 public:
  explicit PxeBootServerReader(ByteView value) noexcept : reader_(value) {}
  std::optional<PxeBootServer> next() noexcept;
  bool ok() const noexcept { return reader_.ok(); }

 private:
  ByteReader reader_;
};

class PxeMenuReader {
 public:
  explicit PxeMenuReader(ByteView value) noexcept : reader_(value) {}
  std::optional<PxeMenuItem> next() noexcept;
  bool ok() const noexcept { return reader_.ok(); }

 private:
  ByteReader reader_;
};

/// Option 43 of a PXE server: views of the bytes it was parsed from.
struct PxeOptions {
  std::optional<PxeDiscoveryControl> control;
  std::optional<Ipv4Address> multicast;
  std::optional<PxePrompt> prompt;
  std::optional<PxeBootItem> item;
  ByteView boot_servers;  ///< for PxeBootServerReader; empty when absent
  ByteView menu;          ///< for PxeMenuReader; empty when absent

  /// Checks every suboption named above and ignores others. Errors: wire_bad_pxe_options with the
  /// number of the suboption that is wrong.
  static Result<PxeOptions> parse(ByteView value) noexcept;

  /// Nothing of the above is there: option 43 is not for PXE, or the server wants to be asked for
  /// it.
  bool empty() const noexcept {
    return !control && !multicast && !prompt && !item && !has_menu() && !has_boot_servers();
  }
  bool has_menu() const noexcept { return !menu.empty(); }
  bool has_boot_servers() const noexcept { return !boot_servers.empty(); }
  bool skip_discovery() const noexcept { return control && control->skip_discovery(); }
};

/// Suboption 71 wrapped as the value of option 43, as a client sends it to boot servers.
void write_pxe_boot_item(ByteWriter& writer, PxeBootItem item) noexcept;

}  // namespace kedge::wire
