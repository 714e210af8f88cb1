// SPDX-License-Identifier: BSD-2-Clause-Patent
// tftp_put: gives a file to a TFTP server (RFC 1350 write requests), one block after the other.
#pragma once

#include "client/tftp/tftp_client.h"

namespace kedge::client {

/// Sends `content` under the name in `uri`. Of the settings, block size and times count. `content`,
/// settings and progress must outlive the task. Errors: tftp_not_found, tftp_access,
/// tftp_server_error, tftp_no_answer, tftp_silent, tftp_no_host, what UDP and names fail with.
async::Task<Result<void>> tftp_put(net::Stack& stack, wire::Uri uri, const TftpSettings& settings,
                                   ByteView content, Progress& progress) noexcept;

}  // namespace kedge::client
