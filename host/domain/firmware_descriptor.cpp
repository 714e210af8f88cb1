// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/firmware_descriptor.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "domain/json_input.h"
#include "support/file.h"

namespace kedge::host {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const json& item : *found) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

const json& child_of(const json& object, const char* key) {
  static const json kNone = json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kNone;
}

// libvirt resolves QEMU's aliases before it compares: "pc-q35-*" is to fit "q35".
bool machine_fits(const std::string& pattern, const std::string& machine) {
  std::string full = machine;
  if (machine == "q35") full = "pc-q35-0";
  if (machine == "pc") full = "pc-i440fx-0";
  if (machine == "virt") full = "virt-0";
  return fnmatch(pattern.c_str(), machine.c_str(), 0) == 0 ||
         fnmatch(pattern.c_str(), full.c_str(), 0) == 0;
}

bool suits(const FirmwareDescriptor& firmware, const Domain& domain) {
  const bool want_uefi = domain.firmware_attribute != "bios";
  if (firmware.is_uefi() != want_uefi) return false;
  if (!want_uefi && !firmware.is_bios()) return false;
  if (!firmware.fits(domain.architecture, domain.machine)) return false;
  const bool secure_boot = firmware.has("secure-boot");
  const bool enrolled = firmware.has("enrolled-keys");
  if (const auto* wish = domain.feature("secure-boot"); wish && wish->enabled != secure_boot) {
    return false;
  }
  if (const auto* wish = domain.feature("enrolled-keys"); wish && wish->enabled != enrolled) {
    return false;
  }
  if (domain.loader.secure && *domain.loader.secure != firmware.has("requires-smm")) return false;
  return true;
}

}  // namespace

bool FirmwareDescriptor::has(std::string_view feature) const {
  return std::ranges::find(features, feature) != features.end();
}

bool FirmwareDescriptor::is_uefi() const {
  return std::ranges::find(interfaces, "uefi") != interfaces.end();
}

bool FirmwareDescriptor::is_bios() const {
  return std::ranges::find(interfaces, "bios") != interfaces.end();
}

bool FirmwareDescriptor::fits(std::string_view architecture, std::string_view machine) const {
  const std::string name(machine);
  return std::ranges::any_of(targets, [&](const FirmwareTarget& target) {
    return target.architecture == architecture &&
           std::ranges::any_of(target.machines, [&name](const std::string& pattern) {
             return machine_fits(pattern, name);
           });
  });
}

Outcome<FirmwareDescriptor> parse_descriptor(std::string_view text, std::string file) {
  KEDGE_HOST_TRY(const json root, parse_json(text, kDescriptorBytesMax, kJsonDepthMax));
  if (!root.is_object()) return failure("a firmware descriptor is a JSON object");
  const json& mapping = child_of(root, "mapping");
  const json& executable = child_of(mapping, "executable");
  FirmwareDescriptor found{
      .file = std::move(file),
      .description = text_of(root, "description"),
      .interfaces = texts_of(root, "interface-types"),
      .device = text_of(mapping, "device"),
      .executable = text_of(executable, "filename"),
      .executable_format = text_of(executable, "format"),
      .nvram_template = text_of(child_of(mapping, "nvram-template"), "filename"),
      .targets = {},
      .features = texts_of(root, "features")};
  if (found.executable.empty()) found.executable = text_of(mapping, "filename");  // memory, kernel
  if (const auto targets = root.find("targets"); targets != root.end() && targets->is_array()) {
    for (const json& target : *targets) {
      if (!target.is_object()) continue;
      found.targets.push_back({.architecture = text_of(target, "architecture"),
                               .machines = texts_of(target, "machines")});
    }
  }
  if (found.interfaces.empty() || found.executable.empty()) {
    return failure("no firmware descriptor: interface-types or the file's name is missing");
  }
  return found;
}

DescriptorSet read_descriptors(const std::vector<std::filesystem::path>& directories) {
  std::map<std::string, std::filesystem::path> files;  // by name, as they are tried
  for (const auto& directory : directories) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
      if (files.size() >= kDescriptorsMax) break;
      if (entry.path().extension() == ".json") files[entry.path().filename()] = entry.path();
    }
  }
  DescriptorSet set;
  for (const auto& [name, path] : files) {
    const auto text = read_file_head(path, kDescriptorBytesMax + 1);
    if (text && text->empty()) continue;
    auto one = text ? parse_descriptor(*text, path) : std::unexpected(text.error());
    if (one) {
      set.descriptors.push_back(*std::move(one));
    } else {
      set.problems.push_back(fmt::format("{}: {}", path.string(), one.error().what));
    }
  }
  return set;
}

const FirmwareDescriptor* choose_firmware(const DescriptorSet& set, const Domain& domain) {
  const auto found = std::ranges::find_if(
      set.descriptors, [&domain](const auto& firmware) { return suits(firmware, domain); });
  return found == set.descriptors.end() ? nullptr : &*found;
}

const FirmwareDescriptor* describe_loader(const DescriptorSet& set, std::string_view path) {
  const auto found = std::ranges::find(set.descriptors, path, &FirmwareDescriptor::executable);
  return found == set.descriptors.end() ? nullptr : &*found;
}

}  // namespace kedge::host
