// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/http/http_auth.h"

#include <gmock/gmock.h>

#include "client/http/http_client_errors.h"
#include "tests/fake/entropy.h"

using namespace kedge;
using client::Credentials;
using client::HttpAuthorization;
using testing::HasSubstr;

namespace {

const Credentials kMufasa{"Mufasa", "Circle of Life"};

// RFC 7616 3.9.1
constexpr std::string_view kClientNonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
constexpr std::string_view kChallenge =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

TEST(HttpAuth, AnswersTheDigestExamplesOfTheRfc) {
  const auto challenges = wire::parse_challenges(kChallenge);
  ASSERT_EQ(challenges.size(), 2u);
  const std::string sha256 =
      HttpAuthorization::digest(challenges[0], kMufasa, "GET", "/dir/index.html", kClientNonce, 1);
  EXPECT_THAT(sha256, HasSubstr("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db"
                                "5856cb6c1\""));
  EXPECT_THAT(sha256, HasSubstr("algorithm=SHA-256, opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzC"
                                "UYo5tdS\", qop=auth, nc=00000001, cnonce=\"f2/wE4q7"));
  const std::string md5 =
      HttpAuthorization::digest(challenges[1], kMufasa, "GET", "/dir/index.html", kClientNonce, 1);
  EXPECT_THAT(md5, HasSubstr("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
}

// RFC 2617 3.5 without qop, as RFC 2069 had it: checked against an independent computation.
TEST(HttpAuth, AnswersOldServersWithoutQuality) {
  const auto challenges = wire::parse_challenges(
      "Digest realm=\"testrealm@host.com\", "
      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"");
  const std::string text = HttpAuthorization::digest(challenges[0], {"Mufasa", "Circle Of Life"},
                                                     "GET", "/dir/index.html", "unused", 1);
  EXPECT_THAT(text, HasSubstr("response=\"670fd8c2df070c60b045671b8b24ff02\""));
  EXPECT_THAT(text, testing::Not(HasSubstr("cnonce")));
}

TEST(HttpAuth, PrefersTheStrongestChallenge) {
  fake::SeededEntropy entropy;
  HttpAuthorization authorization;
  ASSERT_TRUE(authorization
                  .accept(wire::parse_challenges(
                      "Basic realm=x, Digest realm=x, nonce=n, Digest realm=x, nonce=n, "
                      "algorithm=SHA-256, qop=\"auth\", Negotiate"))
                  .ok());
  EXPECT_THAT(authorization.next(kMufasa, "GET", "/", entropy), HasSubstr("nc=00000001"));
  EXPECT_THAT(authorization.next(kMufasa, "GET", "/", entropy),
              testing::AllOf(HasSubstr("SHA-256"), HasSubstr("nc=00000002")));
}

TEST(HttpAuth, RefusesWhatItCannotAnswer) {
  for (const char* text : {"", "Negotiate", "Digest realm=x, nonce=n, algorithm=TIGER",
                           "Digest realm=x, nonce=n, qop=\"auth-int\""}) {
    HttpAuthorization authorization;
    const auto accepted = authorization.accept(wire::parse_challenges(text));
    ASSERT_FALSE(accepted.ok()) << text;
    EXPECT_EQ(accepted.error(), err::http_auth_unsupported);
  }
}

// RFC 7617 2, RFC 4648 10
TEST(HttpAuth, EncodesBasicCredentials) {
  fake::SeededEntropy entropy;
  HttpAuthorization authorization;
  ASSERT_TRUE(authorization.accept(wire::parse_challenges("Basic realm=\"WallyWorld\"")).ok());
  EXPECT_EQ(authorization.next({"Aladdin", "open sesame"}, "GET", "/", entropy),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(client::base64({}), "");
  EXPECT_EQ(client::base64(as_byte_view("f")), "Zg==");
  EXPECT_EQ(client::base64(as_byte_view("fo")), "Zm8=");
  EXPECT_EQ(client::base64(as_byte_view("foo")), "Zm9v");
}

}  // namespace
