// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_multicast.h"

#include <new>

#include "async/wait.h"
#include "client/tftp/tftp_client_errors.h"

namespace kedge::client {
namespace {

using wire::TftpOpcode;

/// Requests, or acknowledgements of one block, that nobody has answered.
constexpr unsigned kRepeatsMax = 4;
/// Sessions of others may keep us waiting; no longer than this for one block of ours.
constexpr Duration kPatience = Duration::seconds(300);

class Session {
 public:
  Session(net::Interface& interface, const TftpGroup& group, std::string name, Sink& sink,
          Progress& progress)
      : interface_(interface),
        group_(group),
        name_(std::move(name)),
        sink_(sink),
        progress_(progress) {}

  async::Task<Result<void>> run(net::Stack& stack) noexcept;

 private:
  enum class Step : std::uint8_t { ignored, heard, finished };

  Result<void> send() noexcept;
  Result<Step> handle(const net::Datagram& datagram) noexcept;
  Result<Step> on_data(const wire::TftpPacket& packet) noexcept;

  net::Interface& interface_;
  const TftpGroup group_;
  const std::string name_;
  Sink& sink_;
  Progress& progress_;
  std::unique_ptr<net::UdpSocket> socket_;
  bool opened_ = false;
  bool acknowledges_ = false;  // the server has answered us alone
  wire::Endpoint data_from_;   // then: its end of the session
  std::uint16_t wanted_ = 1;   // the block after those that we have
  std::uint16_t acknowledged_ = 0;
  std::array<std::byte, wire::kTftpRequestBytesMax> packet_;
};

async::Task<Result<void>> Session::run(net::Stack& stack) noexcept {
  net::UdpOptions options;
  options.interface = &interface_;
  options.local_port = group_.client_port;
  KEDGE_CO_TRY(socket_, stack.open_udp(options));
  unsigned repeats = 0;
  Instant give_up_at = co_await async::current_time();
  Instant act_at = give_up_at + group_.listen;
  give_up_at = give_up_at + kPatience;
  for (;;) {
    const std::uint16_t wanted_before = wanted_;
    const auto datagram = co_await socket_->receive(act_at);
    Result<Step> step = Step::ignored;
    if (datagram.ok()) {
      step = handle(*datagram);
    } else if (!(datagram.error() == err::async_timed_out)) {
      co_return datagram.error();
    }
    if (!step.ok()) co_return step.error();
    if (*step == Step::finished) co_return Result<void>();
    const Instant now = co_await async::current_time();
    if (wanted_ != wanted_before) give_up_at = now + kPatience;
    if (now >= give_up_at) co_return fail(err::tftp_silent);
    if (*step == Step::heard) {
      repeats = 0;
      act_at = now + group_.repeat;
    } else if (now >= act_at) {
      if (repeats++ == kRepeatsMax) {
        co_return wanted_ == 1 ? fail(err::tftp_no_answer) : fail(err::tftp_silent);
      }
      opened_ = true;
      KEDGE_CO_CHECK(send());
      act_at = now + group_.repeat;
    }
  }
}

/// The acknowledgement, if that is ours to give, or the request.
Result<void> Session::send() noexcept {
  ByteWriter writer(packet_);
  wire::Endpoint target = data_from_;
  if (acknowledges_) {
    wire::write_tftp_acknowledgement(writer, acknowledged_);
  } else {
    target = {group_.server, group_.server_port};
    KEDGE_CHECK(wire::write_tftp_request(writer, name_, {}));
  }
  return socket_->send(target, ByteView(packet_).first(writer.size()));
}

Result<Session::Step> Session::handle(const net::Datagram& datagram) noexcept {
  if (!(datagram.source.address == wire::IpAddress(group_.server))) return Step::ignored;
  const auto packet = wire::TftpPacket::parse(datagram.payload);
  if (!packet.ok()) return Step::ignored;
  // To us alone: what others are told may be about another file.
  const bool is_alone = datagram.destination == wire::IpAddress(interface_.ipv4().address);
  if (!is_alone && !(datagram.destination == wire::IpAddress(group_.address))) return Step::ignored;
  const bool is_ours = opened_ && is_alone;
  if (packet->opcode == TftpOpcode::error && is_ours) return tftp_refusal(*packet, progress_);
  if (packet->opcode != TftpOpcode::data) return Step::ignored;
  if (is_ours) {
    acknowledges_ = true;
    data_from_ = datagram.source;
  }
  if (acknowledges_ && !(datagram.source == data_from_)) return Step::ignored;
  return on_data(*packet);
}

Result<Session::Step> Session::on_data(const wire::TftpPacket& packet) noexcept {
  constexpr std::uint16_t kHalf = 0x8000;  // numbers behind it are those before ours
  const auto ahead = static_cast<std::uint16_t>(packet.number - wanted_);
  if (packet.data.size() > wire::kTftpBlockBytesDefault) {
    return fail(err::tftp_bad_block, static_cast<std::uint32_t>(packet.data.size()));
  }
  // Somebody else's session goes on; ours begins when it has ended.
  if (ahead != 0 && ahead < kHalf) return Step::heard;
  if (ahead == 0) {
    KEDGE_CHECK(sink_.write(packet.data));
    ++wanted_;
    progress_.advanced(sink_.size(), std::nullopt);
  }
  if (acknowledges_) {
    acknowledged_ = packet.number;
    KEDGE_CHECK(send());
  }
  const bool is_last = packet.data.size() < wire::kTftpBlockBytesDefault;
  return ahead == 0 && is_last ? Step::finished : Step::heard;
}

}  // namespace

Error tftp_refusal(const wire::TftpPacket& packet, Progress& progress) noexcept {
  progress.refused(packet.number, packet.text);
  if (packet.number == wire::TftpErrorCode::kNotFound) return fail(err::tftp_not_found);
  if (packet.number == wire::TftpErrorCode::kAccessViolation) return fail(err::tftp_access);
  return fail(err::tftp_server_error, packet.number);
}

async::Task<Result<void>> tftp_get_from_group(net::Stack& stack, net::Interface& interface,
                                              TftpGroup group, std::string name, Sink& sink,
                                              Progress& progress) noexcept {
  const std::unique_ptr<Session> work(
      new (std::nothrow) Session(interface, group, std::move(name), sink, progress));
  if (work == nullptr) co_return fail(err::base_no_memory);
  co_return co_await work->run(stack);
}

}  // namespace kedge::client
