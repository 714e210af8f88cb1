// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/domain_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge::host {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// "  x\n" -> "x"
std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::optional<bool> on_off(pugi::xml_attribute attribute) {
  const std::string_view value = attribute.as_string();
  if (value == "yes" || value == "on") return true;
  if (value == "no" || value == "off") return false;
  return std::nullopt;
}

unsigned boot_order_of(pugi::xml_node device) {
  const std::string_view text = device.child("boot").attribute("order").as_string();
  unsigned order = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order);
  return error == std::errc() && end == text.data() + text.size() ? order : 0;
}

// libvirt's choice for an interface without <model> (qemu_domain.c chooses the first that QEMU
// has).
std::string default_model(const Domain& domain) {
  return domain.is_x86() ? "rtl8139" : "virtio";
}

DomainInterface read_interface(const XmlDocument& document, const Domain& domain,
                               pugi::xml_node node, int number) {
  DomainInterface nic{.number = number,
                      .line = document.line(node),
                      .type = node.attribute("type").as_string(),
                      .mac = lower(node.child("mac").attribute("address").as_string()),
                      .alias = node.child("alias").attribute("name").as_string(),
                      .model = node.child("model").attribute("type").as_string(),
                      .model_line = document.line(node.child("model")),
                      .rom = {},
                      .boot_order = boot_order_of(node),
                      .boot_line = document.line(node.child("boot")),
                      .address_type = node.child("address").attribute("type").as_string()};
  if (nic.model.empty()) {
    nic.model = nic.type == "hostdev" ? "hostdev" : default_model(domain);
    nic.model_line = 0;
  }
  if (const pugi::xml_node rom = node.child("rom")) {
    nic.rom = {.line = document.line(rom),
               .enabled = on_off(rom.attribute("enabled")),
               .bar = on_off(rom.attribute("bar")),
               .file = rom.attribute("file").as_string()};
  }
  return nic;
}

DomainDevice read_device(const XmlDocument& document, pugi::xml_node node) {
  const std::string_view element = node.name();
  DomainDevice device{.what = std::string(element),
                      .kind = "other",
                      .line = document.line(node),
                      .boot_order = boot_order_of(node),
                      .boot_line = document.line(node.child("boot"))};
  if (element != "disk") return device;
  device.kind = node.attribute("device").as_string("disk");
  const pugi::xml_node source = node.child("source");
  std::string from = source.attribute("file").as_string();
  for (const char* name : {"dev", "name", "volume"}) {
    if (from.empty()) from = source.attribute(name).as_string();
  }
  device.what =
      fmt::format("{} {}", device.kind, node.child("target").attribute("dev").as_string());
  if (!from.empty()) device.what += fmt::format(" ({})", from);
  return device;
}

void read_os(const XmlDocument& document, pugi::xml_node os, Domain& domain) {
  domain.os_line = document.line(os);
  domain.firmware_attribute = os.attribute("firmware").as_string();
  const pugi::xml_node type = os.child("type");
  domain.architecture = type.attribute("arch").as_string("x86_64");
  domain.machine = type.attribute("machine").as_string();
  domain.direct_kernel = trimmed(os.child("kernel").text().as_string());
  for (const pugi::xml_node feature : os.child("firmware").children("feature")) {
    domain.firmware_features.push_back({.name = feature.attribute("name").as_string(),
                                        .enabled = on_off(feature.attribute("enabled")) == true,
                                        .line = document.line(feature)});
  }
  if (const pugi::xml_node loader = os.child("loader")) {
    domain.loader = {.line = document.line(loader),
                     .path = trimmed(loader.text().as_string()),
                     .type = loader.attribute("type").as_string(),
                     .secure = on_off(loader.attribute("secure"))};
  }
  if (const pugi::xml_node nvram = os.child("nvram")) {
    domain.nvram = {.line = document.line(nvram),
                    .path = trimmed(nvram.text().as_string()),
                    .template_path = nvram.attribute("template").as_string(),
                    .format = nvram.attribute("format").as_string()};
    if (domain.nvram.path.empty()) {
      domain.nvram.path = nvram.child("source").attribute("file").as_string();
    }
  }
  for (const pugi::xml_node boot : os.children("boot")) {
    domain.boot_devs.push_back(
        {.dev = boot.attribute("dev").as_string(), .line = document.line(boot)});
  }
  const pugi::xml_node smbios = os.child("smbios");
  domain.smbios_from_sysinfo = smbios.attribute("mode").as_string() == std::string_view("sysinfo");
  domain.smbios_line = document.line(smbios);
}

void read_cpu(const XmlDocument& document, pugi::xml_node cpu, Domain& domain) {
  domain.cpu.line = document.line(cpu);
  domain.cpu.model = trimmed(cpu.child("model").text().as_string());
  domain.cpu.mode = cpu.attribute("mode").as_string(domain.cpu.model.empty() ? "" : "custom");
  for (const pugi::xml_node feature : cpu.children("feature")) {
    if (feature.attribute("name").as_string() != std::string_view("rdrand")) continue;
    const std::string_view policy = feature.attribute("policy").as_string("require");
    domain.cpu.rdrand = policy == "require" || policy == "force";
    domain.cpu.rdrand_line = document.line(feature);
  }
}

void read_sysinfo(const XmlDocument& document, pugi::xml_node root, Domain& domain) {
  for (const pugi::xml_node sysinfo : root.children("sysinfo")) {
    for (const pugi::xml_node entry : sysinfo.children("entry")) {
      GuestText text{.name = entry.attribute("name").as_string(),
                     .value = std::nullopt,
                     .line = document.line(entry)};
      if (!entry.attribute("file")) text.value = entry.text().as_string();
      domain.fw_cfg.push_back(std::move(text));
    }
    for (const pugi::xml_node entry : sysinfo.child("oemStrings").children("entry")) {
      domain.oem_strings.push_back(
          {.name = {}, .value = entry.text().as_string(), .line = document.line(entry)});
    }
  }
  for (const pugi::xml_node arg : root.child("qemu:commandline").children("qemu:arg")) {
    domain.command_line.push_back(
        {.name = {}, .value = arg.attribute("value").as_string(), .line = document.line(arg)});
  }
}

void read_devices(const XmlDocument& document, pugi::xml_node devices, Domain& domain) {
  domain.emulator = trimmed(devices.child("emulator").text().as_string());
  int interfaces = 0;
  for (const pugi::xml_node node : devices.children()) {
    if (domain.interfaces.size() + domain.devices.size() >= kDomainDevicesMax) return;
    const std::string_view name = node.name();
    if (name == "interface") {
      domain.interfaces.push_back(read_interface(document, domain, node, ++interfaces));
    } else if (name == "disk" || (name != "controller" && node.child("boot"))) {
      domain.devices.push_back(read_device(document, node));
    } else if (name == "rng" && domain.rng_line == 0 &&
               std::string_view(node.attribute("model").as_string()).starts_with("virtio")) {
      domain.rng_line = document.line(node);
    }
  }
}

}  // namespace

std::string DomainInterface::name() const {
  return fmt::format("interface {} ({}{})", number, mac.empty() ? "" : mac + ", ", model);
}

const FirmwareFeature* Domain::feature(std::string_view wanted) const {
  const auto found = std::ranges::find(firmware_features, wanted, &FirmwareFeature::name);
  return found == firmware_features.end() ? nullptr : &*found;
}

Outcome<Domain> read_domain(const XmlDocument& document) {
  const pugi::xml_node root = document.root();
  if (root.name() != std::string_view("domain")) {
    return failure(fmt::format("line {}: this is <{}>, not a libvirt <domain>", document.line(root),
                               std::string_view(root.name()).substr(0, 40)),
                   "`virsh dumpxml --inactive NAME` prints a domain's XML.");
  }
  Domain domain;
  domain.type = root.attribute("type").as_string();
  if (domain.type != "kvm" && domain.type != "qemu") {
    return failure(
        fmt::format("line {}: a domain of type '{}'; only QEMU's (kvm, qemu) boot "
                    "through the ROMs that this is about",
                    document.line(root), domain.type.substr(0, 40)));
  }
  domain.live_dump = static_cast<bool>(root.attribute("id"));
  domain.name = trimmed(root.child("name").text().as_string());
  if (!root.child("os")) return failure("line 1: the domain has no <os>");
  read_os(document, root.child("os"), domain);
  const pugi::xml_node smm = root.child("features").child("smm");
  domain.smm = smm && on_off(smm.attribute("state")) != false;
  domain.encrypted_memory = static_cast<bool>(root.child("launchSecurity"));
  read_cpu(document, root.child("cpu"), domain);
  read_sysinfo(document, root, domain);
  read_devices(document, root.child("devices"), domain);
  return domain;
}

}  // namespace kedge::host
