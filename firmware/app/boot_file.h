// SPDX-License-Identifier: BSD-2-Clause-Patent
// boot_file_uri: the boot file that DHCP names, as a URI.
#pragma once

#include <string_view>

#include "wire/uri.h"

namespace kedge::app {

/// `filename` is a whole URI ("http://server/x"), or the literal name of a file on the TFTP server
/// `server`, which is an address or a host name.
/// Errors: app_no_filename, app_no_next_server, those of wire::Uri::parse for a wrong host name.
Result<wire::Uri> boot_file_uri(std::string_view server, std::string_view filename) noexcept;

}  // namespace kedge::app
