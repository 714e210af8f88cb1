// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipTcpStream: Stream on a tcp_pcb.
//
//   state      pcb_   left by
//   open()     set    connected -> established; RST, ICMP, give-up -> failed
//   established set   close() -> closing; RST, give-up -> failed
//   closing    set    our end acknowledged -> closed (lwIP keeps the pcb); RST, deadline -> failed
//   failed     null   destructor
//   closed     null   destructor
#pragma once

#include <optional>

#include "async/wait.h"
#include "net/lwip/lwip_headers.h"
#include "net/lwip/lwip_stack.h"

namespace kedge::net {

struct OwesAcknowledgement;

class LwipTcpStream final : public Stream,
                            public ListNode<LwipTcpStream>,
                            public ListNode<OwesAcknowledgement> {
 public:
  LwipTcpStream(LwipStack& stack, const wire::Endpoint& remote) noexcept;
  LwipTcpStream(const LwipTcpStream&) = delete;
  LwipTcpStream& operator=(const LwipTcpStream&) = delete;
  ~LwipTcpStream() override;

  /// Sends the SYN.
  Result<void> open() noexcept;
  async::Task<Result<void>> wait_connected(Instant deadline) noexcept;
  /// The burst of frames is over: acknowledges what it brought.
  void acknowledge() noexcept;
  /// Frames came: lwIP has no callback for the acknowledgement of our end.
  void notice_end() noexcept {
    if (closed_ && pcb_ != nullptr && end_acknowledged()) writable_.notify_all();
  }
  void unreachable(const IcmpUnreachable& report) noexcept;

  wire::Endpoint remote() const noexcept override { return remote_; }
  async::Task<Result<ByteView>> peek(Instant deadline) noexcept override;
  ByteView try_peek() noexcept override;
  void consume(std::size_t count) noexcept override;
  async::Task<Result<void>> write(ByteView data, Instant deadline) noexcept override;
  async::Task<Result<void>> close(Instant deadline) noexcept override;

 private:
  static constexpr int kPortTriesMax = 64;

  // lwIP's callbacks: they queue and mark ready, nothing else.
  err_t received(pbuf* data) noexcept;
  void failed(err_t reason) noexcept;

  Result<void> bind() noexcept;
  /// Hands as much of `data` to lwIP as it takes; 0 when its queues are full.
  Result<std::size_t> queue(ByteView data) noexcept;
  Result<void> status() const noexcept;
  /// `error`, or that the way to the server ends at the first machine.
  Error explain(const Error& error) const noexcept;
  bool end_acknowledged() const noexcept;
  void open_window(std::size_t count) noexcept;
  void drop_received() noexcept;
  void detach() noexcept;

  LwipStack& stack_;
  wire::Endpoint remote_;
  tcp_pcb* pcb_ = nullptr;
  pbuf* first_ = nullptr;  // received: single pbufs linked by `next`, their tot_len not maintained
  pbuf* last_ = nullptr;
  std::uint16_t consumed_ = 0;        // bytes of first_
  std::uint32_t unacknowledged_ = 0;  // bytes received since the last acknowledgement
  bool connected_ = false;
  bool ended_ = false;   // the peer's FIN
  bool closed_ = false;  // close() was called
  bool acknowledge_now_ = false;
  std::optional<Error> error_;
  async::Signal readable_;
  async::Signal writable_;
};

}  // namespace kedge::net
