// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/tls/digest.h"

#include <gmock/gmock.h>

using namespace kedge;

namespace {

template <std::size_t N>
std::string hex(const std::array<std::uint8_t, N>& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// RFC 1321 A.5
TEST(Digest, HasMd5) {
  EXPECT_EQ(hex(net::tls::md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(net::tls::md5(as_byte_view("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
}

// FIPS 180-4, examples
TEST(Digest, HasSha256) {
  EXPECT_EQ(hex(net::tls::sha256(as_byte_view("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(net::tls::sha256(
                as_byte_view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
