// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/drbg.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kedge::uefi {
namespace {

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned>(byte) & 15]);
  }
  return text;
}

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.update(as_byte_view(text));
  return to_hex(hash.finish());
}

// FIPS 180-4 examples.
TEST(Sha256, MatchesThePublishedExamples) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  const std::string text(200, 'k');
  Sha256 hash;
  for (std::size_t i = 0; i < text.size(); i += 7)
    hash.update(as_byte_view(text).subspan(i).first(std::min<std::size_t>(7, text.size() - i)));
  EXPECT_EQ(to_hex(hash.finish()), sha256(text));
}

// RFC 4231 test case 2.
TEST(HmacSha256, MatchesRfc4231) {
  HmacSha256 mac(as_byte_view("Jefe"));
  mac.update(as_byte_view("what do ya want for nothing?"));
  EXPECT_EQ(to_hex(mac.finish()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// NIST CAVP drbgvectors_no_reseed, HMAC_DRBG SHA-256, first case: the second output is compared.
TEST(HmacDrbg, MatchesTheNistVector) {
  HmacDrbg drbg;
  drbg.instantiate(
      from_hex("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"
               "659ba96c601dc69fc902940805ec0ca8"));
  std::vector<std::byte> out(128);
  drbg.generate(out);
  drbg.generate(out);
  EXPECT_EQ(to_hex(out),
            "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
            "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
            "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
            "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8");
}

TEST(HmacDrbg, ReseedingChangesTheStream) {
  HmacDrbg a;
  HmacDrbg b;
  a.instantiate(as_byte_view("seed"));
  b.instantiate(as_byte_view("seed"));
  b.reseed(as_byte_view("more"));
  std::byte from_a[32];
  std::byte from_b[32];
  a.generate(from_a);
  b.generate(from_b);
  EXPECT_NE(to_hex(from_a), to_hex(from_b));
}

}  // namespace
}  // namespace kedge::uefi
