// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/domain_input.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "support/file.h"

namespace kedge::host {
namespace {

Outcome<std::string> read_standard_input() {
  std::string text;
  constexpr std::size_t kStep = 65536;
  while (text.size() <= kXmlBytesMax) {
    const std::size_t done = text.size();
    text.resize(done + kStep);
    const ssize_t got = read(STDIN_FILENO, text.data() + done, kStep);
    text.resize(done + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return errno_failure("cannot read standard input");
    if (got == 0) break;
  }
  return text;
}

}  // namespace

Outcome<DomainInput> read_domain_input(const std::string& name, const std::string& connect,
                                       LibvirtConnection::Access access) {
  std::error_code ignored;
  DomainInput input;
  if (connect.empty() && name == "-") {
    KEDGE_HOST_TRY(input.xml, read_standard_input());
    return input;
  }
  if (connect.empty() && (std::filesystem::exists(name, ignored) || name.ends_with(".xml"))) {
    input.file = name;
    KEDGE_HOST_TRY(input.xml, read_file_head(name, kXmlBytesMax + 1));
    return input;
  }
  KEDGE_HOST_TRY(input.connection, LibvirtConnection::open(connect, access));
  KEDGE_HOST_TRY(input.xml, input.connection->domain_xml(name));
  return input;
}

HostFacts host_of(const DomainInput& input, const Domain& domain) {
  if (!input.connection) return local_host(domain.architecture);
  HostFacts facts = input.connection->is_local() ? local_host(domain.architecture) : remote_host();
  if (std::string version = input.connection->qemu_version(); !version.empty()) {
    facts.qemu_version = std::move(version);
  }
  return facts;
}

Outcome<Domain> parse_domain(const std::string& xml) {
  KEDGE_HOST_TRY(const XmlDocument document, XmlDocument::parse(xml));
  return read_domain(document);
}

}  // namespace kedge::host
