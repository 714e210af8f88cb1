// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// For the tests of host/domain: a machine with ROMs of every kind, and domains to ask about.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "domain/explain.h"
#include "image/image_test_files.h"
#include "rom/rom_build.h"
#include "support/file.h"

namespace kedge::host {

// Debian's: a BIOS image, and a UEFI driver for x86_64 that takes over.
inline constexpr const char* kTakeoverRom = "/usr/lib/ipxe/qemu/efi-virtio.rom";
inline constexpr const char* kBiosRom = "/usr/lib/ipxe/qemu/pxe-virtio.rom";

class TestHost {
 public:
  TestHost() : directory_(TempDir::create("kedge-domain")) {
    facts.qemu_version = "7.2.22";
    facts.rom_directories = {"/usr/lib/ipxe/qemu"};
    facts.cpu_has_rdrand = true;
  }
  std::string path(const std::string& name) const { return (directory_->path() / name).string(); }
  std::string write(const std::string& name, std::string_view content) const {
    EXPECT_TRUE(write_file(path(name), content));
    return path(name);
  }
  // A ROM with a UEFI driver for the machine. `marker` is what Kedge's images say of themselves.
  std::string efi_rom(const std::string& name, image::Machine machine,
                      std::size_t bytes = 256U << 10, std::string_view marker = {}) const {
    std::string driver =
        image::make_pe({.machine = machine, .subsystem = 0x0b, .file_bytes = 0x3000});
    if (!marker.empty()) driver += std::string(marker) + std::string(1, '\0');
    const RomRecipe recipe{
        .vendor = 0x1af4, .devices = {0x1000}, .drivers = {std::move(driver)}, .size = bytes};
    return write(name, build_rom(recipe).value_or(std::string()));
  }
  // One of Kedge's with a run-time choice.
  std::string kedge_rom(const std::string& name, const std::string& personality,
                        image::Machine machine = image::Machine::x86_64) const {
    return efi_rom(name, machine, 256U << 10,
                   fmt::format("KEDGE-IMAGE/1 version=0.1.0 configuration=qemu personality={} "
                               "choice=run-time ids=1af4:1041,1af4:1000",
                               personality));
  }

  HostFacts facts;

 private:
  Outcome<TempDir> directory_;
};

// Elements of <domain>: an option for Kedge ("url", "http://a/"; "url=http://a/") by its channel.
inline std::string fw_cfg(const char* key, const char* value) {
  return fmt::format("<sysinfo type='fwcfg'><entry name='opt/org.kedge/{}'>{}</entry></sysinfo>",
                     key, value);
}
inline std::string oem_string(const char* text) {
  return fmt::format(
      "<sysinfo type='smbios'><oemStrings><entry>kedge:{}</entry></oemStrings></sysinfo>", text);
}

struct TestDomain {
  std::string architecture = "x86_64";
  std::string machine = "pc-q35-7.2";
  std::string type = "kvm";
  std::string os;    // further elements of <os>
  std::string more;  // further elements of <domain>
  std::string devices;

  std::string xml() const {
    return fmt::format(
        "<domain type='{}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
        "  <name>test</name>\n  <os>\n    <type arch='{}' machine='{}'>hvm</type>\n    {}\n  "
        "</os>\n"
        "  {}\n  <devices>\n    {}\n  </devices>\n</domain>\n",
        type, architecture, machine, os, more, devices);
  }
  Domain read() const {
    const auto document = XmlDocument::parse(xml());
    EXPECT_TRUE(document) << document.error().what;
    auto domain = read_domain(*document);
    EXPECT_TRUE(domain) << domain.error().what;
    return domain ? *std::move(domain) : Domain();
  }
};

// "<interface ...>" with the model and what else it has.
inline std::string nic(const std::string& model, const std::string& more = {},
                       const std::string& mac = "52:54:00:00:00:01") {
  return fmt::format(
      "<interface type='network'><mac address='{}'/><model type='{}'/>{}</interface>\n", mac, model,
      more);
}

inline FirmwareReport bios_firmware() {
  return {.kind = FirmwareKind::bios, .chosen = {.text = "SeaBIOS", .source = "test"}};
}

// OVMF with PXE, HTTP boot and VirtioNetDxe.
inline FirmwareReport uefi_firmware() {
  FirmwareReport report{.kind = FirmwareKind::uefi, .chosen = {.text = "OVMF", .source = "test"}};
  report.image =
      FirmwareImage{.drivers = {"MnpDxe", "Ip4Dxe", "UefiPxeBcDxe", "HttpBootDxe", "VirtioNetDxe"}};
  report.secure_boot = false;
  return report;
}

inline std::vector<std::string> warning_ids(const Explanation& explanation) {
  std::vector<std::string> ids;
  ids.reserve(explanation.warnings.size());
  for (const Warning& warning : explanation.warnings) ids.push_back(warning.id);
  return ids;
}

}  // namespace kedge::host
