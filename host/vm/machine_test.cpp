// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kedge::host {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

MachineSpec machine_with(NicSpec nic) {
  MachineSpec machine;
  machine.firmware_code = "/fw/CODE.fd";
  machine.firmware_vars = "/run/vars.fd";
  machine.nics = {std::move(nic)};
  machine.serial_descriptor = 7;
  machine.qmp_descriptor = 8;
  return machine;
}

// The value of the `index`-th occurrence of `option`.
std::string option(const std::vector<std::string>& command, std::string_view name,
                   std::size_t index = 0) {
  for (std::size_t i = 0; i + 1 < command.size(); ++i) {
    if (command[i] == name && index-- == 0) return command[i + 1];
  }
  return "(none)";
}

TEST(QemuCommand, DescribesAnX86MachineCompletely) {
  const auto command = qemu_command(machine_with({}));
  EXPECT_EQ(command.front(), "qemu-system-x86_64");
  EXPECT_THAT(command, Contains("-nodefaults"));
  EXPECT_THAT(command, Contains("-no-user-config"));
  EXPECT_THAT(command, Contains("-S"));
  EXPECT_EQ(option(command, "-machine"), "q35");
  EXPECT_EQ(option(command, "-accel"), "tcg");
  EXPECT_EQ(option(command, "-cpu"), "max");
  EXPECT_EQ(option(command, "-drive", 0),
            "if=pflash,unit=0,format=raw,readonly=on,file=/fw/CODE.fd");
  EXPECT_EQ(option(command, "-drive", 1), "if=pflash,unit=1,format=raw,file=/run/vars.fd");
  EXPECT_EQ(option(command, "-chardev", 0), "socket,id=serial0,fd=7");
  EXPECT_EQ(option(command, "-chardev", 1), "socket,id=qmp0,fd=8");
  EXPECT_EQ(option(command, "-netdev"), "user,id=net0");
  EXPECT_EQ(option(command, "-device", 1),
            "virtio-net-pci,id=nic0,netdev=net0,mac=52:54:00:12:34:56,romfile=");
}

TEST(QemuCommand, DescribesAnArmMachine) {
  MachineSpec machine = machine_with({});
  machine.architecture = Architecture::aarch64;
  machine.drives.push_back({.kind = DriveKind::cdrom, .file = "a.iso", .boot_index = 0});
  const auto command = qemu_command(machine);
  EXPECT_EQ(command.front(), "qemu-system-aarch64");
  EXPECT_EQ(option(command, "-machine"), "virt");
  EXPECT_EQ(option(command, "-cpu"), "max,pauth-impdef=on");
  EXPECT_THAT(command, Contains("scsi-cd,drive=drive0,bootindex=0"));
}

TEST(QemuCommand, UsesTheHostsCpuWithKvmUnlessToldOtherwise) {
  MachineSpec machine = machine_with({});
  machine.accelerator = Accelerator::kvm;
  EXPECT_EQ(option(qemu_command(machine), "-cpu"), "host");
  machine.cpu = "qemu64";
  EXPECT_EQ(option(qemu_command(machine), "-cpu"), "qemu64");
}

TEST(QemuCommand, ChoosesTheNetworkOfEachNic) {
  MachineSpec machine = machine_with({.network = NetworkKind::silent});
  machine.nics.push_back({.model = "e1000", .network = NetworkKind::tap, .tap = "tap3"});
  const auto command = qemu_command(machine);
  EXPECT_EQ(option(command, "-netdev", 0), "hubport,id=net0,hubid=0");
  EXPECT_EQ(option(command, "-netdev", 1), "tap,id=net1,ifname=tap3,script=no,downscript=no");
  EXPECT_THAT(command, Contains(HasSubstr("e1000,id=nic1,netdev=net1,mac=52:54:00:12:34:57")));
}

TEST(QemuCommand, OffersABootFileOnTheUserNetwork) {
  MachineSpec machine = machine_with({.boot_index = 0});
  machine.user_tftp_directory = "/srv/a,b";
  machine.user_boot_file = "kedge.efi";
  const auto command = qemu_command(machine);
  EXPECT_EQ(option(command, "-netdev"), "user,id=net0,tftp=/srv/a,,b,bootfile=kedge.efi");
  EXPECT_THAT(command, Contains(HasSubstr("romfile=,bootindex=0")));
}

TEST(QemuCommand, LeavesTheRomToQemuOnlyOnRequest) {
  EXPECT_THAT(qemu_command(machine_with({.rom = "default"})), Not(Contains(HasSubstr("romfile"))));
  EXPECT_THAT(qemu_command(machine_with({.rom = "/r.rom"})), Contains(HasSubstr("romfile=/r.rom")));
}

TEST(QemuCommand, DumpsThePacketsOfEachNic) {
  MachineSpec machine = machine_with({});
  machine.nics.emplace_back();
  machine.pcap = "/tmp/boot.pcap";
  const auto command = qemu_command(machine);
  EXPECT_THAT(command, Contains("filter-dump,id=dump0,netdev=net0,file=/tmp/boot.pcap"));
  EXPECT_THAT(command, Contains("filter-dump,id=dump1,netdev=net1,file=/tmp/boot-1.pcap"));
}

TEST(QemuCommand, AttachesDrives) {
  MachineSpec machine = machine_with({});
  machine.drives = {{.file = "d.img", .boot_index = 1},
                    {.kind = DriveKind::cdrom, .file = "c.iso"},
                    {.kind = DriveKind::usb, .file = "u.img", .discard_writes = true}};
  const auto command = qemu_command(machine);
  EXPECT_THAT(command, Contains("if=none,id=drive0,format=raw,file=d.img"));
  EXPECT_THAT(command, Contains("virtio-blk-pci,drive=drive0,bootindex=1"));
  EXPECT_THAT(command, Contains("if=none,id=drive1,format=raw,media=cdrom,readonly=on,file=c.iso"));
  EXPECT_THAT(command, Contains("ide-cd,drive=drive1"));
  EXPECT_THAT(command, Contains("if=none,id=drive2,format=raw,snapshot=on,file=u.img"));
  EXPECT_THAT(command, Contains("usb-storage,bus=storage-usb.0,removable=on,drive=drive2"));
}

TEST(QemuCommand, SecureBootProtectsTheVariables) {
  MachineSpec machine = machine_with({});
  machine.secure_boot = true;
  const auto command = qemu_command(machine);
  EXPECT_EQ(option(command, "-machine"), "q35,smm=on");
  EXPECT_THAT(command, Contains("driver=cfi.pflash01,property=secure,value=on"));
}

TEST(QemuCommand, EndsWithTheUsersArguments) {
  MachineSpec machine = machine_with({});
  machine.fw_cfg = {"name=opt/kedge/script,string=x"};
  machine.arguments = {"-s"};
  const auto command = qemu_command(machine);
  EXPECT_EQ(option(command, "-fw_cfg"), "name=opt/kedge/script,string=x");
  EXPECT_EQ(command.back(), "-s");
}

TEST(ParseNic, ReadsModelSettingsAndProperties) {
  const auto nic =
      parse_nic("virtio-modern,mac=52:54:00:00:00:09,rom=a.rom,link=off,boot=2,mtu=9000");
  ASSERT_TRUE(nic);
  EXPECT_EQ(nic->model, "virtio-net-pci");
  EXPECT_EQ(nic->mac, "52:54:00:00:00:09");
  EXPECT_EQ(nic->rom, "a.rom");
  EXPECT_FALSE(nic->link_up);
  EXPECT_EQ(nic->boot_index, 2);
  EXPECT_EQ(nic->properties, (std::vector<std::string>{"disable-legacy=on", "mtu=9000"}));
}

TEST(ParseNic, ReadsTheNetwork) {
  EXPECT_EQ(parse_nic("e1000").value().network, NetworkKind::user);
  EXPECT_EQ(parse_nic("e1000,net=silent").value().network, NetworkKind::silent);
  EXPECT_EQ(parse_nic("e1000,tap=tap0").value().tap, "tap0");
  EXPECT_EQ(parse_nic("e1000,rom=none").value().rom, "");
}

TEST(ParseNic, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"", "mac=52:54:00:00:00:01", "virtio,fast", "virtio,net=bridge",
                           "virtio,link=maybe", "virtio,boot=first", "virtio,boot="}) {
    EXPECT_FALSE(parse_nic(text)) << text;
  }
}

TEST(Architectures, HaveTwoNamesEach) {
  EXPECT_EQ(parse_architecture("amd64").value(), Architecture::x86_64);
  EXPECT_EQ(parse_architecture("aarch64").value(), Architecture::aarch64);
  EXPECT_FALSE(parse_architecture("riscv64"));
}

}  // namespace
}  // namespace kedge::host
