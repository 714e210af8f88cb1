// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What a virtual machine consists of, and its translation into QEMU's command line (a pure
// function).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"

namespace kedge::host {

enum class Architecture : std::uint8_t { x86_64, aarch64 };
enum class Accelerator : std::uint8_t { kvm, tcg };

std::string_view architecture_name(Architecture architecture);
Outcome<Architecture> parse_architecture(std::string_view name);
// The architecture this program runs on, x86_64 if that is none of ours.
Architecture host_architecture();
// "qemu-system-x86_64"
std::string qemu_program(Architecture architecture);
// "BOOTX64.EFI": UEFI specification 3.5.1.1, the default file of removable media.
std::string_view removable_media_file(Architecture architecture);

enum class NetworkKind : std::uint8_t {
  user,    // QEMU's own NAT with DHCP, DNS and TFTP
  tap,     // an existing tap interface
  silent,  // link up, nobody answers
};

struct NicSpec {
  std::string model = "virtio-net-pci";
  std::vector<std::string> properties;  // "key=value" for -device
  NetworkKind network = NetworkKind::user;
  std::string tap;  // interface name, for NetworkKind::tap
  std::string mac;  // empty: chosen from the NIC's position
  // Option ROM: empty is none at all, so that the firmware's own driver sees the NIC; "default" is
  // what QEMU ships for the model; anything else is a file.
  std::string rom;
  bool link_up = true;
  std::optional<int> boot_index;
};

// "virtio,mac=52:54:00:00:00:01,tap=tap0,rom=efi-virtio.rom,link=off,boot=1,mrg_rxbuf=off"
Outcome<NicSpec> parse_nic(std::string_view text);
// The NIC's own address, or 52:54:00:12:34:56 plus its position: what QEMU itself would choose.
std::string nic_mac(const NicSpec& nic, std::size_t position);

enum class DriveKind : std::uint8_t { disk, cdrom, usb };

struct DriveSpec {
  DriveKind kind = DriveKind::disk;
  std::filesystem::path file;
  std::string format = "raw";
  bool discard_writes = false;  // writes go to a temporary file of QEMU's
  std::optional<int> boot_index;
};

struct MachineSpec {
  Architecture architecture = Architecture::x86_64;
  Accelerator accelerator = Accelerator::tcg;
  std::filesystem::path program;  // empty: qemu_program() of the search path
  std::string cpu;                // empty: "host" with KVM, "max" with TCG
  int cpus = 1;
  bool entropy_device = true;  // virtio-rng
  int memory_mib = 1024;
  std::filesystem::path firmware_code;
  std::filesystem::path firmware_vars;  // written to: a private copy
  bool secure_boot = false;  // SMM-protected variables, as secure boot builds need on x86
  std::vector<DriveSpec> drives;
  std::vector<NicSpec> nics;
  std::filesystem::path user_tftp_directory;  // NetworkKind::user: what its TFTP server offers
  std::string user_boot_file;                 // NetworkKind::user: DHCP's boot file name
  std::filesystem::path pcap;  // NIC 0; NIC n goes to the same name with "-n" before the extension
  std::vector<std::string> fw_cfg;     // "name=opt/x,string=y" as QEMU takes it
  std::vector<std::string> arguments;  // appended as they are
  bool graphics = false;
  std::string display = "none";
  bool stop_on_reset = false;  // a guest's reset ends the VM
  int serial_descriptor = -1;  // connected sockets that QEMU inherits
  int qmp_descriptor = -1;
};

// Names that the machine's parts have in QMP.
std::string netdev_id(std::size_t position);
std::string nic_id(std::size_t position);
std::filesystem::path pcap_path(const std::filesystem::path& pcap, std::size_t position);

// The whole command, program first.
std::vector<std::string> qemu_command(const MachineSpec& machine);

}  // namespace kedge::host
