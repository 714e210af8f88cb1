// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/http/http_client.h"

#include <new>

#include "client/http/http_transfer.h"

namespace kedge::client {
namespace {

async::Task<Result<HttpResult>> transfer(net::Stack& stack, HttpPool& pool, wire::Uri uri,
                                         HttpTransfer::Method method, const HttpOptions& options,
                                         Sink& sink, Progress& progress) noexcept {
  // Not in the coroutine's frame: it is large.
  const std::unique_ptr<HttpTransfer> work(new (std::nothrow) HttpTransfer(
      stack, pool, std::move(uri), method, options, sink, progress));
  if (work == nullptr) co_return fail(err::base_no_memory);
  co_return co_await work->run();
}

}  // namespace

async::Task<Result<HttpResult>> HttpClient::get(wire::Uri uri, const HttpOptions& options,
                                                Sink& sink, Progress& progress) noexcept {
  return transfer(stack_, pool_, std::move(uri), HttpTransfer::Method::get, options, sink,
                  progress);
}

async::Task<Result<HttpResult>> HttpClient::head(wire::Uri uri, const HttpOptions& options,
                                                 Sink& unused, Progress& progress) noexcept {
  return transfer(stack_, pool_, std::move(uri), HttpTransfer::Method::head, options, unused,
                  progress);
}

}  // namespace kedge::client
