// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What a libvirt domain's XML says about booting from the network.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/xml_document.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kDomainDevicesMax = 4096;

struct RomElement {
  int line = 0;                 // 0: there is none
  std::optional<bool> enabled;  // <rom enabled=''/>
  std::optional<bool> bar;      // <rom bar=''/>
  std::string file;             // <rom file=''/>
};

struct DomainInterface {
  int number = 0;  // 1 is the first in the XML
  int line = 0;
  std::string type;    // "network", "hostdev", ...
  std::string mac;     // in lower case
  std::string alias;   // without libvirt's "ua-" nothing that a person has chosen
  std::string model;   // as libvirt calls it; libvirt's default where the XML has none
  int model_line = 0;  // 0: the default
  RomElement rom;
  unsigned boot_order = 0;  // 0: none
  int boot_line = 0;
  std::string address_type;  // "pci", "virtio-mmio", ... ; may be empty

  // "interface 1 (52:54:00:11:22:33, virtio)"
  std::string name() const;
};

// A disk or another device with <boot order=''/>, or a place that <boot dev=''/> may mean.
struct DomainDevice {
  std::string what;  // "disk vda (/var/lib/.../disk.qcow2)", "cdrom sda"
  std::string kind;  // "disk", "cdrom", "floppy", "other"
  int line = 0;
  unsigned boot_order = 0;
  int boot_line = 0;
};

struct BootDev {
  std::string dev;  // "network", "hd", "cdrom", "fd"
  int line = 0;
};

struct Loader {
  int line = 0;  // 0: no <loader>
  std::string path;
  std::string type;  // "pflash", "rom", or empty
  std::optional<bool> secure;
};

struct Nvram {
  int line = 0;  // 0: no <nvram>
  std::string path;
  std::string template_path;
  std::string format;  // empty: raw
};

struct FirmwareFeature {
  std::string name;  // "secure-boot", "enrolled-keys"
  bool enabled = false;
  int line = 0;
};

struct CpuElement {
  int line = 0;  // 0: no <cpu>
  std::string mode;
  std::string model;
  std::optional<bool> rdrand;  // a <feature name='rdrand'/> decides
  int rdrand_line = 0;
};

// A text that the guest's firmware can read: an entry of fw_cfg or an SMBIOS OEM string.
struct GuestText {
  std::string name;                  // fw_cfg: the file's name
  std::optional<std::string> value;  // none: its content is in a file that was not read
  int line = 0;
};

struct Domain {
  std::string name;
  std::string type;  // "kvm", "qemu"
  std::string architecture;
  std::string machine;
  std::string emulator;
  bool live_dump = false;          // <domain id=''>: what a running domain has, not what is defined
  std::string firmware_attribute;  // <os firmware='efi'>
  int os_line = 0;
  std::vector<FirmwareFeature> firmware_features;
  Loader loader;
  Nvram nvram;
  std::string direct_kernel;  // <os><kernel>
  std::vector<BootDev> boot_devs;
  bool smm = false;
  bool encrypted_memory = false;  // <launchSecurity type='sev'...>
  CpuElement cpu;
  int rng_line = 0;  // the first <rng model='virtio'>; 0: none
  bool smbios_from_sysinfo = false;
  int smbios_line = 0;
  std::vector<GuestText> fw_cfg;
  std::vector<GuestText> oem_strings;
  std::vector<GuestText> command_line;  // arguments of <qemu:commandline>
  std::vector<DomainInterface> interfaces;
  std::vector<DomainDevice> devices;

  const FirmwareFeature* feature(std::string_view wanted) const;
  bool is_x86() const { return architecture == "x86_64" || architecture == "i686"; }
  // Kedge's ROMs find the device on this machine.
  bool kedge_reads_fw_cfg() const { return is_x86() || architecture == "aarch64"; }
};

// The failure names the line.
Outcome<Domain> read_domain(const XmlDocument& document);

}  // namespace kedge::host
