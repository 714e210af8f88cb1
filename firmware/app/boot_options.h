// SPDX-License-Identifier: BSD-2-Clause-Patent
// BootOptions: what the machine's owner has said about booting, by whatever channel, and what of it
// counts for one NIC. Grammar and precedence: docs/personality.md, ADR 0008.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/mac.h"
#include "wire/vlan.h"

namespace kedge::app {

/// What an option ROM makes of a NIC.
enum class Personality : std::uint8_t {
  driver,    ///< a driver for the firmware's own network stack
  takeover,  ///< Kedge runs the boot, the firmware's stack stays off
  both,      ///< the firmware's boot options and ours
};
/// "driver", "takeover" or "both".
std::optional<Personality> parse_personality(std::string_view text) noexcept;

/// Where an option comes from, the weakest first.
enum class Channel : std::uint8_t { variable, smbios, fw_cfg };
inline constexpr std::size_t kChannels = 3;
/// "EFI variable", ...
std::string_view channel_name(Channel channel) noexcept;

inline constexpr std::string_view kPersonalityOption = "personality";
inline constexpr std::string_view kUrlOption = "url";
inline constexpr std::string_view kScriptOption = "script";
inline constexpr std::string_view kVlanOption = "vlan";

/// An option that does not count, and why.
struct OptionProblem {
  Channel channel;
  std::string key;
  Error error;
};

/// What counts for one NIC.
struct NicOptions {
  struct Setting {
    Channel channel;
    std::string name;
    std::string value;
  };
  Personality personality = Personality::driver;
  std::string url;       ///< empty: none
  std::string script;    ///< text of a script; empty: none
  wire::VlanList vlans;  ///< empty: nobody has said anything
  std::vector<Setting> settings;
  std::vector<OptionProblem> problems;
};

class BootOptions {
 public:
  static constexpr std::size_t kEntriesMax = 256;
  static constexpr std::size_t kKeyBytesMax = 128;
  static constexpr std::size_t kValueBytesMax = 4096;
  static constexpr std::size_t kScriptBytesMax = 64 * 1024;
  static constexpr std::size_t kProblemsMax = 16;

  /// An option as a channel has it: key "NAME", "MAC:NAME" or "MAC/NAME", and its value, which may
  /// end in blanks, newlines or zeros. What is malformed is kept as a problem and counts as absent.
  /// Of two options of one channel with the same key the first counts.
  void add(Channel channel, std::string_view key, std::string_view value) noexcept;
  /// How many bytes of a key's value make sense to read; one more shows that it is too large.
  static std::size_t value_bytes_max(std::string_view key) noexcept;

  /// For the NIC with this address. `fallback` is the personality when no channel has one.
  NicOptions resolve(const wire::MacAddress& mac, Personality fallback) const noexcept;

 private:
  struct Entry {
    Channel channel;
    std::optional<wire::MacAddress> mac;
    std::string name;
    std::string value;
  };
  struct Owned {
    std::optional<wire::MacAddress> mac;
    OptionProblem problem;
  };
  void complain(const Entry& entry, std::string_view key, const ErrorSite& site) noexcept;
  const Entry* find(std::string_view name, const wire::MacAddress& mac) const noexcept;

  std::vector<Entry> entries_;
  std::vector<Owned> problems_;
};

}  // namespace kedge::app
