// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge domain` with a real libvirtd, on domains of other firmware: SeaBIOS, and AArch64's UEFI.
#include <gmock/gmock.h>

#include "tests/e2e/libvirt_domain.h"

namespace kedge::host::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBiosConsole = "<bios useserial='yes'/>";

class LibvirtBios : public LibvirtDomain {
 protected:
  void define_bios() { define({.machine = "pc", .firmware = kBiosConsole}); }
};

// What libvirt makes of a domain when it defines it is what explain has to understand: its own
// order of elements, addresses and machine types.
TEST_F(LibvirtBios, IsExplainedAsLibvirtHasDefinedIt) {
  define_bios();
  if (HasFailure()) return;
  const auto all = explain_all();
  EXPECT_EQ(all["firmware"]["kind"], "BIOS");
  EXPECT_THAT(all["machine"].get<std::string>(), HasSubstr("pc-i440fx-"));
  const auto nic = all["interfaces"][0];
  EXPECT_EQ(nic["boots"], "rom");
  EXPECT_TRUE(nic["personality"].is_null()) << nic;
  set({"--rom", "off"});
  EXPECT_EQ(explain()["boots"], "nobody");
  set({"--rom", "default"});
  EXPECT_EQ(explain()["boots"], "rom");
}

TEST_F(LibvirtBios, BootsThroughTheBiosImageOfTheRom) {
  const auto payload = make_payload(Architecture::x86_64, served());
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*payload, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  define_bios();
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_THAT(said["boots_because"]["text"].get<std::string>(), HasSubstr("iPXE"));
  start({"start", "vm"});
  expect_serial(Pattern::must_compile("SeaBIOS"));
  expect_serial(payload->proof);
  EXPECT_THAT(serial(), HasSubstr("iPXE"));
  expect_as_explained(said, "00000");
}

class LibvirtAarch64 : public LibvirtDomain {
 protected:
  void define_aarch64() { define({.architecture = Architecture::aarch64, .machine = "virt"}); }
};

// QEMU's default ROM has nothing for this machine, and does no harm: the firmware's driver boots.
// The same ROM where somebody has asked for it gets a warning.
TEST_F(LibvirtAarch64, IsExplainedAsLibvirtHasDefinedIt) {
  define_aarch64();
  if (HasFailure()) return;
  const auto all = explain_all();
  EXPECT_EQ(all["firmware"]["kind"], "UEFI");
  EXPECT_EQ(all["architecture"], "aarch64");
  EXPECT_EQ(all["interfaces"][0]["driver"], "firmware");
  EXPECT_EQ(all["interfaces"][0]["boots"], "firmware");
  set({"--rom", "/usr/lib/ipxe/qemu/efi-virtio.rom"});
  const auto text = kedge({"explain", "--connect", daemon_->uri(), "vm"});
  ASSERT_FALSE(text);  // exit code 1: there are warnings
  EXPECT_THAT(text.error().what + text.error().advice, HasSubstr("rom-other-machine"));
}

}  // namespace
}  // namespace kedge::host::e2e
