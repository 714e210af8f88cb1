// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Secure Boot. The option ROM is unsigned, as x86 firmware for QEMU allows it; whatever is booted
// through it is verified by the firmware, or does not run.
#include <fmt/format.h>

#include "tests/e2e/loader_boots.h"
#include "tests/e2e/rig/ovmf.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {
namespace {

class SecureBoot : public LoaderBoots {
 protected:
  MachineSpec machine_that_trusts(EnrolledKeys keys) {
    MachineSpec spec = machine();
    const auto chosen = use_ovmf(spec, OvmfBuild::secure_boot, keys);
    EXPECT_TRUE(chosen) << chosen.error().what << "; " << chosen.error().advice;
    return spec;
  }
  // The same, with a NIC whose ROM has the driver image.
  MachineSpec machine_that_trusts(EnrolledKeys keys, std::string_view driver) {
    MachineSpec spec = machine_that_trusts(keys);
    add_nic(spec, {.model = kE1000eChip.model, .rom = rom(kE1000eChip, driver), .boot_index = 0});
    spec.fw_cfg.push_back("name=opt/org.kedge/failure-timeout,string=0");
    return spec;
  }
  void sign(const MachineSpec& spec, const std::filesystem::path& image) {
    const auto signer = SnakeoilSigner::make(spec, directory());
    E2E_ASSERT_OK(signer);
    const auto done = signer->sign(image);
    E2E_ASSERT_OK(done);
  }
  // The one that add_next_boot_option() has added.
  void sign_next_boot_option(const MachineSpec& spec) {
    const auto application = directory() / "next.efi";
    sign(spec, application);
    const auto made = make_fat_image(spec.drives.back().file,
                                     boot_media_files(spec.architecture, application, {}));
    E2E_ASSERT_OK(made);
  }
  // Linux asks the firmware itself.
  void expect_secure_boot() {
    EXPECT_TRUE(vm().serial().search(Pattern::literal("Secure boot enabled")))
        << "the machine did not verify anything";
  }
};

TEST_F(SecureBoot, OverOurDriverTheFirmwareBootsShimAndGrub) {
  const auto* files = payload();
  if (HasFailure()) return;
  serve_shim();
  serve_grub(*files);
  dnsmasq({.boot_file = "shimx64.efi", .tftp_directory = served(), .lines = {}});
  const MachineSpec spec = machine_that_trusts(EnrolledKeys::microsoft, "x86_64/kedge-driver.efi");
  if (HasFailure()) return;
  boot(spec);
  if (HasFailure()) return;
  expect_proof(*files);
  expect_secure_boot();
}

TEST_F(SecureBoot, AsTakeoverKedgeBootsShimAndGrub) {
  const auto* files = payload();
  if (HasFailure()) return;
  serve_shim_by_http(*files);
  const MachineSpec spec = machine_that_trusts(EnrolledKeys::microsoft, "x86_64/kedge-rom.efi");
  boot_and_prove(spec);
  expect_secure_boot();
}

TEST_F(SecureBoot, AKernelThatIsSignedWithATrustedKeyRuns) {
  const auto* files = payload();
  if (HasFailure()) return;
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  const MachineSpec spec = machine_that_trusts(EnrolledKeys::snakeoil, "x86_64/kedge-rom.efi");
  sign(spec, files->kernel);
  boot_and_prove(spec);
  expect_secure_boot();
}

// Somebody's signature is no signature.
class SecureBootRefuses : public SecureBoot, public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(AKernel, SecureBootRefuses, testing::Bool(), [](const auto& info) {
  return info.param ? "ThatIsSignedByAStranger" : "ThatIsNotSigned";
});

TEST_P(SecureBootRefuses, AndTheNextBootOptionRuns) {
  const auto* files = payload();
  if (HasFailure()) return;
  if (!GetParam()) {
    const auto removed = remove_signatures(files->kernel);
    E2E_ASSERT_OK(removed);
  }
  write_served("boot.ipxe", payload_script(*files, http_url(""), Address::there_already));
  nginx();
  dnsmasq({.boot_file = http_url("boot.ipxe"), .tftp_directory = {}, .lines = {}});
  MachineSpec spec = machine_that_trusts(EnrolledKeys::snakeoil, "x86_64/kedge-rom.efi");
  add_next_boot_option(spec);
  if (HasFailure()) return;
  sign_next_boot_option(spec);
  boot(spec);
  if (HasFailure()) return;
  expect_console("Starting vmlinuz");
  expect_console("vmlinuz is not loaded: (ACCESS_DENIED|SECURITY_VIOLATION)");
  expect_console("Sign the image with a key that this machine trusts");
  expect_console(R"(Boot failed: refused by Secure Boot .*\(K-[0-9a-f]{8}\))");
  expect_next_boot_option();
  EXPECT_FALSE(vm().serial().search(Pattern::literal("Linux version")));
}

// The application, which is no ROM, needs a signature itself.
class SecureBootOfTheApplication : public SecureBoot {
 protected:
  std::filesystem::path application() {
    const auto copy = directory() / "application.efi";
    std::filesystem::copy_file(dist("x86_64/kedge.efi"), copy);
    return copy;
  }
};

TEST_F(SecureBootOfTheApplication, SignedItRunsAndBootsASignedKernel) {
  const auto* files = payload();
  if (HasFailure()) return;
  nginx();
  dnsmasq();
  MachineSpec spec = machine_that_trusts(EnrolledKeys::snakeoil);
  const auto program = application();
  sign(spec, program);
  sign(spec, files->kernel);
  add_nic(spec);
  add_boot_disk(spec, program, payload_script(*files, http_url("")));
  boot_and_prove(spec);
  expect_secure_boot();
}

TEST_F(SecureBootOfTheApplication, UnsignedItIsRefusedByTheFirmware) {
  MachineSpec spec = machine_that_trusts(EnrolledKeys::snakeoil);
  add_nic(spec, {}, Attachment::silent);
  add_boot_disk(spec, application(), "#!ipxe\n");
  add_next_boot_option(spec);
  if (HasFailure()) return;
  sign_next_boot_option(spec);
  boot(spec);
  if (HasFailure()) return;
  expect_next_boot_option();
  EXPECT_FALSE(vm().serial().search(Pattern::must_compile(R"(^Kedge \S+)")));
}

}  // namespace
}  // namespace kedge::host::e2e
