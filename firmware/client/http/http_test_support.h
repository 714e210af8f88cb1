// SPDX-License-Identifier: BSD-2-Clause-Patent
// For tests of the HTTP client: a scripted web server.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tests/fake/net.h"
#include "tests/fake/sink.h"

namespace kedge::client {

/// Answers requests by what the test queued, one action each; every action may open with `connect`.
class WebServer {
 public:
  using Action = std::function<void(fake::FakeConnection&)>;

  explicit WebServer(fake::FakeStack& stack) : stack_(stack) {
    stack_.on_connect = [this](wire::Endpoint target) { return accept(target); };
  }

  /// The next request's answer.
  void then(Action action) { actions_.push_back(std::move(action)); }
  void reply(std::string text) {
    then([text](fake::FakeConnection& c) { c.feed(text); });
  }
  /// Feeds the text, then closes in order.
  void reply_and_end(std::string text) {
    then([text](fake::FakeConnection& c) {
      if (!text.empty()) c.feed(text);
      c.end();
    });
  }
  void reply_and_reset(std::string text) {
    then([text](fake::FakeConnection& c) {
      if (!text.empty()) c.feed(text);
      c.reset();
    });
  }
  /// Runs `action` on the connection of the current request after `span`.
  void later(Duration span, fake::FakeConnection& connection, Action action) {
    auto shared = find(connection);
    timers_.emplace_back(stack_.loop(), stack_.loop().now() + span,
                         [shared, action] { action(*shared); });
  }

  std::vector<std::string> requests;
  std::vector<wire::Endpoint> targets;
  std::deque<Result<void>> connect_results;  ///< of the next connects; empty: all succeed
  std::vector<std::shared_ptr<fake::FakeConnection>> connections;

 private:
  Result<std::shared_ptr<fake::FakeConnection>> accept(wire::Endpoint target) {
    targets.push_back(target);
    if (!connect_results.empty()) {
      const Result<void> result = connect_results.front();
      connect_results.pop_front();
      if (!result.ok()) return result.error();
    }
    auto connection = std::make_shared<fake::FakeConnection>();
    connection->on_write = [this](fake::FakeConnection& c) {
      if (!c.written.ends_with("\r\n\r\n")) return;
      requests.push_back(std::exchange(c.written, {}));
      if (actions_.empty()) return;
      Action action = std::move(actions_.front());
      actions_.pop_front();
      action(c);
    };
    connections.push_back(connection);
    return connection;
  }
  std::shared_ptr<fake::FakeConnection> find(fake::FakeConnection& wanted) {
    for (auto& connection : connections) {
      if (connection.get() == &wanted) return connection;
    }
    return nullptr;
  }

  fake::FakeStack& stack_;
  std::deque<Action> actions_;
  std::deque<fake::At> timers_;
};

}  // namespace kedge::client
