// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/setting_key.h"

#include <charconv>

#include "script/settings_errors.h"

namespace kedge::script {
namespace {

using enum SettingType;

// Option numbers: RFC 2132, RFC 3397 (119), RFC 3442 (121), RFC 4578 (93..97); 175 and 203 are the
// ones that Etherboot's clients have always used.
constexpr NamedSetting kNamedSettings[] = {
    {"ip", ipv4, 175, 2, "IP address"},
    {"netmask", ipv4, 1, 0, "subnet mask"},
    {"gateway", ipv4, 3, 0, "default gateway"},
    {"static-routes", hex, 121, 0, "classless static routes"},
    {"dns", ipv4, 6, 0, "DNS servers"},
    {"domain", string, 15, 0, "DNS domain"},
    {"dnssl", dnssl, 119, 0, "DNS search list"},
    {"ntp", ipv4, 42, 0, "NTP servers"},
    {"mtu", int16, 26, 0, "maximum transmission unit"},
    {"hostname", string, 12, 0, "host name"},
    {"next-server", ipv4, 175, 3, "boot server"},
    {"filename", string, 67, 0, "boot file"},
    {"root-path", string, 17, 0, "SAN root path"},
    {"san-filename", string, 175, 188, "file to boot from a SAN disk"},
    {"initiator-iqn", string, 203, 0, "iSCSI initiator name"},
    {"keep-san", int8, 175, 8, "keep the SAN disk after a failed boot"},
    {"skip-san-boot", int8, 175, 9, "do not boot from the SAN disk"},
    {"san-drive", uint8, 175, 189, "SAN drive number"},
    {"san-retries", int8, 175, 187, "SAN retry count"},
    {"username", string, 175, 190, "user name"},
    {"password", string, 175, 191, "password"},
    {"reverse-username", string, 175, 192, "user name for mutual authentication"},
    {"reverse-password", string, 175, 193, "password for mutual authentication"},
    {"uid", uint32, 175, 194, "NFS user"},
    {"gid", uint32, 175, 195, "NFS group"},
    {"user-class", string, 77, 0, "DHCP user class"},
    {"vendor-class", string, 60, 0, "DHCP vendor class"},
    {"dhcp-server", ipv4, 54, 0, "DHCP server"},
    {"priority", int8, 175, 1, "priority of this block"},
    {"scriptlet", string, 175, 81, "boot scriptlet"},
    {"no-pxedhcp", int8, 175, 176, "do not wait for ProxyDHCP"},
    {"trust", hex, 175, 90, "fingerprints of trusted root certificates"},
    {"cert", hex, 175, 91, "client certificate"},
    {"privkey", hex, 175, 92, "client private key"},
    {"crosscert", string, 175, 93, "source of cross-signed certificates"},
    {"syslog", ipv4, 7, 0, "syslog server"},
    {"syslogs", string, 175, 85, "encrypted syslog server"},
    {"ip6", ipv6, 0, 0, "IPv6 address"},
    {"len6", int8, 0, 0, "IPv6 prefix length"},
    {"gateway6", ipv6, 0, 0, "IPv6 default gateway"},
    {"dns6", ipv6, 0, 0, "DNS servers (IPv6)"},
    {"syslog6", ipv6, 0, 0, "syslog server (IPv6)"},
    {"mac", hex, 0, 0, "MAC address"},
    {"hwaddr", hex, 0, 0, "hardware address"},
    {"bustype", string, 0, 0, "bus type"},
    {"busloc", busdevfn, 0, 0, "bus location"},
    {"busid", hex, 0, 0, "bus ID"},
    {"chip", string, 0, 0, "chip"},
    {"ifname", string, 0, 0, "interface name"},
    {"vlan", int16, 0, 0, "VLAN of the interface"},
    {"linktype", string, 0, 0, "link-layer type"},
    {"ssid", string, 0, 0, "wireless network"},
    {"key", string, 0, 0, "wireless key"},
    {"uuid", uuid, 0, 0, "machine UUID"},
    {"manufacturer", string, 0, 0, "machine manufacturer"},
    {"product", string, 0, 0, "machine product name"},
    {"serial", string, 0, 0, "machine serial number"},
    {"asset", string, 0, 0, "machine asset tag"},
    {"board-serial", string, 0, 0, "board serial number"},
    {"cpuvendor", string, 0, 0, "CPU vendor"},
    {"cpumodel", string, 0, 0, "CPU model"},
    {"buildarch", string, 0, 0, "CPU architecture of this build"},
    {"platform", string, 0, 0, "firmware platform"},
    {"version", string, 0, 0, "version"},
    {"errno", uint32, 0, 0, "code of the last error"},
    {"unixtime", uint32, 0, 0, "seconds since 1970"},
    {"cwuri", string, 0, 0, "URI of the running script"},
    {"cwduri", string, 0, 0, "URI of the running script's folder"},
    {"memsize", int32, 0, 0, "memory in MiB"},
    {"sysmac", hex, 0, 0, "MAC address of the machine"},
    {"dmesg", string, 0, 0, "log of this boot"},
    {"keymap", string, 0, 0, "keyboard map"},
};

SettingTag tag_of(const NamedSetting& setting) noexcept {
  SettingTag tag;
  if (setting.option == 0) return tag;
  tag.parts[tag.count++] = setting.option;
  if (setting.suboption != 0) tag.parts[tag.count++] = setting.suboption;
  return tag;
}

/// "66", "175.1", "2.0x80000001"; empty when `name` is not a dotted number.
SettingTag parse_tag(std::string_view name) noexcept {
  SettingTag tag;
  while (tag.count < SettingTag::kPartsMax) {
    int radix = 10;
    if (name.starts_with("0x")) {
      radix = 16;
      name.remove_prefix(2);
    }
    std::uint32_t part = 0;
    const char* end = name.data() + name.size();
    const auto [stopped, problem] = std::from_chars(name.data(), end, part, radix);
    if (problem != std::errc{}) return {};
    tag.parts[tag.count++] = part;
    name.remove_prefix(static_cast<std::size_t>(stopped - name.data()));
    if (name.empty()) return tag;
    if (name[0] != '.') return {};
    name.remove_prefix(1);
  }
  return {};
}

}  // namespace

std::span<const NamedSetting> named_settings() noexcept {
  return kNamedSettings;
}

const NamedSetting* find_named_setting(const SettingKey& key) noexcept {
  for (const NamedSetting& setting : kNamedSettings) {
    if (key.tag.empty() ? setting.name == key.name : tag_of(setting) == key.tag) return &setting;
  }
  return nullptr;
}

SettingKey make_setting_key(std::string_view name) noexcept {
  SettingKey key{std::string(name), parse_tag(name)};
  for (const NamedSetting& setting : kNamedSettings) {
    if (!key.tag.empty() ? tag_of(setting) == key.tag : setting.name == name) {
      key.name = setting.name;
      key.tag = tag_of(setting);
      break;
    }
  }
  return key;
}

Result<SettingName> parse_setting_name(std::string_view text) noexcept {
  if (text.size() > kSettingNameMax) return fail(err::settings_bad_name);
  SettingName result;
  // The block ends at the last '/' before the type: both net0.dhcp/66 and net0/dhcp/66 are in use.
  const std::size_t colon = text.find(':', text.rfind('/', text.find(':')) + 1);
  const std::string_view path = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    result.type = find_setting_type(text.substr(colon + 1));
    if (!result.type) return fail(err::settings_unknown_type);
  }
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) result.block = path.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name.empty()) return fail(err::settings_bad_name);
  result.key = make_setting_key(name);
  return result;
}

}  // namespace kedge::script
