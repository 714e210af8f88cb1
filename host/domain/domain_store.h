// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Puts a changed domain back where it came from, so that nothing is lost if that fails.
#pragma once

#include <filesystem>
#include <string>

#include "domain/domain_input.h"

namespace kedge::host {

// libvirt's schema, by virt-xml-validate. "validated", or why it was not; a failure when the schema
// refuses the XML.
Outcome<std::string> validate_domain_xml(const std::string& xml);

// Replaces the file at once, after a copy of it was made as FILE.bak, FILE.bak2, ... Returns the
// copy.
Outcome<std::filesystem::path> store_domain_file(const std::filesystem::path& file,
                                                 const std::string& before,
                                                 const std::string& after);

// Defines the domain on the connection, after its old XML was written to `backup_directory`. Reads
// it back, and defines the old XML again if libvirt has changed what the boot depends on. Returns
// the copy.
Outcome<std::filesystem::path> store_domain_definition(
    const DomainInput& input, const std::string& after,
    const std::filesystem::path& backup_directory);

// $XDG_STATE_HOME/kedge/domains
std::filesystem::path default_backup_directory();

}  // namespace kedge::host
