// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge domain` with a real libvirtd: what it says beforehand is what the VM then does.
#include <gmock/gmock.h>

#include "tests/e2e/libvirt_domain.h"

namespace kedge::host::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Scenarios 2 and 3: QEMU's default ROM is iPXE's; with --rom off the firmware's own PXE boots, and
// loads kedge.efi.
TEST_F(LibvirtDomain, SaysWhoBootsAndChangesIt) {
  const auto payload = serve_application(Architecture::x86_64);
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*payload, http_url(""), Address::there_already));
  dnsmasq({.boot_file = "kedge.efi",
           .ipxe_boot_file = http_url("boot.ipxe"),
           .tftp_directory = served(),
           .lines = {}});
  define();
  if (HasFailure()) return;

  const auto takeover = explain();
  EXPECT_EQ(takeover["boots"], "rom");
  EXPECT_EQ(takeover["personality"], "takeover");
  start();
  expect_serial(Pattern::must_compile("iPXE 1.*Open Source Network Boot Firmware"));
  expect_serial(payload->proof);
  expect_as_explained(takeover);
  if (HasFailure()) return;

  set({"--rom", "off"});
  const auto off = explain();
  EXPECT_EQ(off["boots"], "firmware");
  EXPECT_EQ(off["driver"], "firmware");
  start();
  expect_serial(Pattern::must_compile("Start PXE over IPv4"));
  // A running domain keeps what it has until it is started anew.
  set({"--boot-order", kMac, "--rng"});
  EXPECT_THAT(said_, HasSubstr("The domain is running"));
  expect_serial(payload->proof);
  expect_as_explained(off);
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
  EXPECT_THAT(serial(), Not(HasSubstr("Open Source Network Boot Firmware")));

  // The firmware has left its boot options in the variables.
  const auto text = kedge({"explain", "--connect", daemon_->uri(), "vm"});
  E2E_ASSERT_OK(text);
  EXPECT_THAT(*text, HasSubstr("UEFI PXEv4 (MAC:525400123456): PciRoot(0x0)/Pci("));
}

// Scenario 4: the ROM takes over, and boots the URL that the domain gives it. DHCP names nothing.
TEST_F(LibvirtDomain, WithTheRomAsTakeoverKedgeBootsTheUrl) {
  const auto rom = dist("roms/efi-virtio.rom");
  const auto payload = make_payload(Architecture::x86_64, served());
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  write_served("given.ipxe", payload_script(*payload, http_url(""), Address::there_already));
  nginx();
  dnsmasq();
  define();
  set({"--rom", rom.string(), "--personality", "takeover", "--url", http_url("given.ipxe"),
       "--vlan", "0,42"});
  if (HasFailure()) return;

  const auto takeover = explain();
  EXPECT_EQ(takeover["driver"], "rom");
  EXPECT_EQ(takeover["personality"], "takeover");
  EXPECT_EQ(takeover["boots"], "rom");
  EXPECT_THAT(takeover["boots_because"]["text"].get<std::string>(), StartsWith("Kedge "));
  start();
  expect_serial(payload->proof);
  expect_as_explained(takeover);
}

// Scenario 5: the application from a CD and from a USB stick, where the NIC was the first boot
// option before.
struct Medium {
  const char* name;
  const char* file;
  const char* disk;  // its attributes, and what it has beside the source
  const char* elements;
  const char* more;  // devices
};
class LibvirtDomainMedium : public LibvirtDomain, public testing::WithParamInterface<Medium> {};

TEST_P(LibvirtDomainMedium, WithItFirstTheApplicationBoots) {
  const auto medium = dist(GetParam().file);
  const auto payload = make_payload(Architecture::x86_64, served());
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*payload, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  define({.devices =
              fmt::format("<disk type='file' {}>\n      <source file='{}'/>\n      {}\n"
                          "      <readonly/>\n    </disk>\n    {}",
                          GetParam().disk, medium.string(), GetParam().elements, GetParam().more)});
  set({"--rom", "off", "--boot-order", "sda"});
  if (HasFailure()) return;

  const auto boot = explain_all()["boot"];
  ASSERT_EQ(boot.size(), 1U) << boot;
  EXPECT_THAT(boot[0]["text"].get<std::string>(), HasSubstr("sda"));
  EXPECT_TRUE(boot[0]["interface"].is_null()) << boot;
  start();
  expect_serial(payload->proof);
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
  EXPECT_THAT(serial(), Not(HasSubstr("Start PXE over IPv4")));
  EXPECT_THAT(serial(), Not(HasSubstr("Open Source Network Boot Firmware")));
  // Nobody has asked for an address before the application did.
  EXPECT_THAT(first_discover().user_class, HasSubstr("iPXE"));
}
INSTANTIATE_TEST_SUITE_P(
    Media, LibvirtDomainMedium,
    testing::Values(Medium{.name = "Iso",
                           .file = "kedge.iso",
                           .disk = "device='cdrom'",
                           .elements = "<target dev='sda' bus='sata'/>",
                           .more = ""},
                    Medium{.name = "Usb",
                           .file = "kedge.img",
                           .disk = "device='disk'",
                           .elements = "<target dev='sda' bus='usb' removable='on'/>",
                           .more = "<controller type='usb' model='qemu-xhci'/>\n    "}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

// Scenario 1 of the design: the firmware's PXE over the driver of our ROM, which says nothing. For
// virtio the firmware has a driver as well, for e1000e nobody else has one.
class LibvirtDomainNic : public LibvirtDomain, public testing::WithParamInterface<const char*> {};

TEST_P(LibvirtDomainNic, WithTheRomAsDriverTheFirmwareBoots) {
  const auto rom = dist(fmt::format("roms/efi-{}.rom", GetParam()));
  const auto program = make_next_boot_option(directory());
  E2E_ASSERT_OK(program);
  if (HasFailure()) return;
  std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  define({.model = GetParam()});
  set({"--rom", rom.string()});
  if (HasFailure()) return;

  const auto driver = explain();
  EXPECT_EQ(driver["rom"]["file"], rom.string());
  EXPECT_EQ(driver["driver"], "rom");
  EXPECT_EQ(driver["personality"], "driver");
  EXPECT_EQ(driver["boots"], "firmware");
  start();
  expect_serial(Pattern::must_compile("Start PXE over IPv4"));
  expect_serial(program->proof);
  expect_as_explained(driver);
  EXPECT_THAT(serial(), Not(HasSubstr("Kedge")));
  EXPECT_THAT(serial(), Not(HasSubstr("iPXE")));
}
INSTANTIATE_TEST_SUITE_P(Models, LibvirtDomainNic, testing::Values("virtio", "e1000e"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace kedge::host::e2e
