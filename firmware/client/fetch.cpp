// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/fetch.h"

#include "client/http/http_client_errors.h"
#include "wire/uri_errors.h"

namespace kedge::client {

void FetchOptions::set_patience(Duration without_progress) noexcept {
  if (without_progress == Duration::infinite()) return;
  http.response_timeout = without_progress;
  http.stall_timeout = without_progress;
  tftp.silence_max = without_progress;
}

async::Task<Result<FetchResult>> Fetcher::fetch(wire::Uri uri, const FetchOptions& options,
                                                Sink& sink, Progress& progress) noexcept {
  if (!uri.is_absolute()) co_return fail(err::uri_not_absolute);
  if (uri.scheme == "tftp") {
    KEDGE_CO_TRY(const std::uint64_t bytes, co_await tftp_.get(uri, options.tftp, sink, progress));
    co_return FetchResult{std::move(uri), bytes, {}};
  }
  // The HTTP client knows what to say of other schemes, which redirects may lead to as well.
  KEDGE_CO_TRY(auto result, co_await http_.get(std::move(uri), options.http, sink, progress));
  co_return FetchResult{std::move(result.uri), sink.size(), std::move(result.content_type)};
}

}  // namespace kedge::client
