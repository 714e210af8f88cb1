// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_client.h"

#include <new>

#include "client/tftp/tftp_transfer.h"

namespace kedge::client {

async::Task<Result<std::uint64_t>> TftpClient::get(wire::Uri uri, const TftpSettings& settings,
                                                   Sink& sink, Progress& progress) noexcept {
  // Not in the coroutine's frame: it is large.
  const std::unique_ptr<TftpTransfer> work(
      new (std::nothrow) TftpTransfer(stack_, servers_, std::move(uri), settings, sink, progress));
  if (work == nullptr) co_return fail(err::base_no_memory);
  co_return co_await work->run();
}

}  // namespace kedge::client
