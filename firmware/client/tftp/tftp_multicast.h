// SPDX-License-Identifier: BSD-2-Clause-Patent
// tftp_get_from_group: a file by MTFTP (PXE 2.1; UEFI 2.10, 24.3, EFI_PXE_BASE_CODE_MTFTP_INFO):
// the server sends each block once, to a group, and one client acknowledges for all.
//
//   listen       a session that runs already is followed, without a word
//   open         after a time without packets, or when we missed one: a request for the file
//   acknowledge  who has got the first block alone: all of them, what we have already, too. When
//                others get the blocks after our request, they acknowledge: we listen
//
// Blocks are of 512 bytes. Those that come out of order are left for the session that we open.
#pragma once

#include "client/tftp/tftp_client.h"
#include "wire/tftp.h"

namespace kedge::client {

struct TftpGroup {
  wire::Ipv4Address server;
  std::uint16_t server_port = 0;  ///< where it takes requests
  std::uint16_t client_port = 0;  ///< where it sends to
  Duration listen;                ///< for a session of others
  Duration repeat;                ///< until a request or an acknowledgement is sent again
  wire::Ipv4Address address;      ///< of the group; other groups of the server carry other files
};

/// `interface` is a member of the group. Sink and progress must
/// outlive the task. Errors: tftp_no_answer (nothing has come, and the sink is empty), tftp_silent,
/// tftp_not_found, tftp_access, tftp_server_error, what UDP and the sink fail with.
async::Task<Result<void>> tftp_get_from_group(net::Stack& stack, net::Interface& interface,
                                              TftpGroup group, std::string name, Sink& sink,
                                              Progress& progress) noexcept;

/// What a server's ERROR packet means; told to `progress`.
Error tftp_refusal(const wire::TftpPacket& packet, Progress& progress) noexcept;

}  // namespace kedge::client
