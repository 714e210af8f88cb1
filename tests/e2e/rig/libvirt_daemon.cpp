// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/libvirt_daemon.h"

#include <fmt/format.h>

#include <thread>

namespace kedge::host::e2e {
namespace {

constexpr Duration kStartTimeout = std::chrono::seconds(60);
constexpr Duration kPollInterval = std::chrono::milliseconds(100);

// QEMU runs as root, without security drivers, cgroups or namespaces: all is the test's own.
constexpr const char* kQemuConfiguration = R"(user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
)";

// libvirtd looks the user libvirt-qemu up even if it is not to use it. The shell stays, as the
// first process of the namespace has to collect QEMUs that have become daemons.
constexpr const char* kScript = R"(set -e
cd "$0"
cp /etc/passwd /etc/group .
grep -q ^libvirt-qemu: passwd || echo libvirt-qemu:x:64055:0::/nonexistent:/usr/sbin/nologin >>passwd
grep -q ^libvirt-qemu: group || echo libvirt-qemu:x:64055: >>group
grep -q ^kvm: group || echo kvm:x:64056: >>group
for file in passwd group; do mount --bind $file /etc/$file; done
for place in var/lib var/log var/cache etc/libvirt; do mount --bind $place /$place; done
mkdir -p run
mount --bind run /run
libvirtd -f "$0/libvirtd.conf" -p /run/libvirtd.pid &
wait $!
)";

}  // namespace

Outcome<LibvirtDaemon> LibvirtDaemon::start(const NetworkNamespace& network,
                                            const std::filesystem::path& directory,
                                            const std::filesystem::path& log) {
  std::error_code ignored;
  for (const char* place : {"sock", "var/lib", "var/log", "var/cache", "etc/libvirt"}) {
    std::filesystem::create_directories(directory / place, ignored);
  }
  KEDGE_HOST_CHECK(write_file(directory / "etc/libvirt/qemu.conf", kQemuConfiguration));
  KEDGE_HOST_CHECK(write_file(directory / "libvirtd.conf",
                              fmt::format("unix_sock_dir = \"{}/sock\"\nauth_unix_rw = \"none\"\n"
                                          "auth_unix_ro = \"none\"\nlog_outputs = \"3:stderr\"\n",
                                          directory.string())));
  // libvirt's QEMUs outlive it, but not the process that is the first of their namespace.
  KEDGE_HOST_TRY(Process process,
                 Process::start({.arguments = {"unshare", "--mount", "--propagation", "private",
                                               "--pid", "--fork", "--kill-child", "--mount-proc",
                                               "bash", "-c", kScript, directory.string()},
                                 .output = log,
                                 .network_namespace = network.descriptor()}));
  LibvirtDaemon daemon(
      std::move(process),
      fmt::format("qemu+unix:///system?socket={}/sock/libvirt-sock", directory.string()));
  // The socket is there before the drivers are.
  for (const Instant deadline = after(kStartTimeout);;) {
    const auto answer = daemon.virsh({"version"});
    if (answer) return daemon;
    if (daemon.process_.poll() || now() >= deadline) {
      return failure("libvirtd does not get ready: " + answer.error().what,
                     read_file(log).value_or(std::string()));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
}

Outcome<std::string> LibvirtDaemon::virsh(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"virsh", "--connect", uri_});
  return run_tool({.arguments = std::move(arguments)});
}

}  // namespace kedge::host::e2e
