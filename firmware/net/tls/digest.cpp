// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/tls/digest.h"

#include <mbedtls/md5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

extern "C" void mbedtls_platform_zeroize(void* buffer, std::size_t length) {
  // Volatile, or the compiler drops writes to memory that nobody reads again.
  auto* bytes = static_cast<volatile unsigned char*>(buffer);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = 0;
}

namespace kedge::net::tls {
namespace {

const unsigned char* bytes_of(ByteView data) noexcept {
  return reinterpret_cast<const unsigned char*>(data.data());
}

}  // namespace

std::array<std::uint8_t, 16> md5(ByteView data) noexcept {
  std::array<std::uint8_t, 16> digest{};
  const int status = mbedtls_md5(bytes_of(data), data.size(), digest.data());
  KEDGE_ASSERT(status == 0);  // the built-in implementation cannot fail
  return digest;
}

std::array<std::uint8_t, 32> sha256(ByteView data) noexcept {
  std::array<std::uint8_t, 32> digest{};
  const int status = mbedtls_sha256(bytes_of(data), data.size(), digest.data(), 0);
  KEDGE_ASSERT(status == 0);  // the built-in implementation cannot fail
  return digest;
}

}  // namespace kedge::net::tls
