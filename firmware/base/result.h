// SPDX-License-Identifier: BSD-2-Clause-Patent
// Result<T>: a value or an Error, which cannot be dropped silently.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "base/base_errors.h"
#include "base/error.h"

namespace kedge {

/// A value of type T or an Error: success is an error without a site. Not over std::expected, whose
/// flag stands behind the value: results of a word, and those without a value, travel in registers,
/// and all tell success by their first word. docs/adr/0016.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(Error error) noexcept : site_(error.site_), rest_(error.rest_) {}  // NOLINT: by design
  template <class U = T>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) noexcept : value_(std::forward<U>(value)) {}  // NOLINT: implicit by design

  Result(const Result&)
    requires std::is_trivially_copy_constructible_v<T>
  = default;
  Result(const Result& other) noexcept
    requires(!std::is_trivially_copy_constructible_v<T> && std::is_copy_constructible_v<T>)
      : site_(other.site_) {
    fill(other);
  }
  Result(Result&&)
    requires std::is_trivially_move_constructible_v<T>
  = default;
  Result(Result&& other) noexcept
    requires(!std::is_trivially_move_constructible_v<T> && std::is_move_constructible_v<T>)
      : site_(other.site_) {
    fill(std::move(other));
  }
  Result& operator=(Result other) noexcept {
    clear();
    site_ = other.site_;
    fill(std::move(other));
    return *this;
  }
  ~Result()
    requires std::is_trivially_destructible_v<T>
  = default;
  ~Result()
    requires(!std::is_trivially_destructible_v<T>)
  {
    clear();
  }

  bool ok() const noexcept { return site_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }

  // Inlined, so that what follows a check of its own has none.
  [[gnu::always_inline]] T& operator*() & noexcept {
    KEDGE_ASSERT(ok());
    return value_;
  }
  [[gnu::always_inline]] const T& operator*() const& noexcept {
    KEDGE_ASSERT(ok());
    return value_;
  }
  [[gnu::always_inline]] T&& operator*() && noexcept {
    KEDGE_ASSERT(ok());
    return std::move(value_);
  }
  [[gnu::always_inline]] T* operator->() noexcept {
    KEDGE_ASSERT(ok());
    return std::addressof(value_);
  }
  [[gnu::always_inline]] const T* operator->() const noexcept {
    KEDGE_ASSERT(ok());
    return std::addressof(value_);
  }

  /// The error; asserts when there is none.
  [[gnu::always_inline]] Error error() const noexcept {
    KEDGE_ASSERT(!ok());
    return Error(site_, rest_);
  }
  /// The same result, with what was being done added to its error if it has one.
  Result context(StaticText what) && noexcept {
    if (!ok()) return error().with_context(what);
    return std::move(*this);
  }

 private:
  /// Takes over what the other has beside its site, which is here already.
  template <class Other>
  void fill(Other&& other) noexcept {
    if (ok()) {
      std::construct_at(std::addressof(value_), std::forward<Other>(other).value_);
    } else {
      std::construct_at(std::addressof(rest_), other.rest_);
    }
  }
  void clear() noexcept {
    if (ok()) std::destroy_at(std::addressof(value_));
  }

  const ErrorSite* site_ = nullptr;
  union {
    Error::Rest rest_;
    T value_;
  };
};

/// Success or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  constexpr Result() noexcept : error_(nullptr, {}) {}
  constexpr Result(Error error) noexcept : error_(error) {}  // NOLINT: implicit by design

  constexpr bool ok() const noexcept { return error_.site_ == nullptr; }
  constexpr explicit operator bool() const noexcept { return ok(); }
  [[gnu::always_inline]] void operator*() const noexcept { KEDGE_ASSERT(ok()); }
  /// The error; asserts when there is none.
  [[gnu::always_inline]] Error error() const noexcept {
    KEDGE_ASSERT(!ok());
    return error_;
  }
  /// The same result, with what was being done added to its error if it has one.
  Result context(StaticText what) && noexcept {
    return ok() ? *this : Result(error_.with_context(what));
  }

 private:
  Error error_;
};

/// Shorthand for returning a failure: `return fail(err::tftp_not_found, code);`
constexpr Error fail(const ErrorSite& site, std::uint32_t detail = 0) noexcept {
  return Error(site, detail);
}

}  // namespace kedge

#define KEDGE_CONCAT_(a, b) a##b
#define KEDGE_CONCAT(a, b) KEDGE_CONCAT_(a, b)
#define KEDGE_TRY_(temporary, declaration, expression, return_keyword) \
  auto temporary = (expression);                                       \
  if (!temporary) [[unlikely]]                                         \
    return_keyword temporary.error();                                  \
  declaration = *std::move(temporary)
#define KEDGE_CHECK_(temporary, expression, return_keyword)   \
  if (auto temporary = (expression); !temporary) [[unlikely]] \
  return_keyword temporary.error()

// Declaration form only: statement expressions break coroutines on some compilers.
/// KEDGE_TRY(auto head, parse(reader)); declares `head`, or returns the error.
#define KEDGE_TRY(declaration, expression) \
  KEDGE_TRY_(KEDGE_CONCAT(kedge_try_, __COUNTER__), declaration, expression, return)
/// KEDGE_CHECK(write(x)); returns the error of a Result whose value is not needed.
#define KEDGE_CHECK(expression) \
  KEDGE_CHECK_(KEDGE_CONCAT(kedge_try_, __COUNTER__), expression, return)
/// The same inside a coroutine: KEDGE_CO_TRY(auto head, co_await read_head(stream));
#define KEDGE_CO_TRY(declaration, expression) \
  KEDGE_TRY_(KEDGE_CONCAT(kedge_try_, __COUNTER__), declaration, expression, co_return)
#define KEDGE_CO_CHECK(expression) \
  KEDGE_CHECK_(KEDGE_CONCAT(kedge_try_, __COUNTER__), expression, co_return)
