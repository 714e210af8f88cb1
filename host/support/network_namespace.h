// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A network of our own: a Linux network namespace without a name, which disappears with its last
// user, whatever happens to us. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/file.h"
#include "support/outcome.h"

namespace kedge::host {

class NetworkNamespace {
 public:
  // With its loopback interface up.
  static Outcome<NetworkNamespace> create();

  // For ProcessSpec::network_namespace.
  int descriptor() const { return descriptor_.get(); }
  // Runs `ip ...` inside.
  Outcome<std::string> ip(std::vector<std::string> arguments) const;
  // A bridge without spanning tree or multicast snooping, up, with the address ("192.0.2.1/24").
  Outcome<void> add_bridge(const std::string& name, const std::string& address) const;
  // A tap interface for QEMU, up, part of the bridge.
  Outcome<void> add_tap(const std::string& name, const std::string& bridge) const;
  // Runs `work` in a thread that is inside, for sockets of our own. `work` must not start
  // processes: they die with the thread that started them.
  Outcome<void> run_inside(const std::function<void()>& work) const;

 private:
  explicit NetworkNamespace(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

  FileDescriptor descriptor_;
};

}  // namespace kedge::host
