// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A libvirtd of the test's own, in the test's network, with its configuration, domains and sockets
// in a private directory: it sees that directory in place of /etc/libvirt, /run and /var/lib.
#pragma once

#include <filesystem>
#include <string>

#include "support/network_namespace.h"
#include "support/process.h"

namespace kedge::host::e2e {

class LibvirtDaemon {
 public:
  // `directory` is kept short by the caller: it holds a Unix socket.
  static Outcome<LibvirtDaemon> start(const NetworkNamespace& network,
                                      const std::filesystem::path& directory,
                                      const std::filesystem::path& log);

  const std::string& uri() const { return uri_; }
  // `virsh ARGUMENTS...` on this daemon. Returns what it prints.
  Outcome<std::string> virsh(std::vector<std::string> arguments) const;

 private:
  LibvirtDaemon(Process process, std::string uri)
      : process_(std::move(process)), uri_(std::move(uri)) {}

  Process process_;
  std::string uri_;
};

}  // namespace kedge::host::e2e
