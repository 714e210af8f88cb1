// SPDX-License-Identifier: BSD-2-Clause-Patent
// CancelScope: structured cancellation. Cancelling a scope ends every wait inside it with
// err::async_cancelled; coroutines unwind through their normal error paths.
#pragma once

#include "async/loop.h"
#include "base/list.h"

namespace kedge::async {

/// A wait that can be told to end early.
class Cancellable : public ListNode<Cancellable> {
 public:
  /// Must unlink itself from the scope and complete as cancelled.
  virtual void cancel() noexcept = 0;

 protected:
  Cancellable() noexcept = default;
  ~Cancellable() = default;
};

class CancelScope : private ListNode<CancelScope> {
 public:
  /// A scope with a parent is cancelled with it. The parent must outlive it.
  explicit CancelScope(CancelScope* parent = nullptr) noexcept {
    if (parent == nullptr) return;
    parent->children_.push_back(*this);
    cancelled_ = parent->cancelled_;
  }

  bool cancelled() const noexcept { return cancelled_; }
  /// Ends all waits of this scope and of its children; later waits end at once.
  void cancel() noexcept {
    cancelled_ = true;
    while (Cancellable* wait = waits_.front()) {
      wait->unlink();
      wait->cancel();
    }
    for (CancelScope* child = children_.front(); child != nullptr; child = children_.next(*child)) {
      child->cancel();
    }
  }
  void add(Cancellable& wait) noexcept { waits_.push_back(wait); }

 private:
  friend class List<CancelScope>;
  List<Cancellable> waits_;
  List<CancelScope> children_;
  bool cancelled_ = false;
};

/// What a coroutine inherits from the one that awaits it: the loop that resumes it and the scope
/// that may cancel it.
struct Context {
  Loop* loop = nullptr;
  CancelScope* scope = nullptr;
};

}  // namespace kedge::async
