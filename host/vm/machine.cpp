// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/machine.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace kedge::host {
namespace {

struct ModelAlias {
  std::string_view alias;
  std::string_view model;
  std::string_view property;  // empty: none
};

constexpr std::array kModelAliases = {
    ModelAlias{"virtio", "virtio-net-pci", ""},
    // On the root bus QEMU makes a transitional device (1af4:1000); this is 1af4:1041.
    ModelAlias{"virtio-modern", "virtio-net-pci", "disable-legacy=on"},
    ModelAlias{"virtio-legacy", "virtio-net-pci", "disable-modern=on"},
};

// A comma in a value of QEMU's option syntax is doubled.
std::string escape(const std::filesystem::path& path) {
  std::string text;
  for (const char c : path.string()) {
    text += c;
    if (c == ',') text += ',';
  }
  return text;
}

std::string boot_index(const std::optional<int>& index) {
  return index ? fmt::format(",bootindex={}", *index) : std::string();
}

Outcome<void> apply_nic_setting(NicSpec& nic, std::string_view key, std::string_view value) {
  const std::string text(value);
  if (key == "mac") {
    nic.mac = text;
  } else if (key == "rom") {
    nic.rom = text == "none" ? std::string() : text;
  } else if (key == "tap") {
    nic.network = NetworkKind::tap;
    nic.tap = text;
  } else if (key == "net" && value == "user") {
    nic.network = NetworkKind::user;
  } else if (key == "net" && value == "silent") {
    nic.network = NetworkKind::silent;
  } else if (key == "net") {
    return failure(fmt::format("net={} is none of the networks of --nic", value),
                   "use net=user, net=silent or tap=INTERFACE");
  } else if (key == "link" && (value == "on" || value == "off")) {
    nic.link_up = value == "on";
  } else if (key == "boot" && !value.empty() &&
             value.find_first_not_of("0123456789") == std::string_view::npos && value.size() < 5) {
    nic.boot_index = std::stoi(text);
  } else if (key == "link" || key == "boot") {
    return failure(fmt::format("bad value in --nic ...,{}={}", key, value),
                   "use link=on, link=off, boot=NUMBER");
  } else {
    nic.properties.push_back(fmt::format("{}={}", key, value));
  }
  return {};
}

void add_machine(const MachineSpec& machine, std::vector<std::string>& out) {
  const bool x86 = machine.architecture == Architecture::x86_64;
  const bool kvm = machine.accelerator == Accelerator::kvm;
  std::string type = x86 ? "q35" : "virt";
  if (machine.secure_boot && x86) type += ",smm=on";
  std::string cpu = machine.cpu;
  if (cpu.empty()) cpu = kvm ? "host" : "max";
  // Emulating the architected pointer authentication algorithm costs more than all the rest.
  if (machine.cpu.empty() && !kvm && !x86) cpu += ",pauth-impdef=on";
  out.insert(out.end(), {"-no-user-config", "-nodefaults", "-machine", type, "-accel",
                         kvm ? "kvm" : "tcg", "-cpu", cpu, "-smp", std::to_string(machine.cpus),
                         "-m", std::to_string(machine.memory_mib)});
  if (machine.secure_boot && x86) {
    out.insert(out.end(), {"-global", "driver=cfi.pflash01,property=secure,value=on", "-global",
                           "ICH9-LPC.disable_s3=1"});
  }
  out.insert(out.end(),
             {"-drive",
              fmt::format("if=pflash,unit=0,format=raw,readonly=on,file={}",
                          escape(machine.firmware_code)),
              "-drive",
              fmt::format("if=pflash,unit=1,format=raw,file={}", escape(machine.firmware_vars))});
  if (machine.entropy_device) {
    out.insert(out.end(), {"-object", "rng-random,id=rng0,filename=/dev/urandom", "-device",
                           "virtio-rng-pci,rng=rng0"});
  }
  if (machine.stop_on_reset) out.emplace_back("-no-reboot");
}

void add_consoles(const MachineSpec& machine, std::vector<std::string>& out) {
  out.insert(
      out.end(),
      {"-chardev", fmt::format("socket,id=serial0,fd={}", machine.serial_descriptor), "-serial",
       "chardev:serial0", "-chardev", fmt::format("socket,id=qmp0,fd={}", machine.qmp_descriptor),
       "-mon", "chardev=qmp0,mode=control", "-display", machine.display});
  if (!machine.graphics) return;
  const bool x86 = machine.architecture == Architecture::x86_64;
  out.insert(out.end(), {"-device", x86 ? "VGA" : "virtio-gpu-pci", "-device", "qemu-xhci,id=usb0",
                         "-device", "usb-kbd,bus=usb0.0"});
}

void add_drives(const MachineSpec& machine, std::vector<std::string>& out) {
  bool scsi = false;
  bool usb = false;
  for (std::size_t i = 0; i < machine.drives.size(); ++i) {
    const DriveSpec& drive = machine.drives[i];
    const bool cdrom = drive.kind == DriveKind::cdrom;
    out.insert(out.end(),
               {"-drive", fmt::format("if=none,id=drive{},format={},{}file={}", i, drive.format,
                                      cdrom                  ? "media=cdrom,readonly=on,"
                                      : drive.discard_writes ? "snapshot=on,"
                                                             : "",
                                      escape(drive.file))});
    std::string device;
    if (drive.kind == DriveKind::disk) {
      device = "virtio-blk-pci";
    } else if (drive.kind == DriveKind::usb) {
      if (!std::exchange(usb, true)) {
        out.insert(out.end(), {"-device", "qemu-xhci,id=storage-usb"});
      }
      device = "usb-storage,bus=storage-usb.0,removable=on";
    } else if (machine.architecture == Architecture::x86_64) {
      device = "ide-cd";
    } else {  // the virt machine has no IDE
      if (!std::exchange(scsi, true)) out.insert(out.end(), {"-device", "virtio-scsi-pci"});
      device = "scsi-cd";
    }
    out.insert(out.end(), {"-device", fmt::format("{},drive=drive{}{}", device, i,
                                                  boot_index(drive.boot_index))});
  }
}

void add_network(const MachineSpec& machine, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < machine.nics.size(); ++i) {
    const NicSpec& nic = machine.nics[i];
    std::string backend;
    switch (nic.network) {
      case NetworkKind::user:
        backend = "user";
        if (!machine.user_tftp_directory.empty()) {
          backend += fmt::format(",tftp={}", escape(machine.user_tftp_directory));
        }
        if (!machine.user_boot_file.empty()) {
          backend += fmt::format(",bootfile={}", escape(machine.user_boot_file));
        }
        break;
      case NetworkKind::tap:
        backend = fmt::format("tap,ifname={},script=no,downscript=no", nic.tap);
        break;
      case NetworkKind::silent:
        backend = fmt::format("hubport,hubid={}", i);
        break;
    }
    const auto comma = std::min(backend.find(','), backend.size());
    out.insert(out.end(), {"-netdev", fmt::format("{},id={}{}", backend.substr(0, comma),
                                                  netdev_id(i), backend.substr(comma))});
    std::string device = fmt::format("{},id={},netdev={},mac={}", nic.model, nic_id(i),
                                     netdev_id(i), nic_mac(nic, i));
    if (nic.rom != "default") device += fmt::format(",romfile={}", escape(nic.rom));
    device += boot_index(nic.boot_index);
    for (const std::string& property : nic.properties) device += fmt::format(",{}", property);
    out.insert(out.end(), {"-device", device});
    if (!machine.pcap.empty()) {
      out.insert(out.end(),
                 {"-object", fmt::format("filter-dump,id=dump{},netdev={},file={}", i, netdev_id(i),
                                         escape(pcap_path(machine.pcap, i)))});
    }
  }
}

}  // namespace

std::string_view architecture_name(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "x86_64" : "aarch64";
}

Outcome<Architecture> parse_architecture(std::string_view name) {
  if (name == "x86_64" || name == "amd64") return Architecture::x86_64;
  if (name == "aarch64" || name == "arm64") return Architecture::aarch64;
  return failure(fmt::format("unknown architecture '{}'", name), "use x86_64 or aarch64");
}

Architecture host_architecture() {
#if defined(__aarch64__)
  return Architecture::aarch64;
#else
  return Architecture::x86_64;
#endif
}

std::string qemu_program(Architecture architecture) {
  return fmt::format("qemu-system-{}", architecture_name(architecture));
}

std::string_view removable_media_file(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "BOOTX64.EFI" : "BOOTAA64.EFI";
}

Outcome<NicSpec> parse_nic(std::string_view text) {
  NicSpec nic;
  bool first = true;
  while (first || !text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view field = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t equals = field.find('=');
    if (std::exchange(first, false)) {
      if (field.empty() || equals != std::string_view::npos) {
        return failure(
            fmt::format("--nic must begin with a NIC model, not with '{}'", field),
            "for example: --nic virtio,mac=52:54:00:00:00:01 or --nic e1000,rom=default");
      }
      nic.model = field;
      for (const ModelAlias& known : kModelAliases) {
        if (known.alias != field) continue;
        nic.model = known.model;
        if (!known.property.empty()) nic.properties.emplace_back(known.property);
      }
      continue;
    }
    if (equals == std::string_view::npos) {
      return failure(fmt::format("'{}' in --nic is not of the form key=value", field));
    }
    KEDGE_HOST_CHECK(apply_nic_setting(nic, field.substr(0, equals), field.substr(equals + 1)));
  }
  return nic;
}

std::string nic_mac(const NicSpec& nic, std::size_t position) {
  if (!nic.mac.empty()) return nic.mac;
  return fmt::format("52:54:00:12:34:{:02x}", (0x56 + position) & 0xff);
}

std::string netdev_id(std::size_t position) {
  return fmt::format("net{}", position);
}
std::string nic_id(std::size_t position) {
  return fmt::format("nic{}", position);
}

std::filesystem::path pcap_path(const std::filesystem::path& pcap, std::size_t position) {
  if (position == 0) return pcap;
  auto path = pcap;
  path.replace_filename(
      fmt::format("{}-{}{}", pcap.stem().string(), position, pcap.extension().string()));
  return path;
}

std::vector<std::string> qemu_command(const MachineSpec& machine) {
  std::vector<std::string> out = {
      machine.program.empty() ? qemu_program(machine.architecture) : machine.program.string(),
      "-name", "kedge"};
  // The CPUs wait for QMP's "cont", so that nothing happens before we listen.
  out.emplace_back("-S");
  add_machine(machine, out);
  add_consoles(machine, out);
  add_drives(machine, out);
  add_network(machine, out);
  if (machine.nics.empty()) out.insert(out.end(), {"-nic", "none"});
  for (const std::string& item : machine.fw_cfg) out.insert(out.end(), {"-fw_cfg", item});
  out.insert(out.end(), machine.arguments.begin(), machine.arguments.end());
  return out;
}

}  // namespace kedge::host
