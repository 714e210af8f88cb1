// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The result type of the host tools: a value, or a Failure that a person can act on.
// (Firmware code uses base/result.h, whose errors are small and static; host tools have the heap
// and want the file name, the errno text and the advice in the message.)
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace kedge::host {

// What was tried and what happened, and what the reader can do about it (may be empty).
struct Failure {
  std::string what;
  std::string advice;
};

template <class T>
class [[nodiscard]] Outcome : public std::expected<T, Failure> {
 public:
  using std::expected<T, Failure>::expected;
};

inline std::unexpected<Failure> failure(std::string what, std::string advice = {}) {
  return std::unexpected(Failure{.what = std::move(what), .advice = std::move(advice)});
}

// "cannot open /dev/kvm: Permission denied", from errno at the time of the call.
std::unexpected<Failure> errno_failure(std::string what, std::string advice = {});

}  // namespace kedge::host

#define KEDGE_HOST_CONCAT_INNER(a, b) a##b
#define KEDGE_HOST_CONCAT(a, b) KEDGE_HOST_CONCAT_INNER(a, b)

// `KEDGE_HOST_TRY(auto file, open_file(path));` declares, or returns the failure to the caller.
#define KEDGE_HOST_TRY(declaration, expression) \
  KEDGE_HOST_TRY_IMPL(declaration, expression, KEDGE_HOST_CONCAT(kedge_try_, __LINE__))
#define KEDGE_HOST_TRY_IMPL(declaration, expression, name)    \
  auto name = (expression);                                   \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = *std::move(name)

// The same for an Outcome<void>.
#define KEDGE_HOST_CHECK(expression) \
  KEDGE_HOST_CHECK_IMPL(expression, KEDGE_HOST_CONCAT(kedge_check_, __LINE__))
#define KEDGE_HOST_CHECK_IMPL(expression, name)                 \
  do {                                                          \
    auto name = (expression);                                   \
    if (!name) return std::unexpected(std::move(name).error()); \
  } while (false)
