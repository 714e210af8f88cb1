// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The small HTTP server of `kedge vm`: named files and one directory on a loopback port, with
// ranges and keep-alive, and a log of every transfer for the timeline. Not meant for anything but
// tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/clock.h"
#include "support/outcome.h"

namespace kedge::host {

struct HttpTransfer {
  std::string method;
  std::string path;  // as requested
  int status = 0;
  std::uint64_t bytes = 0;  // of the body, actually handed to the connection
  bool complete = false;    // false: the client went away, or the transfer is still going on
  Instant begun;
  Instant ended;
  std::string user_agent;
};

class HttpServer {
 public:
  // Listens on 127.0.0.1, on `port` or on a free one if that is 0.
  static Outcome<std::unique_ptr<HttpServer>> start(int port = 0);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Before the first request only. `name` is the path without the leading slash.
  void add_file(std::string name, std::filesystem::path file);
  void add_text(std::string name, std::string text);
  // Everything below `directory`; files and texts of the same name win. Links that lead outside and
  // paths with ".." are refused.
  void set_directory(std::filesystem::path directory);

  int port() const;
  // In the order in which they began, running ones included.
  std::vector<HttpTransfer> transfers() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace kedge::host
