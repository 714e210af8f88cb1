// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/linux_guest.h"

#include <fmt/format.h>

#include <array>

#include "support/file.h"
#include "tests/e2e/rig/payload.h"

namespace kedge::host::bench {
namespace {

constexpr std::string_view kAddress = "192.0.2.50";

// In the order in which they need each other.
constexpr std::array kModules = {
    "drivers/virtio/virtio.ko",
    "drivers/virtio/virtio_ring.ko",
    "drivers/virtio/virtio_pci_modern_dev.ko",
    "drivers/virtio/virtio_pci_legacy_dev.ko",
    "drivers/virtio/virtio_pci.ko",
    "net/core/failover.ko",
    "drivers/net/net_failover.ko",
    "drivers/net/virtio_net.ko",
};

constexpr std::string_view kInit = R"(#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
cd /modules
for module in {modules}; do /bin/busybox insmod $module || exit 1; done
/bin/busybox ifconfig eth0 {address} netmask 255.255.255.0 up
{command} && echo '{text}'
/bin/busybox poweroff -f
)";

// Debian's kernel package unpacked: boot/vmlinuz-VERSION and lib/modules/VERSION.
Outcome<std::filesystem::path> find_modules(const std::filesystem::path& kernel) {
  constexpr std::string_view kPrefix = "vmlinuz-";
  const std::string version = kernel.filename().string().substr(kPrefix.size());
  auto path = kernel.parent_path().parent_path() / "lib" / "modules" / version / "kernel";
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return path;
  return failure(fmt::format("the kernel's modules are missing: {}", path.string()),
                 "run tools/deps");
}

}  // namespace

Outcome<LinuxGuest> make_linux_guest(const std::filesystem::path& directory,
                                     std::string_view command, std::string_view text) {
  KEDGE_HOST_TRY(const auto kernel, e2e::find_kernel(Architecture::x86_64));
  KEDGE_HOST_TRY(const auto modules, find_modules(kernel));
  KEDGE_HOST_TRY(const std::string busybox, read_file("/bin/busybox"));
  e2e::InitrdWriter initrd;
  for (const char* name : {"bin", "dev", "modules"}) initrd.add_directory(name);
  constexpr unsigned kConsoleMajor = 5;
  initrd.add_device("dev/console", kConsoleMajor, 1);
  initrd.add_file("bin/busybox", busybox, true);
  std::string names;
  for (const std::filesystem::path module : kModules) {
    KEDGE_HOST_TRY(const std::string content, read_file(modules / module));
    initrd.add_file("modules/" + module.filename().string(), content);
    names += module.filename().string() + " ";
  }
  initrd.add_file("init",
                  fmt::format(kInit, fmt::arg("modules", names), fmt::arg("address", kAddress),
                              fmt::arg("command", command), fmt::arg("text", text)),
                  true);
  LinuxGuest guest{.kernel = kernel, .initrd = directory / "guest.img"};
  KEDGE_HOST_CHECK(write_file(guest.initrd, initrd.finish()));
  return guest;
}

}  // namespace kedge::host::bench
