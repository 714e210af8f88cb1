// SPDX-License-Identifier: BSD-2-Clause-Patent
// Task<T>: a lazy coroutine, awaited exactly once. Fallible work returns Task<Result<T>>.
//
// Two-phase start: await_suspend resumes the child and returns false when the child finished at
// once, so a loop over ready work does not grow the stack. A child that finishes later posts its
// parent to the loop. Frames come from operator new(nothrow); when it fails, awaiting the task
// yields err::async_no_frame (T must then be a Result).
//
// A started task must run to its end: destroying a suspended one asserts, because hardware, lwIP
// or firmware may still point into its operations. Cancel its scope and await it instead.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "async/async_errors.h"
#include "async/cancel.h"
#include "async/loop.h"
#include "base/result.h"

namespace kedge::async {

template <class T>
class Task;

namespace detail {

/// The part of a promise that does not depend on T.
class PromiseBase {
 public:
  static void* operator new(std::size_t bytes) noexcept {
    return ::operator new(bytes, std::nothrow);
  }
  static void operator delete(void* frame) noexcept { ::operator delete(frame); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }

  /// What only reads the context is a value at once, and no point of suspension.
  template <class Operation>
  decltype(auto) await_transform(Operation&& operation) noexcept {
    static_assert(!std::is_lvalue_reference_v<Operation>, "awaited once: made here, or moved");
    if constexpr (requires { operation.read_context(context_); }) {
      return Known{operation.read_context(context_)};
    } else {
      return std::forward<Operation>(operation);
    }
  }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> self) noexcept {
      PromiseBase& promise = self.promise();
      promise.done_ = true;
      // When the parent is still inside its await_suspend it looks at done_ itself.
      if (promise.parent_ != nullptr && promise.parent_suspended_) {
        promise.context_.loop->post(*promise.parent_);
      }
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  template <class T>
  struct Known {
    T value;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() const noexcept { return value; }
  };

  const Context& context() const noexcept { return context_; }
  void set_context(const Context& context) noexcept { context_ = context; }
  Ready& ready() noexcept { return ready_; }
  bool done() const noexcept { return done_; }

 private:
  template <class>
  friend class async::Task;
  Context context_;
  Ready ready_;              // our own node, used by whatever we await
  Ready* parent_ = nullptr;  // the node of who awaits us
  bool parent_suspended_ = false;
  bool started_ = false;
  bool done_ = false;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Promise() noexcept {}
  ~Promise() {
    if (done()) std::destroy_at(std::addressof(value_));
  }
  Task<T> get_return_object() noexcept;
  static Task<T> get_return_object_on_allocation_failure() noexcept { return Task<T>(nullptr); }
  template <class U = T>
  void return_value(U&& value) noexcept {
    std::construct_at(std::addressof(value_), std::forward<U>(value));
  }
  T take() noexcept { return std::move(value_); }

 private:
  // Constructed when the coroutine returns, which is when it is done.
  union {
    T value_;
  };
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  static Task<void> get_return_object_on_allocation_failure() noexcept;
  void return_void() noexcept {}
  void take() noexcept {}
};

template <class T>
T no_frame() noexcept {
  if constexpr (std::is_constructible_v<T, Error>) {
    return T(Error(err::async_no_frame));
  } else {
    assertion_failed("out of memory in a task that cannot report it", __FILE_NAME__, __LINE__);
  }
}

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  /// Starts the coroutine under `context`; `parent` is posted when it ends later than now. Returns
  /// true when it has ended already. For code that is not itself awaiting (runners, groups).
  bool start(const Context& context, Ready* parent) noexcept {
    if (handle_ == nullptr) return true;
    promise_type& promise = handle_.promise();
    KEDGE_ASSERT(!promise.started_);
    promise.started_ = true;
    promise.context_ = context;
    promise.ready_.handle = handle_;
    promise.parent_ = parent;
    handle_.resume();
    if (promise.done_) return true;
    promise.parent_suspended_ = true;
    return false;
  }
  /// False when its frame could not be allocated.
  bool valid() const noexcept { return handle_ != nullptr; }
  bool done() const noexcept { return handle_ == nullptr || handle_.promise().done_; }
  /// The value of a task that is done; once.
  T take() noexcept {
    if (handle_ == nullptr) return detail::no_frame<T>();
    KEDGE_ASSERT(handle_.promise().done_);
    return handle_.promise().take();
  }

  // A task is what awaits itself: code for each co_await is what coroutines consist of, so it is as
  // little as can be. await_transform sees to it that it is awaited once.
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> parent) noexcept {
    return !start(parent.promise().context(), &parent.promise().ready());
  }
  T await_resume() noexcept { return take(); }

 private:
  void destroy() noexcept {
    if (handle_ == nullptr) return;
    KEDGE_ASSERT(!handle_.promise().started_ || handle_.promise().done_);
    handle_.destroy();
    handle_ = nullptr;
  }

  Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object_on_allocation_failure() noexcept {
  return Task<void>(nullptr);
}

}  // namespace detail

/// The context of the coroutine that awaits it: `const Context context = co_await this_context();`
struct [[nodiscard]] this_context {
  Context read_context(const Context& context) const noexcept { return context; }
};

/// Drives `task` to its end from code that is not a coroutine. The loop must not be running.
template <class T>
T run(Loop& loop, CancelScope& scope, Task<T> task) noexcept {
  bool finished = task.start(Context{&loop, &scope}, nullptr);
  while (!finished && !task.done()) {
    if (!loop.run_once()) loop.idle();
  }
  return task.take();
}

}  // namespace kedge::async
