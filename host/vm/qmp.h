// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// QEMU's machine protocol over a connected Unix socket: commands with a deadline, events in order.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/clock.h"
#include "support/file.h"
#include "support/outcome.h"

namespace kedge::host {

// QEMU's answers are small; a longer line means that something else talks to us.
inline constexpr std::size_t kQmpLineBytesMax = 4 * 1024 * 1024;

class Qmp {
 public:
  explicit Qmp(FileDescriptor socket) : socket_(std::move(socket)) {}

  // Reads the greeting and leaves the negotiation mode.
  Outcome<void> handshake(Instant deadline);
  // Sends the command and waits for its answer; events that come in between are kept.
  Outcome<nlohmann::json> execute(std::string_view command, const nlohmann::json& arguments,
                                  Instant deadline);
  // Reads what is there without blocking and returns the events since the last call.
  // A closed connection is no failure here: the end of the process tells the story.
  std::vector<nlohmann::json> take_events();

  int descriptor() const { return socket_.get(); }
  bool closed() const { return closed_; }

 private:
  void receive();
  std::optional<std::string> take_line();
  Outcome<nlohmann::json> wait_message(Instant deadline);
  Outcome<void> send(const std::string& text, Instant deadline);

  FileDescriptor socket_;
  std::string received_;
  std::vector<nlohmann::json> events_;
  std::uint64_t next_id_ = 1;
  bool closed_ = false;
};

}  // namespace kedge::host
