// SPDX-License-Identifier: BSD-2-Clause-Patent
// Fetcher: downloads by URI scheme with the clients that this configuration has.
#pragma once

#include "app/image_store.h"
#include "client/http/http_client.h"

namespace kedge::app {

class Fetcher final : public Downloader {
 public:
  Fetcher(net::Stack& stack, std::string user_agent) noexcept
      : http_(stack), user_agent_(std::move(user_agent)) {}

  async::Task<Result<wire::Uri>> download(wire::Uri uri, Duration stall_timeout, client::Sink& sink,
                                          client::Progress& progress) noexcept override;
  /// Ends connections that wait for further requests; to be called before the NICs are given back.
  void close_idle() noexcept { http_.close_idle(); }

 private:
  client::HttpClient http_;
  std::string user_agent_;
};

}  // namespace kedge::app
