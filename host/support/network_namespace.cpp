// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/network_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <thread>

#include "support/process.h"

namespace kedge::host {

Outcome<NetworkNamespace> NetworkNamespace::create() {
  Outcome<FileDescriptor> descriptor = FileDescriptor();
  // A namespace belongs to a thread: a short-lived one makes it and leaves us its descriptor.
  std::thread([&descriptor] {
    if (::unshare(CLONE_NEWNET) != 0) {
      descriptor = errno_failure("cannot create a network namespace", "run this as root");
      return;
    }
    const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      descriptor = errno_failure("cannot open the new network namespace");
    } else {
      descriptor = FileDescriptor(fd);
    }
  }).join();
  if (!descriptor) return std::unexpected(descriptor.error());
  NetworkNamespace created(*std::move(descriptor));
  KEDGE_HOST_TRY([[maybe_unused]] const auto output, created.ip({"link", "set", "lo", "up"}));
  return created;
}

Outcome<std::string> NetworkNamespace::ip(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "ip");
  ProcessSpec spec;
  spec.arguments = std::move(arguments);
  spec.network_namespace = descriptor();
  return run_tool(std::move(spec));
}

Outcome<void> NetworkNamespace::add_bridge(const std::string& name,
                                           const std::string& address) const {
  const std::vector<std::vector<std::string>> commands = {
      {"link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0",
       "mcast_snooping", "0"},
      {"address", "add", address, "dev", name},
      {"link", "set", name, "up"}};
  for (const auto& command : commands) {
    KEDGE_HOST_TRY([[maybe_unused]] const auto output, ip(command));
  }
  return {};
}

Outcome<void> NetworkNamespace::add_tap(const std::string& name, const std::string& bridge) const {
  const std::vector<std::vector<std::string>> commands = {
      {"tuntap", "add", "dev", name, "mode", "tap"},
      {"link", "set", name, "master", bridge},
      {"link", "set", name, "up"}};
  for (const auto& command : commands) {
    KEDGE_HOST_TRY([[maybe_unused]] const auto output, ip(command));
  }
  return {};
}

Outcome<void> NetworkNamespace::run_inside(const std::function<void()>& work) const {
  Outcome<void> result;
  std::thread([&] {
    if (::setns(descriptor(), CLONE_NEWNET) != 0) {
      result = errno_failure("cannot enter the network namespace");
      return;
    }
    work();
  }).join();
  return result;
}

}  // namespace kedge::host
