// SPDX-License-Identifier: BSD-2-Clause-Patent
// HttpPool: connections kept open between requests, by scheme, host and port.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/stream.h"
#include "wire/uri.h"

namespace kedge::client {

class HttpPool {
 public:
  static constexpr std::size_t kIdleMax = 4;
  /// Servers close idle connections after 5 s (Apache) to 75 s (nginx).
  static constexpr Duration kIdleTime = Duration::seconds(10);

  /// Where a URI's server listens: equal keys share connections and credentials.
  static std::string key(const wire::Uri& uri);

  /// An idle connection, the latest used first; nullptr when there is none.
  std::unique_ptr<net::Stream> take(std::string_view key, Instant now) noexcept;
  void give(std::string key, std::unique_ptr<net::Stream> stream, Instant now) noexcept;
  /// Ends all idle connections.
  void clear() noexcept { idle_.clear(); }
  std::size_t size() const noexcept { return idle_.size(); }

 private:
  struct Idle {
    std::string key;
    std::unique_ptr<net::Stream> stream;
    Instant since;
  };
  std::vector<Idle> idle_;  // oldest first
};

}  // namespace kedge::client
