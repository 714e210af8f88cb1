// SPDX-License-Identifier: BSD-2-Clause-Patent
// Fetcher: the clients of this configuration behind the image store's Downloader.
#pragma once

#include "app/image_store.h"
#include "app/own_settings.h"

namespace kedge::app {

class Fetcher final : public Downloader {
 public:
  Fetcher(net::Stack& stack, std::string user_agent) noexcept : fetcher_(stack) {
    options_.http.user_agent = std::move(user_agent);
  }

  /// Where scripts set options; must outlive all downloads.
  void set_settings(script::SettingsTree& settings) noexcept { settings_ = &settings; }

  async::Task<Result<wire::Uri>> download(wire::Uri uri, Duration stall_timeout, client::Sink& sink,
                                          client::Progress& progress) noexcept override {
    client::FetchOptions options = this->options();
    if (stall_timeout != Duration::infinite()) options.set_patience(stall_timeout);
    KEDGE_CO_TRY(client::FetchResult result,
                 co_await fetcher_.fetch(std::move(uri), options, sink, progress));
    co_return std::move(result.uri);
  }
  /// As scripts have set them.
  client::FetchOptions options() noexcept {
    client::FetchOptions options = options_;
    if (settings_ != nullptr) apply_http_settings(options.http, *settings_);
    return options;
  }
  /// Ends connections that wait for further requests; to be called before the NICs are given back.
  void close_idle() noexcept { fetcher_.close_idle(); }

 private:
  client::Fetcher fetcher_;
  client::FetchOptions options_;
  script::SettingsTree* settings_ = nullptr;
};

}  // namespace kedge::app
