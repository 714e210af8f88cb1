// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/libvirt_connection.h"

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cstdlib>
#include <utility>

namespace kedge::host {
namespace {

struct DomainFree {
  void operator()(virDomainPtr domain) const { virDomainFree(domain); }
};
using DomainHandle = std::unique_ptr<virDomain, DomainFree>;

// libvirt prints its errors by default; ours are returned.
void ignore_error(void* /*user*/, virErrorPtr /*error*/) {}

std::unexpected<Failure> libvirt_failure(const std::string& what, std::string advice = {}) {
  const virError* const error = virGetLastError();
  const char* const text = error != nullptr ? error->message : nullptr;
  return failure(fmt::format("{}: {}", what, text != nullptr ? text : "libvirt does not say why"),
                 std::move(advice));
}

std::string version_text(unsigned long number) {
  constexpr unsigned long kMajor = 1'000'000;
  constexpr unsigned long kMinor = 1'000;
  return fmt::format("{}.{}.{}", number / kMajor, number / kMinor % kMinor, number % kMinor);
}

}  // namespace

struct LibvirtConnection::Handle {
  virConnectPtr connection = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (connection != nullptr) virConnectClose(connection);
  }

  Outcome<DomainHandle> find(const std::string& name) const {
    DomainHandle domain(virDomainLookupByName(connection, name.c_str()));
    if (!domain) return libvirt_failure("cannot find the domain", "`virsh list --all` lists them.");
    return domain;
  }
};

Outcome<LibvirtConnection> LibvirtConnection::open(const std::string& uri, Access access) {
  virSetErrorFunc(nullptr, ignore_error);
  const std::string place = uri.empty() ? "qemu:///system" : uri;
  auto handle = std::make_shared<Handle>();
  handle->connection = access == Access::read ? virConnectOpenReadOnly(place.c_str())
                                              : virConnectOpen(place.c_str());
  if (handle->connection == nullptr) {
    return libvirt_failure(
        fmt::format("cannot connect to {}", place),
        "--connect URI names another; a file with the domain's XML does as well.");
  }
  return LibvirtConnection(std::move(handle), place, access);
}

bool LibvirtConnection::is_local() const {
  const std::size_t scheme = uri_.find("://");
  return scheme != std::string::npos && uri_.substr(scheme + 3).starts_with('/');
}

std::string LibvirtConnection::libvirt_version() const {
  unsigned long number = 0;
  return virConnectGetLibVersion(handle_->connection, &number) == 0 ? version_text(number) : "";
}

std::string LibvirtConnection::qemu_version() const {
  unsigned long number = 0;
  return virConnectGetVersion(handle_->connection, &number) == 0 && number != 0
             ? version_text(number)
             : "";
}

std::vector<std::string> LibvirtConnection::domain_names() const {
  std::vector<std::string> names;
  virDomainPtr* domains = nullptr;
  const int count = virConnectListAllDomains(handle_->connection, &domains, 0);
  for (int i = 0; i < count; ++i) {
    const DomainHandle domain(domains[i]);
    const char* const name = virDomainGetName(domain.get());
    if (name != nullptr && i < kDomainNamesMax) names.emplace_back(name);
  }
  std::free(domains);  // NOLINT: libvirt's contract
  return names;
}

Outcome<std::string> LibvirtConnection::domain_xml(const std::string& name) const {
  KEDGE_HOST_TRY(const DomainHandle domain, handle_->find(name));
  char* const xml = virDomainGetXMLDesc(
      domain.get(),
      VIR_DOMAIN_XML_INACTIVE | (access_ == Access::change ? VIR_DOMAIN_XML_SECURE : 0U));
  if (xml == nullptr) return libvirt_failure("cannot read the domain's XML");
  std::string text(xml);
  std::free(xml);  // NOLINT: libvirt's contract
  return text;
}

Outcome<bool> LibvirtConnection::is_running(const std::string& name) const {
  KEDGE_HOST_TRY(const DomainHandle domain, handle_->find(name));
  return virDomainIsActive(domain.get()) == 1;
}

Outcome<bool> LibvirtConnection::has_saved_state(const std::string& name) const {
  KEDGE_HOST_TRY(const DomainHandle domain, handle_->find(name));
  return virDomainHasManagedSaveImage(domain.get(), 0) == 1;
}

Outcome<void> LibvirtConnection::define(const std::string& xml) const {
  const DomainHandle domain(
      virDomainDefineXMLFlags(handle_->connection, xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
  if (!domain) return libvirt_failure("libvirt refuses the changed domain");
  return {};
}

}  // namespace kedge::host
