// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// LoaderBoots: tests in which Debian's signed shim and GRUB come over the network.
#pragma once

#include <fmt/format.h>

#include "tests/e2e/kedge_boots.h"
#include "tests/e2e/rig/packages.h"

namespace kedge::host::e2e {

class LoaderBoots : public KedgeBoots {
 protected:
  /// A file of a package, served under another name.
  void serve(const std::filesystem::path& file, std::string_view name) {
    std::error_code failed;
    std::filesystem::copy_file(file, served() / name, failed);
    ASSERT_FALSE(failed) << file << ": " << failed.message() << "; run tools/deps";
  }
  /// As shimx64.efi. It loads grubx64.efi from where it came from.
  void serve_shim() { serve("/usr/lib/shim/shimx64.efi.signed", "shimx64.efi"); }
  /// As grubx64.efi, with the script that boots the payload.
  void serve_grub(const Payload& payload) {
    serve(package_directory("own-amd64", "grub-efi-amd64-signed") /
              "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
          "grubx64.efi");
    // By TFTP, from the server that DHCP's packets name: the signed GRUB has nothing else.
    std::filesystem::create_directories(served() / "grub");
    write_served("grub/grub.cfg",
                 fmt::format("echo grub-configuration-read\n"
                             "linux /vmlinuz {}\ninitrd /initrd.img /second.img\nboot\n",
                             payload.command_line));
  }
  /// Both, where DHCP names shim by a URI.
  void serve_shim_by_http(const Payload& payload) {
    serve_shim();
    serve_grub(payload);
    nginx();
    dnsmasq({.boot_file = http_url("shimx64.efi"), .tftp_directory = served(), .lines = {}});
  }
};

}  // namespace kedge::host::e2e
