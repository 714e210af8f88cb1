// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transfer's attempts, its timing and its requests. What packets mean is in tftp_packets.cpp.
#include "client/tftp/tftp_transfer.h"

#include <algorithm>

#include "async/wait.h"
#include "base/format.h"
#include "client/tftp/tftp_client_errors.h"

namespace kedge::client {
namespace {

constexpr unsigned kRepeatsBeforeFallBack = 2;
constexpr unsigned kPacketsPerTurn = 64;
constexpr std::uint16_t kIpv4UdpHeaderBytes = 28;
constexpr std::uint16_t kIpv6UdpHeaderBytes = 48;

}  // namespace

TftpTransfer::TftpTransfer(net::Stack& stack, TftpServers& servers, wire::Uri uri,
                           const TftpSettings& settings, Sink& sink, Progress& progress)
    : stack_(stack),
      servers_(servers),
      settings_(settings),
      sink_(sink),
      progress_(progress),
      uri_(std::move(uri)) {}

async::Task<Result<std::uint64_t>> TftpTransfer::run() noexcept {
  if (uri_.host.empty()) co_return fail(err::tftp_no_host);
  const Instant now = co_await async::current_time();
  KEDGE_CO_TRY(const auto addresses,
               co_await stack_.resolve(uri_.host, now + settings_.resolve_timeout));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    level_ = Level::all_options;
    const auto step = co_await try_address(addresses[i]);
    if (step.ok()) co_return sink_.size();
    const ErrorKind kind = step.error().kind();
    const bool absent = kind == ErrorKind::timed_out || kind == ErrorKind::unreachable ||
                        kind == ErrorKind::refused;
    if (answered_ || !absent || i + 1 == addresses.size()) co_return step.error();
    progress_.note(format("{}: {}", addresses[i], step.error()));
  }
  co_return fail(err::tftp_no_answer);
}

async::Task<Result<TftpTransfer::Step>> TftpTransfer::try_address(
    wire::IpAddress address) noexcept {
  give_up_at_ = co_await async::current_time() + settings_.silence_max;  // of all attempts together
  server_.address = address;
  recall_large_blocks();
  for (;;) {
    const auto step = co_await attempt(address);
    if (!step.ok() || *step == Step::finished) co_return step;
    next_attempt(*step);
  }
}

/// Levels only fall, blocks grow once and then only shrink, so this ends.
void TftpTransfer::next_attempt(Step step) noexcept {
  if (step == Step::larger_blocks) {
    large_tried_ = true;
    large_ = kTftpLargeBlocks[0];
  } else if (large_ != 0) {
    give_up_large_blocks(step);
  } else if (step == Step::fall_back_one && level_ == Level::all_options) {
    level_ = Level::basic_options;
  } else {
    level_ = Level::no_options;
  }
}

async::Task<Result<TftpTransfer::Step>> TftpTransfer::attempt(wire::IpAddress address) noexcept {
  KEDGE_CO_TRY(socket_, stack_.open_udp({}));
  server_ = {address, uri_.port_or_default()};
  answered_ = agreed_ = false;
  block_bytes_ = wire::kTftpBlockBytesDefault;
  window_ = window_left_ = 1;
  last_ = 0;
  blocks_ = 0;
  wrap_to_ = 0;
  wrap_known_ = wrap_suspected_ = gap_ = false;
  strangers_ = 0;
  total_.reset();
  if (sink_.size() > 0) sink_.clear();  // large blocks stopped coming
  KEDGE_CO_CHECK(request());
  const auto step = co_await converse();
  if (!step.ok() && step.error().kind() == ErrorKind::cancelled && answered_) {
    refuse(server_, wire::TftpErrorCode::kUndefined, "cancelled");
  }
  socket_.reset();
  co_return step;
}

async::Task<Result<TftpTransfer::Step>> TftpTransfer::converse() noexcept {
  const Instant start = co_await async::current_time();
  timeout_ = settings_.first_timeout;
  sent_at_ = start;
  measuring_ = false;
  repeats_ = 0;
  repeat_at_ = start + timeout_;
  large_until_ = Instant::never();
  for (unsigned packets = 1;; ++packets) {
    const auto datagram = co_await socket_->receive(wake_at());
    const Instant now = co_await async::current_time();
    Result<Step> step = Step::more;
    if (datagram.ok()) {
      step = handle(*datagram, now);
      // Peers may keep us busy with what is not for us: time counts then, too.
      if (step.ok() && *step == Step::more && now >= wake_at()) {
        step = expired(now);
      }
    } else if (datagram.error() == err::async_timed_out) {
      step = expired(now);
    } else {
      co_return datagram.error();
    }
    if (!step.ok() || *step != Step::more) co_return step;
    if (packets % kPacketsPerTurn == 0) KEDGE_CO_CHECK(co_await async::yield());
  }
}

/// The time for an answer is over: repeats, falls back, or gives up.
Result<TftpTransfer::Step> TftpTransfer::expired(Instant now) noexcept {
  const bool nothing_yet = blocks_ == 0;
  if (now >= give_up_at_) {
    return nothing_yet && !answered_ ? fail(err::tftp_no_answer) : fail(err::tftp_silent);
  }
  if (large_ != 0 && now >= large_until_) {
    // Or it would go on repeating all the fragments.
    refuse(server_, wire::TftpErrorCode::kUndefined, "asking again for smaller blocks");
    return Step::smaller_blocks;
  }
  if (large_ != 0 && !agreed_ && nothing_yet && repeats_ > 0) return Step::no_large_blocks;
  if (level_ != Level::no_options && nothing_yet && repeats_ >= kRepeatsBeforeFallBack) {
    // Requests with options, or large blocks, may get lost on the way.
    progress_.note("no answer to TFTP options, trying without");
    return Step::fall_back_all;
  }
  timeout_ = std::min(timeout_ * 2, settings_.timeout_max);
  KEDGE_CHECK(send_again(now));
  return Step::more;
}

Result<void> TftpTransfer::send_again(Instant now) noexcept {
  ++repeats_;
  measuring_ = false;
  repeat_at_ = now + timeout_;
  gap_ = false;
  // More blocks may have come since the latest acknowledgement: the server goes on behind them.
  if (agreed_ || blocks_ > 0) write_acknowledgement();
  return socket_->send(server_, ByteView(packet_).first(packet_bytes_));
}

/// RTT estimation in the manner of RFC 6298, with a generous factor: windows take their time.
void TftpTransfer::measure(Instant now) noexcept {
  if (measuring_) {
    const Duration sample = now - sent_at_;
    smoothed_ = smoothed_ == Duration() ? sample : (smoothed_ * 7 + sample) / 8;
  }
  measuring_ = false;
  timeout_ = std::clamp(smoothed_ * 4, settings_.timeout_min, settings_.timeout_max);
  repeats_ = 0;
  repeat_at_ = now + timeout_;
  give_up_at_ = now + settings_.silence_max;
}

Result<void> TftpTransfer::request() noexcept {
  asked_ = options_for(level_);
  ByteWriter writer(packet_);
  KEDGE_CHECK(write_tftp_request(
      writer, uri_.tftp_file_name(), asked_,
      settings_.directory ? wire::TftpOpcode::directory_request : wire::TftpOpcode::read_request));
  packet_bytes_ = writer.size();
  return socket_->send(server_, ByteView(packet_).first(packet_bytes_));
}

std::uint16_t TftpTransfer::fitting_block() const noexcept {
  const std::uint16_t headers = static_cast<std::uint16_t>(
      (server_.address.is_v6() ? kIpv6UdpHeaderBytes : kIpv4UdpHeaderBytes) +
      wire::kTftpDataHeaderBytes);
  return static_cast<std::uint16_t>(
      std::clamp<int>(settings_.mtu - headers, wire::kTftpBlockBytesMin, wire::kTftpBlockBytesMax));
}

std::uint16_t TftpTransfer::asked_block() const noexcept {
  if (large_ != 0) return large_;
  if (settings_.block_bytes == 0) return fitting_block();
  return std::clamp(settings_.block_bytes, wire::kTftpBlockBytesMin, wire::kTftpBlockBytesMax);
}

wire::TftpOptions TftpTransfer::options_for(Level level) const noexcept {
  wire::TftpOptions options;
  if (level == Level::no_options) return options;
  options.transfer_bytes = 0;
  options.block_bytes = asked_block();
  if (level == Level::basic_options) return options;
  // Large blocks are for servers that do not know windows; 64 of them at once would be too much.
  if (settings_.window_blocks > 1 && large_ == 0) options.window_blocks = settings_.window_blocks;
  if (settings_.server_timeout_s > 0) options.timeout_s = settings_.server_timeout_s;
  return options;
}

}  // namespace kedge::client
