// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A connection to libvirt, as far as reading and defining domains needs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/outcome.h"

namespace kedge::host {

inline constexpr int kDomainNamesMax = 1000;

class LibvirtConnection {
 public:
  enum class Access : std::uint8_t { read, change };

  // An empty URI is the system's QEMU.
  static Outcome<LibvirtConnection> open(const std::string& uri, Access access);

  const std::string& uri() const { return uri_; }
  // The files that domains name are on this machine.
  bool is_local() const;
  std::string libvirt_version() const;  // "9.0.0"; empty if it does not say
  std::string qemu_version() const;

  // Of all domains, running or not; at most kDomainNamesMax.
  std::vector<std::string> domain_names() const;
  // What is defined for the domain's next start. With Access::change it has passwords in it, which
  // would be lost if it were defined without.
  Outcome<std::string> domain_xml(const std::string& name) const;
  Outcome<bool> is_running(const std::string& name) const;
  // Its memory was saved (virsh managedsave): the next start goes on from there, with the old XML.
  Outcome<bool> has_saved_state(const std::string& name) const;
  // Replaces the definition; libvirt validates it against its schema. The old one stays if that
  // fails.
  Outcome<void> define(const std::string& xml) const;

 private:
  struct Handle;
  LibvirtConnection(std::shared_ptr<Handle> handle, std::string uri, Access access)
      : handle_(std::move(handle)), uri_(std::move(uri)), access_(access) {}

  std::shared_ptr<Handle> handle_;
  std::string uri_;
  Access access_;
};

}  // namespace kedge::host
