// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_file.h"

#include "app/app_errors.h"

namespace kedge::app {

Result<wire::Uri> boot_file_uri(std::string_view server, std::string_view filename) noexcept {
  if (filename.empty()) return fail(err::app_no_filename);
  // "C:boot.efi" and "pxe:linux" are names of files: only "scheme://" makes a URI here.
  if (Result<wire::Uri> uri = wire::Uri::parse(filename);
      uri.ok() && uri->is_absolute() && uri->has_authority) {
    return uri;
  }
  if (server.empty() || server == "0.0.0.0") return fail(err::app_no_next_server);
  wire::Uri uri = wire::Uri::tftp(wire::Ipv4Address::any(), filename);
  KEDGE_TRY(const wire::Uri named, wire::Uri::parse(format("tftp://{}/", server)));
  uri.host = named.host;
  uri.port = named.port;
  return uri;
}

}  // namespace kedge::app
