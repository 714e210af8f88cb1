// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_tcp_stream.h"

#include <algorithm>

#include "base/assert.h"
#include "net/lwip/icmp_unreachable.h"
#include "net/lwip/lwip_hooks.h"
#include "net/lwip/lwip_interface.h"
#include "net/net_errors.h"

namespace kedge::net {

LwipTcpStream::LwipTcpStream(LwipStack& stack, const wire::Endpoint& remote) noexcept
    : stack_(stack), remote_(remote) {
  stack_.streams_.push_back(*this);
}

LwipTcpStream::~LwipTcpStream() {
  if (tcp_pcb* pcb = pcb_) {
    detach();
    tcp_abort(pcb);
  }
  drop_received();
}

void LwipTcpStream::detach() noexcept {
  tcp_arg(pcb_, nullptr);
  tcp_recv(pcb_, nullptr);
  tcp_sent(pcb_, nullptr);
  tcp_err(pcb_, nullptr);
  pcb_ = nullptr;
}

Result<void> LwipTcpStream::bind() noexcept {
  for (int i = 0; i < kPortTriesMax; ++i) {
    if (tcp_bind(pcb_, IP4_ADDR_ANY, stack_.random_port()) == ERR_OK) return {};
  }
  return fail(err::net_port_in_use);
}

[[clang::minsize]] Result<void> LwipTcpStream::open() noexcept {
  if (!remote_.address.is_v4() || LwipHooks::route({}, remote_.address.v4()) == nullptr) {
    return fail(err::net_unreachable);
  }
  pcb_ = tcp_new();
  if (pcb_ == nullptr) return fail(err::net_no_memory);
  tcp_arg(pcb_, this);
  tcp_err(pcb_,
          [](void* self, err_t reason) { static_cast<LwipTcpStream*>(self)->failed(reason); });
  tcp_recv(pcb_, [](void* self, tcp_pcb*, pbuf* data, err_t) -> err_t {
    if (self != nullptr) return static_cast<LwipTcpStream*>(self)->received(data);
    if (data != nullptr) pbuf_free(data);
    return ERR_OK;
  });
  tcp_sent(pcb_, [](void* self, tcp_pcb*, u16_t) -> err_t {
    static_cast<LwipTcpStream*>(self)->writable_.notify_all();
    return ERR_OK;
  });
  tcp_nagle_disable(pcb_);  // requests are written whole, and wait for answers
  KEDGE_CHECK(bind());
  const ip4_addr_t address = to_lwip(remote_.address.v4());
  const err_t result =
      tcp_connect(pcb_, &address, remote_.port, [](void* self, tcp_pcb*, err_t) -> err_t {
        auto* stream = static_cast<LwipTcpStream*>(self);
        stream->connected_ = true;
        stream->writable_.notify_all();
        return ERR_OK;
      });
  if (result == ERR_MEM || result == ERR_BUF) return fail(err::net_no_memory);
  if (result != ERR_OK) return fail(err::net_unreachable);
  return {};
}

[[clang::minsize]] async::Task<Result<void>> LwipTcpStream::wait_connected(
    Instant deadline) noexcept {
  while (!connected_) {
    if (error_) co_return explain(*error_);
    auto waited = co_await writable_.wait_until(deadline);
    if (!waited.ok()) co_return explain(waited.error());
  }
  co_return Result<void>();
}

Error LwipTcpStream::explain(const Error& error) const noexcept {
  const bool silence = error == err::async_timed_out || error == err::net_unreachable;
  if (!silence || error.detail() != 0) return error;
  netif* interface = LwipHooks::route({}, remote_.address.v4());
  if (interface == nullptr) return error;
  const bool answers = LwipInterface::of(*interface).neighbour_answers(remote_.address.v4());
  return answers ? error : fail(err::net_no_neighbour);
}

// --- lwIP's callbacks

err_t LwipTcpStream::received(pbuf* data) noexcept {
  if (data == nullptr) {
    ended_ = true;
    acknowledge_now_ = true;
  } else {
    unacknowledged_ += data->tot_len;
    if (closed_) {
      open_window(data->tot_len);
      pbuf_free(data);
    } else {
      (last_ != nullptr ? last_->next : first_) = data;
      while (data->next != nullptr) data = data->next;
      last_ = data;
    }
  }
  // One acknowledgement for all that this burst brings, sent by acknowledge().
  if ((pcb_->flags & (TF_ACK_NOW | TF_ACK_DELAY)) != 0) {
    tcp_clear_flags(pcb_, TF_ACK_NOW);
    tcp_set_flags(pcb_, TF_ACK_DELAY);
    auto& owing = static_cast<ListNode<OwesAcknowledgement>&>(*this);
    if (!owing.linked()) stack_.owing_.push_back(*this);
  }
  readable_.notify_all();
  return ERR_OK;
}

void LwipTcpStream::acknowledge() noexcept {
  if (pcb_ == nullptr || (pcb_->flags & TF_ACK_DELAY) == 0) {
    unacknowledged_ = 0;  // it went with something else
    return;
  }
  // RFC 5681 4.2: at least for every second full segment; less than that may wait for the timer.
  if (!acknowledge_now_ && unacknowledged_ < 2u * pcb_->mss) return;
  acknowledge_now_ = false;
  unacknowledged_ = 0;
  tcp_ack_now(pcb_);
  (void)tcp_output(pcb_);
}

void LwipTcpStream::failed(err_t reason) noexcept {
  pcb_ = nullptr;  // lwIP has freed it
  if (reason == ERR_RST) {
    error_ = fail(connected_ ? err::net_reset : err::net_refused);
  } else if (reason != ERR_CLSD || !closed_) {
    error_ = fail(err::net_unreachable);  // retransmissions went unanswered, or our address is gone
  }
  readable_.notify_all();
  writable_.notify_all();
}

void LwipTcpStream::unreachable(const IcmpUnreachable& report) noexcept {
  if (pcb_ == nullptr || report.remote != remote_ || report.local_port != pcb_->local_port) return;
  // RFC 1122 4.2.3.9 and RFC 5927 5.2: only while connecting, and only about what we sent.
  if (pcb_->state != SYN_SENT || report.code == IcmpUnreachable::kCodeFragmentationNeeded) return;
  if (!TCP_SEQ_BETWEEN(report.sequence, pcb_->lastack, pcb_->snd_nxt)) return;
  const bool refused =
      report.code == IcmpUnreachable::kCodePort || report.code == IcmpUnreachable::kCodeProtocol;
  tcp_pcb* pcb = pcb_;
  detach();
  tcp_abort(pcb);
  error_ = refused ? fail(err::net_refused) : fail(err::net_unreachable, report.code);
  readable_.notify_all();
  writable_.notify_all();
}

// --- reading

ByteView LwipTcpStream::try_peek() noexcept {
  while (first_ != nullptr && consumed_ == first_->len) consume(0);
  if (first_ == nullptr) return {};
  return ByteView(static_cast<const std::byte*>(first_->payload), first_->len).subspan(consumed_);
}

async::Task<Result<ByteView>> LwipTcpStream::peek(Instant deadline) noexcept {
  for (;;) {
    if (const ByteView view = try_peek(); !view.empty()) co_return view;
    if (error_) co_return *error_;
    if (ended_) co_return ByteView();
    if (closed_) co_return fail(err::net_closed);
    KEDGE_CO_CHECK(co_await readable_.wait_until(deadline));
  }
}

void LwipTcpStream::consume(std::size_t count) noexcept {
  KEDGE_ASSERT(first_ != nullptr && count <= std::size_t{first_->len} - consumed_);
  consumed_ = static_cast<std::uint16_t>(consumed_ + count);
  if (consumed_ < first_->len) return;
  pbuf* done = first_;
  first_ = done->next;
  if (first_ == nullptr) last_ = nullptr;
  consumed_ = 0;
  const std::uint16_t length = done->len;
  done->next = nullptr;
  done->tot_len = length;
  pbuf_free(done);
  open_window(length);
}

void LwipTcpStream::open_window(std::size_t count) noexcept {
  if (pcb_ != nullptr && count > 0) tcp_recved(pcb_, static_cast<u16_t>(count));
}

void LwipTcpStream::drop_received() noexcept {
  while (first_ != nullptr) consume(first_->len - consumed_);
}

// --- writing

Result<void> LwipTcpStream::status() const noexcept {
  if (error_) return *error_;
  if (closed_ || pcb_ == nullptr) return fail(err::net_closed);
  return {};
}

[[clang::minsize]] Result<std::size_t> LwipTcpStream::queue(ByteView data) noexcept {
  const std::size_t count = std::min<std::size_t>(data.size(), tcp_sndbuf(pcb_));
  if (count == 0) return std::size_t{0};
  const u8_t more = count < data.size() ? TCP_WRITE_FLAG_MORE : 0;
  const err_t result = tcp_write(pcb_, data.data(), static_cast<u16_t>(count),
                                 static_cast<u8_t>(TCP_WRITE_FLAG_COPY | more));
  if (result == ERR_MEM) {
    // Either its queue is full, which acknowledgements cure, or the heap is.
    if (tcp_sndqueuelen(pcb_) == 0) return fail(err::net_no_memory);
    (void)tcp_output(pcb_);
    return std::size_t{0};
  }
  if (result != ERR_OK) return fail(err::net_closed);
  (void)tcp_output(pcb_);
  return count;
}

[[clang::minsize]] async::Task<Result<void>> LwipTcpStream::write(ByteView data,
                                                                  Instant deadline) noexcept {
  while (!data.empty()) {
    KEDGE_CO_CHECK(status());
    KEDGE_CO_TRY(const std::size_t taken, queue(data));
    data = data.subspan(taken);
    if (taken == 0) KEDGE_CO_CHECK(co_await writable_.wait_until(deadline));
  }
  co_return status();
}

// --- closing

bool LwipTcpStream::end_acknowledged() const noexcept {
  return pcb_->state == FIN_WAIT_2 || pcb_->state == TIME_WAIT;
}

[[clang::minsize]] async::Task<Result<void>> LwipTcpStream::close(Instant deadline) noexcept {
  KEDGE_CO_CHECK(status());
  closed_ = true;
  drop_received();
  if (tcp_shutdown(pcb_, 0, 1) != ERR_OK) co_return fail(err::net_closed);
  while (pcb_ != nullptr && !end_acknowledged()) {
    KEDGE_CO_CHECK(co_await writable_.wait_until(deadline));
  }
  if (error_) co_return *error_;
  if (tcp_pcb* pcb = pcb_) {
    detach();
    // From here lwIP sees to the peer's end; TIME-WAIT needs nothing more.
    if (pcb->state != TIME_WAIT) (void)tcp_close(pcb);
  }
  co_return Result<void>();
}

}  // namespace kedge::net
