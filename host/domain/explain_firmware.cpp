// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Which firmware a domain starts with, what is in it, and its variables.
#include <fmt/format.h>

#include "domain/device_path.h"
#include "domain/explain.h"
#include "domain/qcow2.h"

namespace kedge::host {
namespace {

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string xml_line(int line) {
  return fmt::format("XML line {}", line);
}

// <loader> names a file. What it is, the descriptors or the file itself tell.
void take_loader(const Domain& domain, const HostFacts& host, FirmwareReport& report) {
  report.file = domain.loader.path;
  report.chosen = {.text = base_name(report.file), .source = xml_line(domain.loader.line)};
  const FirmwareDescriptor* const descriptor = describe_loader(host.descriptors, report.file);
  if (descriptor != nullptr) {
    report.kind = descriptor->is_uefi() ? FirmwareKind::uefi : FirmwareKind::bios;
    report.chosen.source += "; described by " + descriptor->file;
  } else if (domain.loader.type == "pflash") {
    report.kind = FirmwareKind::uefi;
    report.chosen.source += ": flash memory, which is for UEFI";
  }
}

// <os firmware='efi'>: libvirt chooses when the domain is defined or started.
void take_automatic(const Domain& domain, const HostFacts& host, FirmwareReport& report) {
  report.kind = domain.firmware_attribute == "efi" ? FirmwareKind::uefi : FirmwareKind::bios;
  const std::string asked =
      fmt::format("{}: firmware='{}'", xml_line(domain.os_line), domain.firmware_attribute);
  const FirmwareDescriptor* const found = choose_firmware(host.descriptors, domain);
  if (found == nullptr) {
    report.chosen = {
        .text = "libvirt finds no firmware for it here",
        .source =
            asked + (host.files_are_here ? "; none of the descriptors in /usr/share/qemu/firmware "
                                           "and /etc/qemu/firmware fits"
                                         : "; the descriptors are on the other machine")};
    return;
  }
  report.file = found->executable;
  report.chosen = {.text = base_name(report.file),
                   .source = fmt::format("{}; libvirt's first choice is {}", asked, found->file)};
}

void choose(const Domain& domain, const HostFacts& host, FirmwareReport& report) {
  if (!domain.loader.path.empty()) {
    take_loader(domain, host, report);
  } else if (!domain.firmware_attribute.empty()) {
    take_automatic(domain, host, report);
  } else if (domain.is_x86()) {
    report.kind = FirmwareKind::bios;
    report.chosen = {.text = "SeaBIOS",
                     .source = fmt::format("{}: <os> names no firmware, and that is QEMU's default",
                                           xml_line(domain.os_line))};
  } else {
    report.kind = FirmwareKind::none;
    report.chosen = {.text = "no firmware",
                     .source = fmt::format("{}: <os> names none", xml_line(domain.os_line))};
  }
}

void read_image(const HostFacts& host, FirmwareReport& report) {
  if (report.file.empty() || !host.files_are_here) return;
  const auto file = read_regular_file(report.file, kFirmwareBytesMax);
  if (!file) {
    report.content = {.text = "its content is not known", .source = file.error().what};
    return;
  }
  const bool packed = is_qcow2(as_byte_view(*file));
  const auto unpacked =
      packed ? read_qcow2(as_byte_view(*file), kFirmwareBytesMax) : Outcome<std::string>("");
  if (!unpacked) {
    report.content = {.text = "its content is not known",
                      .source = report.file + ": " + unpacked.error().what};
    return;
  }
  const ByteView bytes = as_byte_view(packed ? *unpacked : *file);
  if (report.kind == FirmwareKind::unknown) {
    const bool uefi = is_firmware_image(bytes);
    report.kind = uefi ? FirmwareKind::uefi : FirmwareKind::bios;
    report.chosen.source +=
        uefi ? ": the file has a UEFI firmware volume" : ": the file has no UEFI firmware volume";
  }
  if (report.kind != FirmwareKind::uefi) return;
  auto image = read_firmware_image(bytes);
  if (!image) {
    report.content = {.text = "its content is not known",
                      .source = report.file + ": " + image.error().what};
    return;
  }
  std::string text = image->version.empty() ? "edk2" : "edk2 " + image->version;
  if (image->has_network()) {
    text += ", network stack:";
    struct Part {
      const char* driver;
      const char* name;
    };
    constexpr Part kParts[] = {{"UefiPxeBcDxe", " PXE"},
                               {"HttpBootDxe", " HTTP"},
                               {"Ip6Dxe", " IPv6"},
                               {"TlsDxe", " TLS"}};
    for (const Part& part : kParts) {
      if (image->has(part.driver)) text += part.name;
    }
  } else {
    text += ", no network stack";
  }
  text += image->has("VirtioNetDxe") ? "; driver for virtio-net" : "; no driver for any NIC";
  if (image->stack_needs_random) text += "; needs a random number generator";
  report.content = {.text = std::move(text),
                    .source = fmt::format("{} files in the firmware volumes of {}",
                                          image->drivers.size(), report.file)};
  report.image = *std::move(image);
}

// The domain's variables, or the template that they will be made from.
void read_variables(const Domain& domain, const HostFacts& host, FirmwareReport& report) {
  if (report.kind != FirmwareKind::uefi || !host.files_are_here) return;
  std::string origin;
  std::string path = domain.nvram.path;
  if (!path.empty()) origin = xml_line(domain.nvram.line);
  if (path.empty() && !host.nvram_directory.empty()) {
    path = (host.nvram_directory / (domain.name + "_VARS.fd")).string();
    origin = "libvirt's place for them";
  }
  std::error_code ignored;
  const bool fresh = !std::filesystem::exists(path, ignored);
  if (fresh) {
    path = domain.nvram.template_path;
    if (path.empty()) {
      const FirmwareDescriptor* const descriptor = describe_loader(host.descriptors, report.file);
      const FirmwareDescriptor* const chosen =
          domain.loader.path.empty() ? choose_firmware(host.descriptors, domain) : descriptor;
      if (chosen != nullptr) path = chosen->nvram_template;
    }
    origin = "not made yet; libvirt copies this template at the first start";
  }
  if (path.empty()) {
    report.variables_fact = {.text = "no variable store is known", .source = "XML: no <nvram>"};
    return;
  }
  report.variables_file = path;
  const auto file = read_regular_file(path, kVariableStoreBytesMax);
  auto store = file ? parse_variable_store(as_byte_view(*file)) : std::unexpected(file.error());
  if (!store) {
    report.variables_fact = {.text = "the variables cannot be read",
                             .source = fmt::format("{}: {}", path, store.error().what)};
    return;
  }
  report.variables_fact = {
      .text =
          fmt::format("{} variables{}", store->variables.size(),
                      store->from_spare ? ", from the spare area (a write was interrupted)" : ""),
      .source = fmt::format("{} ({}), {}", path, origin, store->form)};
  report.variables = *std::move(store);
}

// Secure Boot is on when the firmware has it, keys are enrolled and nobody switched it off.
void decide_secure_boot(const Domain& domain, const HostFacts& host, FirmwareReport& report) {
  if (report.kind != FirmwareKind::uefi) return;
  if (report.variables) {
    constexpr std::string_view kEnableVendor = "f0a30bc7-af08-4556-99c4-001009c93a44";
    const EfiVariable* const key = report.variables->find("PK");
    const EfiVariable* const enable = report.variables->find("SecureBootEnable", kEnableVendor);
    const bool keys = key != nullptr && !key->data.empty();
    const bool off = enable != nullptr && enable->data == std::string(1, '\0');
    const FirmwareDescriptor* const descriptor = describe_loader(host.descriptors, report.file);
    const bool capable = descriptor == nullptr || descriptor->has("secure-boot");
    report.secure_boot = keys && !off && capable;
    report.secure_boot_fact = {
        .text = *report.secure_boot ? "Secure Boot on" : "Secure Boot off",
        .source = fmt::format("{}: {}", report.variables_file,
                              !keys     ? "no platform key (PK)"
                              : off     ? "a platform key, but SecureBootEnable is 0"
                              : capable ? "a platform key (PK)"
                                        : "a platform key, but this firmware has no Secure Boot")};
    return;
  }
  const FirmwareDescriptor* const descriptor = describe_loader(host.descriptors, report.file);
  if (descriptor != nullptr && !descriptor->has("secure-boot")) {
    report.secure_boot = false;
    report.secure_boot_fact = {.text = "Secure Boot off",
                               .source = descriptor->file + ": no feature secure-boot"};
  } else if (descriptor != nullptr && descriptor->has("enrolled-keys")) {
    report.secure_boot = true;
    report.secure_boot_fact = {.text = "Secure Boot on",
                               .source = descriptor->file + ": feature enrolled-keys"};
  } else if (domain.loader.secure == true) {
    report.secure_boot_fact = {.text = "Secure Boot not known",
                               .source = "the variables, which hold the keys, cannot be read"};
  }
}

}  // namespace

std::string_view firmware_kind_name(FirmwareKind kind) {
  switch (kind) {
    case FirmwareKind::uefi:
      return "UEFI";
    case FirmwareKind::bios:
      return "BIOS";
    case FirmwareKind::none:
      return "none";
    case FirmwareKind::unknown:
      break;
  }
  return "unknown";
}

FirmwareReport explain_firmware(const Domain& domain, const HostFacts& host) {
  FirmwareReport report;
  choose(domain, host, report);
  read_image(host, report);
  read_variables(domain, host, report);
  decide_secure_boot(domain, host, report);
  return report;
}

}  // namespace kedge::host
