// SPDX-License-Identifier: BSD-2-Clause-Patent
// MD5 and SHA-256 of short texts, for HTTP Digest authentication (RFC 7616). MD5 protects nothing;
// old servers ask for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace kedge::net::tls {

std::array<std::uint8_t, 16> md5(ByteView data) noexcept;
std::array<std::uint8_t, 32> sha256(ByteView data) noexcept;

}  // namespace kedge::net::tls
