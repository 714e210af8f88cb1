// SPDX-License-Identifier: BSD-2-Clause-Patent
// A scripted TFTP server for tests: it follows RFC 1350, 2347 and 7440 except where told otherwise.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/fake/net.h"
#include "wire/tftp.h"

namespace kedge::client {

class TftpTestServer {
 public:
  explicit TftpTestServer(fake::FakeStack& stack) : stack_(stack) {
    stack_.on_udp = [this](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
      receive(socket, target, payload);
    };
  }

  // What the server is.
  std::string content;
  bool knows_options = true;  ///< answers with an OACK
  bool knows_windows = true;
  bool refuses_options = false;  ///< error 8
  bool refuses_windows = false;  ///< error 8 when windowsize is among the options
  bool silent_to_options = false;
  bool silent_after_options = false;  ///< its OACK arrives, its blocks do not
  bool silent = false;
  std::uint32_t block_limit = 65464;
  std::uint64_t announced = UINT64_MAX;  ///< instead of the true size
  std::uint16_t wrap_to = 0;
  Duration latency = Duration::milliseconds(1);  ///< 0: answers at once
  /// Decides the fate of each DATA packet; "count" is how often the block was sent before.
  std::function<bool(std::uint64_t block, unsigned count)> drops = [](auto, auto) { return false; };
  /// The fate of all DATA packets of that many payload bytes, as of fragments on a bad path.
  std::function<bool(std::size_t bytes)> drops_size = [](auto) { return false; };
  /// It repeats a block only when not acknowledged for so long, not for a repeated acknowledgement.
  /// 0: the other way round.
  Duration repeats_after;
  std::function<bool(std::uint64_t acknowledgement)> drops_acknowledgement = [](auto) {
    return false;
  };
  bool duplicates = false;
  bool swaps = false;  ///< every pair of blocks changes places

  // What the client did.
  std::vector<std::string> requests;
  std::vector<std::uint16_t> acknowledgements;
  std::vector<std::pair<wire::Endpoint, std::string>> errors;  ///< to whom, code and text
  std::uint64_t data_packets = 0;
  wire::Endpoint self{wire::Ipv4Address(10, 0, 0, 1), 0};

  void send(fake::FakeUdpSocket& socket, wire::Endpoint from, std::string payload) {
    const ByteView view = as_byte_view(payload);
    std::vector<std::byte> bytes(view.begin(), view.end());
    if (latency == Duration()) {
      socket.deliver(from, std::move(bytes));
      return;
    }
    // The socket may be gone when the packet arrives.
    // One nanosecond apart, so that packets keep their order.
    arrival_ = std::max(arrival_ + Duration::nanoseconds(1), stack_.loop().now() + latency);
    timers_.emplace_back(stack_.loop(), arrival_, [this, target = &socket, from, bytes] {
      for (fake::FakeUdpSocket* open : stack_.sockets) {
        if (open == target) open->deliver(from, bytes);
      }
    });
  }
  static std::string data(std::uint16_t number, std::string_view payload) {
    return header(3, number) + std::string(payload);
  }
  static std::string error(std::uint16_t code, std::string_view text) {
    return header(5, code) + std::string(text) + '\0';
  }
  static std::string options(std::vector<std::pair<std::string, std::string>> list) {
    std::string text("\0\6", 2);
    for (const auto& [name, value] : list) text += name + '\0' + value + '\0';
    return text;
  }

 private:
  static std::string header(std::uint8_t opcode, std::uint16_t number) {
    return {'\0', static_cast<char>(opcode), static_cast<char>(number >> 8),
            static_cast<char>(number)};
  }
  std::uint16_t number_of(std::uint64_t block) const {
    if (block <= 65535 || wrap_to == 0) return static_cast<std::uint16_t>(block);
    return static_cast<std::uint16_t>((block - 1) % 65535 + 1);
  }
  std::uint64_t blocks() const { return content.size() / block_ + 1; }

  void receive(fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    ByteReader reader(payload);
    const std::uint16_t opcode = reader.be16();
    if (opcode == 1) return request(socket, std::string(as_text(reader.rest())));
    if (opcode == 5) {
      const std::uint16_t code = reader.be16();
      const std::string text(as_text(reader.rest()));
      errors.emplace_back(target, format("{} {}", code, text.c_str()));
      return;
    }
    if (silent || target != self) return;
    const std::uint16_t number = reader.be16();
    acknowledgements.push_back(number);
    if (drops_acknowledgement(acknowledgements.size())) return;
    const bool first = !std::exchange(begun_, true) || number != number_of(acknowledged_);
    if (repeats_after > Duration() && !first) return;
    for (std::uint64_t block = acknowledged_; block <= acknowledged_ + window_; ++block) {
      if (number_of(block) != number) continue;
      acknowledged_ = block;
      send_window(socket);
      return repeat_later(socket);
    }
  }

  void request(fake::FakeUdpSocket& socket, std::string text) {
    requests.push_back(text);
    const bool with_options = text.find("tsize") != std::string::npos;
    if (silent || (with_options && silent_to_options)) return;
    self.port = static_cast<std::uint16_t>(30000 + requests.size());
    block_ = 512;
    window_ = 1;
    acknowledged_ = 0;
    begun_ = false;
    sent_.clear();
    const std::uint32_t wanted_window = value(text, "windowsize");
    if (with_options && (refuses_options || (refuses_windows && wanted_window > 0))) {
      return send(socket, self, error(8, "bad options"));
    }
    if (!with_options || !knows_options) return send_window(socket);
    block_ = std::min(value(text, "blksize"), block_limit);
    std::vector<std::pair<std::string, std::string>> agreed = {
        {"tsize", format("{}", announced == UINT64_MAX ? content.size() : announced)},
        {"blksize", format("{}", block_)}};
    if (knows_windows && wanted_window > 0) {
      window_ = wanted_window;
      agreed.emplace_back("windowsize", format("{}", window_));
    }
    send(socket, self, options(agreed));
  }
  static std::uint32_t value(const std::string& text, std::string name) {
    const std::size_t at = text.find(name + '\0');
    std::uint32_t number = 0;
    if (at == std::string::npos) return 0;
    for (std::size_t i = at + name.size() + 1; text[i] >= '0' && text[i] <= '9'; ++i) {
      number = number * 10 + static_cast<std::uint32_t>(text[i] - '0');
    }
    return number;
  }

  void repeat_later(fake::FakeUdpSocket& socket) {
    if (repeats_after == Duration() || acknowledged_ == blocks()) return;
    const auto state = std::pair(requests.size(), acknowledged_);
    timers_.emplace_back(stack_.loop(), stack_.loop().now() + repeats_after,
                         [this, state, target = &socket] {
                           if (state != std::pair(requests.size(), acknowledged_)) return;
                           send_window(*target);
                         });
  }

  void send_window(fake::FakeUdpSocket& socket) {
    if (silent_after_options && block_ > 512) return;
    std::vector<std::uint64_t> order;
    for (std::uint64_t i = 1; i <= window_ && acknowledged_ + i <= blocks(); ++i) {
      order.push_back(acknowledged_ + i);
    }
    if (swaps) {
      for (std::size_t i = 0; i + 1 < order.size(); i += 2) std::swap(order[i], order[i + 1]);
    }
    for (const std::uint64_t block : order) {
      ++data_packets;
      unsigned before = 0;
      if (block <= 1000) {
        before = static_cast<unsigned>(sent_.count(block));
        sent_.insert(block);
      }
      const std::string_view payload =
          std::string_view(content).substr((block - 1) * block_, block_);
      if (drops(block, before) || drops_size(payload.size())) continue;
      const std::string packet = data(number_of(block), payload);
      send(socket, self, packet);
      if (duplicates) send(socket, self, packet);
    }
  }

  fake::FakeStack& stack_;
  std::deque<fake::At> timers_;
  Instant arrival_;
  std::multiset<std::uint64_t> sent_;
  std::uint32_t block_ = 512;
  std::uint64_t window_ = 1;
  std::uint64_t acknowledged_ = 0;
  bool begun_ = false;  // the first acknowledgement has come
};

}  // namespace kedge::client
