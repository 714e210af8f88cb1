// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/fetcher.h"

namespace kedge::app {

async::Task<Result<wire::Uri>> Fetcher::download(wire::Uri uri, Duration stall_timeout,
                                                 client::Sink& sink,
                                                 client::Progress& progress) noexcept {
  client::HttpOptions options;
  options.user_agent = user_agent_;
  if (stall_timeout != Duration::infinite()) options.stall_timeout = stall_timeout;
  KEDGE_CO_TRY(client::HttpResult result,
               co_await http_.get(std::move(uri), options, sink, progress));
  co_return std::move(result.uri);
}

}  // namespace kedge::app
