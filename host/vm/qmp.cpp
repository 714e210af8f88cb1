// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/qmp.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace kedge::host {

using nlohmann::json;

void Qmp::receive() {
  std::array<char, 16384> buffer{};
  while (!closed_) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0 || received_.size() > kQmpLineBytesMax) {
      closed_ = true;
      return;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<std::string> Qmp::take_line() {
  const std::size_t end = received_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  return line;
}

Outcome<json> Qmp::wait_message(Instant deadline) {
  for (;;) {
    receive();
    if (auto line = take_line()) {
      auto message = json::parse(*line, nullptr, false);
      if (message.is_discarded()) return failure(fmt::format("QEMU sent no JSON: {}", *line));
      return message;
    }
    if (closed_) return failure("QEMU closed its control connection");
    if (now() >= deadline) return failure("QEMU does not answer on its control connection");
    pollfd entry{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, poll_timeout(deadline));
  }
}

Outcome<void> Qmp::send(const std::string& text, Instant deadline) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count =
        ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN && now() < deadline) {
      pollfd entry{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
      ::poll(&entry, 1, poll_timeout(deadline));
    } else if (errno != EINTR) {
      return errno_failure("cannot send a command to QEMU");
    }
  }
  return {};
}

Outcome<void> Qmp::handshake(Instant deadline) {
  KEDGE_HOST_TRY(const json greeting, wait_message(deadline));
  if (!greeting.contains("QMP")) return failure("QEMU did not send its greeting");
  KEDGE_HOST_TRY([[maybe_unused]] const json answer,
                 execute("qmp_capabilities", json::object(), deadline));
  return {};
}

Outcome<json> Qmp::execute(std::string_view command, const json& arguments, Instant deadline) {
  const std::uint64_t id = next_id_++;
  json message = {{"execute", command}, {"id", id}};
  if (!arguments.empty()) message["arguments"] = arguments;
  KEDGE_HOST_CHECK(send(message.dump() + "\n", deadline));
  for (;;) {
    KEDGE_HOST_TRY(json answer, wait_message(deadline));
    if (answer.contains("event")) {
      events_.push_back(std::move(answer));
      continue;
    }
    if (answer.value("id", std::uint64_t{0}) != id) continue;
    if (answer.contains("error")) {
      return failure(fmt::format("QEMU refused {}: {}", command,
                                 answer["error"].value("desc", std::string("no reason given"))));
    }
    return answer.value("return", json::object());
  }
}

std::vector<json> Qmp::take_events() {
  receive();
  while (const auto line = take_line()) {
    auto message = json::parse(*line, nullptr, false);
    if (!message.is_discarded() && message.contains("event")) events_.push_back(std::move(message));
  }
  return std::exchange(events_, {});
}

}  // namespace kedge::host
