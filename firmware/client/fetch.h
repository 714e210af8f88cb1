// SPDX-License-Identifier: BSD-2-Clause-Patent
// Fetcher: downloads a URI by the protocol that its scheme names.
#pragma once

#include "client/http/http_client.h"
#include "client/tftp/tftp_client.h"

namespace kedge::client {

struct FetchOptions {
  HttpOptions http;
  TftpSettings tftp;

  /// The longest time without any progress, of either protocol. Infinite: each one's own default.
  void set_patience(Duration without_progress) noexcept;
};

struct FetchResult {
  wire::Uri uri;  ///< after redirects: what relative references in the file are relative to
  std::uint64_t bytes = 0;
  std::string content_type;  ///< as the server says; empty by TFTP
};

class Fetcher {
 public:
  explicit Fetcher(net::Stack& stack) noexcept : http_(stack), tftp_(stack) {}

  /// Downloads `uri`, which must be absolute, into an empty sink. Options, sink and progress must
  /// outlive the task. Errors: uri_not_absolute, http_scheme_unsupported, those of the clients.
  async::Task<Result<FetchResult>> fetch(wire::Uri uri, const FetchOptions& options, Sink& sink,
                                         Progress& progress) noexcept;
  /// Ends the connections that are kept open for later requests.
  void close_idle() noexcept { http_.close_idle(); }

 private:
  HttpClient http_;
  TftpClient tftp_;
};

}  // namespace kedge::client
