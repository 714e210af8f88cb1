// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/http/http_pool.h"

#include "base/format.h"

namespace kedge::client {

std::string HttpPool::key(const wire::Uri& uri) {
  return format("{}://{}%{}:{}", uri.scheme, uri.host, uri.zone, uri.port_or_default());
}

std::unique_ptr<net::Stream> HttpPool::take(std::string_view key, Instant now) noexcept {
  std::erase_if(idle_, [now](const Idle& idle) { return now - idle.since > kIdleTime; });
  for (std::size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i].key != key) continue;
    auto stream = std::move(idle_[i].stream);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
    return stream;
  }
  return nullptr;
}

void HttpPool::give(std::string key, std::unique_ptr<net::Stream> stream, Instant now) noexcept {
  if (idle_.size() == kIdleMax) idle_.erase(idle_.begin());
  idle_.push_back({std::move(key), std::move(stream), now});
}

}  // namespace kedge::client
