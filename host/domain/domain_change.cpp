// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/domain_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "domain/domain_model.h"
#include "domain/kedge_options.h"
#include "domain/xml_edit.h"

namespace kedge::host {
namespace {

// libvirt prints children in this order; its schema allows any.
constexpr std::string_view kBehindBoot[] = {"alias", "rom", "acpi", "address"};
constexpr std::string_view kBehindRom[] = {"acpi", "address"};
constexpr std::string_view kBehindSysinfo[] = {
    "bootloader", "bootloader_args", "os",        "idmap",    "features",       "cpu",
    "clock",      "on_poweroff",     "on_reboot", "on_crash", "on_lockfailure", "pm",
    "perf",       "devices",         "seclabel",  "keywrap",  "launchSecurity", "qemu:commandline"};
constexpr std::string_view kBehindSmbios[] = {"bios"};

// One change after the other, each on the text that the one before has left.
class Editor {
 public:
  explicit Editor(std::string xml) : xml_(std::move(xml)) {}

  Outcome<void> apply(const DomainChange& change);
  std::string take() { return std::move(xml_); }

 private:
  Outcome<void> load() {
    KEDGE_HOST_TRY(document_, XmlDocument::parse(xml_));
    KEDGE_HOST_TRY(domain_, read_domain(*document_));
    return {};
  }
  Outcome<void> store(std::string xml) {
    xml_ = std::move(xml);
    return load();
  }
  pugi::xml_node root() const { return document_->root(); }
  pugi::xml_node interface_node(int number) const {
    int n = 0;
    for (const auto node : root().child("devices").children("interface")) {
      if (++n == number) return node;
    }
    return {};
  }

  Outcome<int> find_interface(const std::string& text) const;
  Outcome<void> choose(const DomainChange& change);
  Outcome<void> set_rom(const DomainChange& change);
  Outcome<void> set_option(std::string_view name, const std::string& value, bool remove,
                           OptionChannel channel);
  Outcome<void> set_key(const std::string& mac, std::string_view name, const std::string& value,
                        bool remove, bool fw_cfg);
  Outcome<void> remove_options(std::string_view name, const std::optional<std::string>& mac);
  Outcome<void> prepare_smbios();
  Outcome<void> add_entry(bool fw_cfg, const std::string& key, const std::string& value);
  Outcome<void> add_rng();
  Outcome<void> set_boot_order(const std::vector<std::string>& order);
  Outcome<void> clear_boot_order();
  pugi::xml_node boot_device(const std::string& text) const;

  std::string xml_;
  std::optional<XmlDocument> document_;
  Domain domain_;
  std::vector<int> chosen_;
  bool all_chosen_ = false;
};

Outcome<int> Editor::find_interface(const std::string& text) const {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string known;
  for (const DomainInterface& nic : domain_.interfaces) {
    if (is_number ? nic.number == number : nic.mac == lower || nic.alias == text) return nic.number;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", nic.name());
  }
  return failure(fmt::format("the domain has no interface '{}'", text),
                 known.empty() ? "It has none at all." : "It has " + known + ".");
}

Outcome<void> Editor::choose(const DomainChange& change) {
  all_chosen_ = change.interfaces.empty();
  for (const std::string& text : change.interfaces) {
    KEDGE_HOST_TRY(const int number, find_interface(text));
    chosen_.push_back(number);
  }
  if (!all_chosen_) return {};
  for (const DomainInterface& nic : domain_.interfaces) chosen_.push_back(nic.number);
  return {};
}

Outcome<void> Editor::set_rom(const DomainChange& change) {
  for (const int number : chosen_) {
    const pugi::xml_node nic = interface_node(number);
    const pugi::xml_node old = nic.child("rom");
    if (*change.rom == "default") {
      if (old) KEDGE_HOST_CHECK(store(without_element(*document_, old)));
      continue;
    }
    std::string element = fmt::format("<rom file='{}'/>", xml_escape(*change.rom));
    if (*change.rom == "off")
      element = change.rom_off_by_bar ? "<rom bar='off'/>" : "<rom enabled='no'/>";
    const RomElement& now = domain_.interfaces[static_cast<std::size_t>(number - 1)].rom;
    const bool is_so = *change.rom == "off"
                           ? change.rom_off_by_bar ? now.bar == false : now.enabled == false
                           : now.file == *change.rom && now.enabled != false && now.bar != false;
    if (is_so) continue;
    KEDGE_HOST_CHECK(store(old ? with_replaced(*document_, old, element)
                               : with_child(*document_, nic, element, kBehindRom)));
  }
  return {};
}

// The name of the option that an entry is, with the address it is for; none: it is no option.
struct EntryKey {
  std::string mac;
  std::string name;
};

std::optional<EntryKey> key_of(std::string_view key) {
  // The parser of kedge_options knows the grammar; it is asked with a domain of this one entry.
  Domain domain;
  domain.architecture = "x86_64";
  domain.fw_cfg.push_back({.name = fmt::format("{}{}", kKedgeFwCfgPrefix, key), .value = "x"});
  const auto options = kedge_options(domain, nullptr);
  if (options.empty()) return std::nullopt;
  return EntryKey{.mac = options.front().mac, .name = options.front().name};
}

// Removes the option's entries from both channels, for one address or (none) for all of them.
Outcome<void> Editor::remove_options(std::string_view name, const std::optional<std::string>& mac) {
  const auto is_meant = [&](std::string_view key) {
    const auto parts = key_of(key);
    return parts && parts->name == name && (!mac || parts->mac == *mac);
  };
  const auto find = [&]() -> pugi::xml_node {
    for (const auto sysinfo : root().children("sysinfo")) {
      for (const auto entry : sysinfo.children("entry")) {
        const std::string_view file = entry.attribute("name").as_string();
        if (file.starts_with(kKedgeFwCfgPrefix) &&
            is_meant(file.substr(kKedgeFwCfgPrefix.size()))) {
          return entry;
        }
      }
      for (const auto entry : sysinfo.child("oemStrings").children("entry")) {
        std::string_view text = entry.text().as_string();
        text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
        if (!text.starts_with(kKedgeOemPrefix)) continue;
        text.remove_prefix(kKedgeOemPrefix.size());
        if (is_meant(text.substr(0, text.find('=')))) return entry;
      }
    }
    return {};
  };
  while (const pugi::xml_node entry = find()) {
    // What contained nothing else goes with it.
    pugi::xml_node victim = entry;
    while (victim.parent() != root() && victim.parent().first_child() == victim &&
           !victim.next_sibling()) {
      victim = victim.parent();
    }
    KEDGE_HOST_CHECK(store(without_element(*document_, victim)));
  }
  return {};
}

Outcome<void> Editor::prepare_smbios() {
  const pugi::xml_node os = root().child("os");
  const pugi::xml_node smbios = os.child("smbios");
  const std::string_view mode = smbios.attribute("mode").as_string();
  if (mode == "sysinfo") return {};
  if (mode == "host") {
    return failure(fmt::format("line {}: the domain shows the host's SMBIOS tables, which have no "
                               "place for strings of its own",
                               document_->line(smbios)),
                   "Use fw_cfg (--channel fwcfg), or set <smbios mode='sysinfo'/> yourself.");
  }
  return store(smbios ? with_attribute(*document_, smbios, "mode", "sysinfo")
                      : with_child(*document_, os, "<smbios mode='sysinfo'/>", kBehindSmbios));
}

Outcome<void> Editor::add_entry(bool fw_cfg, const std::string& key, const std::string& value) {
  const char* const type = fw_cfg ? "fwcfg" : "smbios";
  const std::string entry =
      fw_cfg
          ? fmt::format("<entry name='{}{}'>{}</entry>", kKedgeFwCfgPrefix, key, xml_escape(value))
          : fmt::format("<entry>{}{}={}</entry>", kKedgeOemPrefix, key, xml_escape(value));
  const pugi::xml_node sysinfo = root().find_child_by_attribute("sysinfo", "type", type);
  const std::string strings = fmt::format("<oemStrings>\n  {}\n</oemStrings>", entry);
  if (!sysinfo) {
    std::string body = fw_cfg ? entry : strings;
    for (std::size_t at = body.find('\n'); !fw_cfg && at != std::string::npos;
         at = body.find('\n', at + 1)) {
      body.insert(at + 1, "  ");
    }
    const std::string element = fmt::format("<sysinfo type='{}'>\n  {}\n</sysinfo>", type, body);
    return store(with_child(*document_, root(), element, kBehindSysinfo));
  }
  if (fw_cfg) return store(with_child(*document_, sysinfo, entry, {}));
  const pugi::xml_node list = sysinfo.child("oemStrings");
  return store(list ? with_child(*document_, list, entry, {})
                    : with_child(*document_, sysinfo, strings, {}));
}

Outcome<void> Editor::set_key(const std::string& mac, std::string_view name,
                              const std::string& value, bool remove, bool fw_cfg) {
  // An entry that says this already stays where it is, and its neighbours too.
  const auto options = kedge_options(domain_, nullptr);
  const auto count = std::ranges::count_if(options, [&](const KedgeOption& option) {
    return option.name == name && (mac.empty() || option.mac == mac);
  });
  const bool there = std::ranges::any_of(options, [&](const KedgeOption& option) {
    return option.name == name && option.mac == mac && option.value == value &&
           option.source.starts_with("fw_cfg") == fw_cfg;
  });
  if (!remove && there && count == 1) return {};
  KEDGE_HOST_CHECK(remove_options(name, mac.empty() ? std::nullopt : std::optional(mac)));
  if (remove) return {};
  if (!fw_cfg) KEDGE_HOST_CHECK(prepare_smbios());
  const std::string key =
      mac.empty() ? std::string(name) : fmt::format("{}{}{}", mac, fw_cfg ? "/" : ":", name);
  return add_entry(fw_cfg, key, value);
}

Outcome<void> Editor::set_option(std::string_view name, const std::string& value, bool remove,
                                 OptionChannel channel) {
  if (channel == OptionChannel::fw_cfg && !domain_.kedge_reads_fw_cfg()) {
    return failure("Kedge reads fw_cfg on x86 and aarch64 only", "Use --channel smbios.");
  }
  const bool possible = remove || fw_cfg_entry_can_have(value);
  if (channel == OptionChannel::fw_cfg && !possible) {
    return failure(
        fmt::format("libvirt gives QEMU no fw_cfg file with a comma, as in the {} \"{}\"", name,
                    value),
        "Use --channel smbios.");
  }
  const bool fw_cfg = channel != OptionChannel::smbios && domain_.kedge_reads_fw_cfg() && possible;
  if (all_chosen_) return set_key({}, name, value, remove, fw_cfg);
  for (const int number : chosen_) {
    const DomainInterface& nic = domain_.interfaces[static_cast<std::size_t>(number - 1)];
    if (nic.mac.empty()) {
      return failure(
          fmt::format("interface {} has no address in the XML by which to name it", number),
          "libvirt gives it one when the domain is defined.");
    }
    const std::string mac = nic.mac;  // the domain is read anew
    KEDGE_HOST_CHECK(set_key(mac, name, value, remove, fw_cfg));
  }
  return {};
}

Outcome<void> Editor::add_rng() {
  if (domain_.rng_line != 0) return {};
  if (!root().child("devices")) return failure("the domain has no <devices>");
  return store(with_child(
      *document_, root().child("devices"),
      "<rng model='virtio'>\n  <backend model='random'>/dev/urandom</backend>\n</rng>", {}));
}

pugi::xml_node Editor::boot_device(const std::string& text) const {
  if (const auto number = find_interface(text)) return interface_node(*number);
  for (const auto disk : root().child("devices").children("disk")) {
    if (disk.child("target").attribute("dev").as_string() == text) return disk;
  }
  return {};
}

// <boot order=''/> of devices and <boot dev=''/> of <os> exclude each other.
Outcome<void> Editor::clear_boot_order() {
  const auto find = [this]() -> pugi::xml_node {
    if (const auto boot = root().child("os").child("boot")) return boot;
    for (const auto device : root().child("devices").children()) {
      if (const auto boot = device.child("boot")) return boot;
    }
    return {};
  };
  while (const pugi::xml_node boot = find()) {
    KEDGE_HOST_CHECK(store(without_element(*document_, boot)));
  }
  return {};
}

Outcome<void> Editor::set_boot_order(const std::vector<std::string>& order) {
  bool is_so = root().child("os").child("boot").empty();
  std::size_t ordered = 0;
  for (const auto device : root().child("devices").children())
    ordered += device.child("boot") ? 1U : 0U;
  is_so &= ordered == order.size();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const pugi::xml_node device = boot_device(order[i]);
    if (!device) {
      return failure(
          fmt::format("the domain has no interface or disk '{}'", order[i]),
          "Name interfaces by number, MAC address or alias, disks by their target (vda).");
    }
    is_so &= device.child("boot").attribute("order").as_uint() == i + 1;
  }
  if (is_so) return {};
  KEDGE_HOST_CHECK(clear_boot_order());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const pugi::xml_node device = boot_device(order[i]);
    if (device.child("boot"))
      return failure(fmt::format("'{}' is in the boot order twice", order[i]));
    KEDGE_HOST_CHECK(store(
        with_child(*document_, device, fmt::format("<boot order='{}'/>", i + 1), kBehindBoot)));
  }
  return {};
}

Outcome<void> Editor::apply(const DomainChange& change) {
  KEDGE_HOST_CHECK(load());
  if (domain_.live_dump) {
    return failure(
        "this XML is of a running domain: it has what libvirt made up for this run, "
        "which is not to be defined",
        "Take `virsh dumpxml --inactive NAME`, or let kedge talk to libvirt (--connect).");
  }
  KEDGE_HOST_CHECK(choose(change));
  if (change.rom) KEDGE_HOST_CHECK(set_rom(change));
  const auto option = [&](std::string_view name, const std::optional<std::string>& value,
                          std::string_view nothing) -> Outcome<void> {
    if (!value) return {};
    return set_option(name, *value, *value == nothing, change.channel);
  };
  KEDGE_HOST_CHECK(option("personality", change.personality, "default"));
  KEDGE_HOST_CHECK(option("url", change.url, "none"));
  KEDGE_HOST_CHECK(option("vlan", change.vlan, "none"));
  KEDGE_HOST_CHECK(option("script", change.script, "none"));
  if (change.rng) KEDGE_HOST_CHECK(add_rng());
  if (!change.boot_order.empty()) KEDGE_HOST_CHECK(set_boot_order(change.boot_order));
  return {};
}

}  // namespace

Outcome<std::string> change_domain(const std::string& xml, const DomainChange& change) {
  Editor editor(xml);
  KEDGE_HOST_CHECK(editor.apply(change));
  return editor.take();
}

}  // namespace kedge::host
