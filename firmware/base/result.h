// SPDX-License-Identifier: BSD-2-Clause-Patent
// Result<T>: a value or an Error, which cannot be dropped silently.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "base/base_errors.h"
#include "base/error.h"

namespace kedge {

/// A value of type T or an Error. Thin over std::expected, because an alias cannot be nodiscard.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() noexcept
    requires std::is_void_v<T>
  = default;
  Result(Error error) noexcept : value_(std::unexpect, error) {}  // NOLINT: implicit by design
  template <class U = T>
    requires(!std::is_void_v<T> && std::is_convertible_v<U &&, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) noexcept : value_(std::forward<U>(value)) {}  // NOLINT: implicit by design

  bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }

  template <class U = T>
    requires(!std::is_void_v<U>)
  U& operator*() & noexcept {
    KEDGE_ASSERT(ok());
    return *value_;
  }
  template <class U = T>
    requires(!std::is_void_v<U>)
  const U& operator*() const& noexcept {
    KEDGE_ASSERT(ok());
    return *value_;
  }
  template <class U = T>
    requires(!std::is_void_v<U>)
  U&& operator*() && noexcept {
    KEDGE_ASSERT(ok());
    return *std::move(value_);
  }
  void operator*() const&
    requires std::is_void_v<T>
  {
    KEDGE_ASSERT(ok());
  }
  template <class U = T>
    requires(!std::is_void_v<U>)
  U* operator->() noexcept {
    KEDGE_ASSERT(ok());
    return &*value_;
  }
  template <class U = T>
    requires(!std::is_void_v<U>)
  const U* operator->() const noexcept {
    KEDGE_ASSERT(ok());
    return &*value_;
  }

  /// The error; asserts when there is none.
  const Error& error() const noexcept {
    KEDGE_ASSERT(!ok());
    return value_.error();
  }
  /// The same result, with what was being done added to its error if it has one.
  Result context(const char* what) && noexcept {
    if (!ok()) return value_.error().with_context(what);
    return std::move(*this);
  }

 private:
  std::expected<T, Error> value_;
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
