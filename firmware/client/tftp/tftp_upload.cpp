// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_upload.h"

#include <algorithm>
#include <new>

#include "async/wait.h"
#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_multicast.h"
#include "wire/tftp.h"

namespace kedge::client {
namespace {

using wire::TftpErrorCode;
using wire::TftpOpcode;

constexpr std::size_t kHeadersBytes = 28 + wire::kTftpDataHeaderBytes;

class Upload {
 public:
  Upload(net::Stack& stack, wire::Uri uri, const TftpSettings& settings, ByteView content,
         Progress& progress)
      : stack_(stack),
        uri_(std::move(uri)),
        settings_(settings),
        content_(content),
        progress_(progress) {}

  async::Task<Result<void>> run() noexcept;

 private:
  /// What a packet of the server's means.
  enum class Verdict : std::uint8_t { ignored, next_block, without_options };

  async::Task<Result<Verdict>> exchange() noexcept;
  Result<Verdict> judge(const net::Datagram& datagram) noexcept;
  Result<Verdict> refusal(const wire::TftpPacket& packet) noexcept;
  Result<void> request() noexcept;
  void write_block() noexcept;
  std::uint16_t block_wanted() const noexcept {
    if (settings_.block_bytes != 0) return settings_.block_bytes;
    return static_cast<std::uint16_t>(settings_.mtu - kHeadersBytes);
  }
  Result<void> send() noexcept {
    return socket_->send(server_, ByteView(packet_).first(packet_bytes_));
  }

  net::Stack& stack_;
  const wire::Uri uri_;
  const TftpSettings& settings_;
  ByteView content_;
  Progress& progress_;
  std::unique_ptr<net::UdpSocket> socket_;
  wire::Endpoint server_;
  bool answered_ = false;  // the transfer id is known
  bool options_ = true;
  std::size_t block_bytes_ = wire::kTftpBlockBytesDefault;
  std::uint64_t blocks_ = 0;  // acknowledged, the request counts as the first
  std::vector<std::byte> packet_;
  std::size_t packet_bytes_ = 0;
};

async::Task<Result<void>> Upload::run() noexcept {
  if (uri_.host.empty()) co_return fail(err::tftp_no_host);
  const Instant now = co_await async::current_time();
  KEDGE_CO_TRY(const auto addresses,
               co_await stack_.resolve(uri_.host, now + settings_.resolve_timeout));
  packet_.resize(std::max<std::size_t>(wire::kTftpRequestBytesMax,
                                       wire::kTftpDataHeaderBytes + block_wanted()));
  for (;;) {
    KEDGE_CO_TRY(socket_, stack_.open_udp({}));
    server_ = {addresses.front(), uri_.port_or_default()};
    answered_ = false;
    KEDGE_CO_CHECK(request());
    KEDGE_CO_TRY(Verdict verdict, co_await exchange());
    // The block after the last whole one is shorter, if only empty: it ends the file.
    const std::uint64_t count = content_.size() / block_bytes_ + 1;
    for (blocks_ = 1; verdict == Verdict::next_block && blocks_ <= count; ++blocks_) {
      write_block();
      KEDGE_CO_TRY(verdict, co_await exchange());
      progress_.advanced(std::min<std::uint64_t>(blocks_ * block_bytes_, content_.size()),
                         content_.size());
    }
    if (verdict == Verdict::next_block) co_return Result<void>();
    options_ = false;
    block_bytes_ = wire::kTftpBlockBytesDefault;
    blocks_ = 0;
  }
}

/// Sends the packet, again and again until the server says something about it.
async::Task<Result<Upload::Verdict>> Upload::exchange() noexcept {
  const Instant start = co_await async::current_time();
  const Instant give_up = start + settings_.silence_max;
  Duration timeout = settings_.first_timeout;
  for (Instant now = start; now < give_up;) {
    KEDGE_CO_CHECK(send());
    const Instant repeat = std::min(now + timeout, give_up);
    for (;;) {
      // Looked at each time: packets that mean nothing must not keep us here.
      now = co_await async::current_time();
      if (now >= repeat) break;
      const auto datagram = co_await socket_->receive(repeat);
      if (!datagram.ok()) {
        if (datagram.error() == err::async_timed_out) continue;
        co_return datagram.error();
      }
      KEDGE_CO_TRY(const Verdict verdict, judge(*datagram));
      if (verdict != Verdict::ignored) co_return verdict;
    }
    timeout = std::min(timeout * 2, settings_.timeout_max);
  }
  co_return answered_ ? fail(err::tftp_silent) : fail(err::tftp_no_answer);
}

Result<Upload::Verdict> Upload::judge(const net::Datagram& datagram) noexcept {
  const bool known =
      answered_ ? datagram.source == server_ : datagram.source.address == server_.address;
  if (!known) return Verdict::ignored;
  const auto packet = wire::TftpPacket::parse(datagram.payload);
  if (!packet.ok()) return Verdict::ignored;
  if (packet->opcode == TftpOpcode::error) return refusal(*packet);
  if (packet->opcode == TftpOpcode::option_acknowledgement && blocks_ == 0 && options_) {
    const std::uint32_t agreed = packet->options.block_bytes.value_or(block_bytes_);
    if (agreed < wire::kTftpBlockBytesMin || agreed > block_wanted()) {
      return fail(err::tftp_bad_agreement);
    }
    block_bytes_ = agreed;
  } else if (packet->opcode != TftpOpcode::acknowledgement ||
             packet->number != static_cast<std::uint16_t>(blocks_)) {
    return Verdict::ignored;
  }
  answered_ = true;
  server_ = datagram.source;
  return Verdict::next_block;
}

Result<Upload::Verdict> Upload::refusal(const wire::TftpPacket& packet) noexcept {
  const std::uint16_t code = packet.number;
  const bool about_options =
      code == TftpErrorCode::kOptionsRefused || code == TftpErrorCode::kIllegalOperation;
  if (options_ && blocks_ == 0 && about_options) return Verdict::without_options;
  return tftp_refusal(packet, progress_);
}

Result<void> Upload::request() noexcept {
  wire::TftpOptions options;
  if (options_) {
    options.block_bytes = block_wanted();
    options.transfer_bytes = content_.size();
  }
  ByteWriter writer(packet_);
  KEDGE_CHECK(
      write_tftp_request(writer, uri_.tftp_file_name(), options, TftpOpcode::write_request));
  packet_bytes_ = writer.size();
  return {};
}

void Upload::write_block() noexcept {
  const std::size_t offset = static_cast<std::size_t>(blocks_ - 1) * block_bytes_;
  ByteWriter writer(packet_);
  wire::write_tftp_data_header(writer, static_cast<std::uint16_t>(blocks_));
  writer.bytes(content_.subspan(offset, std::min(block_bytes_, content_.size() - offset)));
  packet_bytes_ = writer.size();
}

}  // namespace

async::Task<Result<void>> tftp_put(net::Stack& stack, wire::Uri uri, const TftpSettings& settings,
                                   ByteView content, Progress& progress) noexcept {
  const std::unique_ptr<Upload> work(
      new (std::nothrow) Upload(stack, std::move(uri), settings, content, progress));
  if (work == nullptr) co_return fail(err::base_no_memory);
  co_return co_await work->run();
}

}  // namespace kedge::client
