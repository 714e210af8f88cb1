// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The domain that a person has named: a file, standard input, or a name on a connection.
#pragma once

#include <optional>
#include <string>

#include "domain/domain_model.h"
#include "domain/host_facts.h"
#include "domain/libvirt_connection.h"

namespace kedge::host {

struct DomainInput {
  std::string xml;
  std::string file;                             // empty: standard input, or a connection
  std::optional<LibvirtConnection> connection;  // none: a file or standard input
};

// Without `connect`, "-" is standard input, and the name of a file that exists or that ends in .xml
// is that file; everything else is the name of a domain.
Outcome<DomainInput> read_domain_input(const std::string& name, const std::string& connect,
                                       LibvirtConnection::Access access);

Outcome<Domain> parse_domain(const std::string& xml);
// The machine on which it runs, as far as it is known.
HostFacts host_of(const DomainInput& input, const Domain& domain);

}  // namespace kedge::host
