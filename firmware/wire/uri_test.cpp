// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/uri.h"

#include <gmock/gmock.h>

#include "wire/uri_errors.h"

using namespace kedge;
using wire::Uri;

namespace {

Uri parse(std::string_view text) {
  auto uri = Uri::parse(text);
  EXPECT_TRUE(uri.ok()) << text;
  return uri.ok() ? *uri : Uri();
}

TEST(Uri, IsTakenApart) {
  const Uri uri = parse("HTTP://user:p%40ss@Boot.Example:8080/a/b%20c?x=1&y#top");
  EXPECT_EQ(uri.scheme, "http");
  EXPECT_EQ(uri.user, "user");
  EXPECT_EQ(uri.password, "p@ss");
  EXPECT_EQ(uri.host, "boot.example");
  EXPECT_EQ(uri.port, 8080);
  EXPECT_EQ(uri.path, "/a/b%20c");
  EXPECT_EQ(uri.query, "x=1&y");
  EXPECT_EQ(uri.fragment, "top");
  EXPECT_EQ(uri.host_and_port(), "boot.example:8080");
  EXPECT_EQ(uri.request_target(), "/a/b%20c?x=1&y");
  EXPECT_EQ(uri.last_segment(), "b c");
}

TEST(Uri, KeepsItsPasswordFromPeople) {
  const Uri uri = parse("http://user:secret@host/");
  EXPECT_EQ(format("{}", uri), "http://user@host/");
  EXPECT_EQ(uri.to_string(), "http://user:secret@host/");
}

TEST(Uri, AcceptsIpv6LiteralsWithZone) {
  const Uri uri = parse("http://[FE80::0:1%25net0]:80/x");
  EXPECT_EQ(uri.host, "fe80::1");
  EXPECT_EQ(uri.zone, "net0");
  EXPECT_EQ(uri.to_string(), "http://[fe80::1%25net0]:80/x");
  EXPECT_EQ(uri.host_and_port(), "[fe80::1]");
  EXPECT_EQ(parse("http://[fe80::1%net0]/").zone, "net0");
}

TEST(Uri, CodesWhatPeopleType) {
  EXPECT_EQ(parse("http://h/a b\\c\"%zz%41").path, "/a%20b%5Cc%22%25zz%41");
  EXPECT_EQ(parse("  http://h/x\r\n").path, "/x");
  EXPECT_EQ(parse("http://h/\xc3\xa4").path, "/%C3%A4");
}

TEST(Uri, KnowsRelativeReferences) {
  EXPECT_FALSE(parse("boot/vmlinuz").is_absolute());
  EXPECT_FALSE(parse("/boot/vmlinuz").is_absolute());
  EXPECT_TRUE(parse("//host/x").has_authority);
  EXPECT_EQ(parse("//host/x").host, "host");
  EXPECT_EQ(parse("").path, "");
}

TEST(Uri, DefaultPortsFollowTheScheme) {
  EXPECT_EQ(parse("http://h/").port_or_default(), 80);
  EXPECT_EQ(parse("https://h/").port_or_default(), 443);
  EXPECT_EQ(parse("tftp://h/").port_or_default(), 69);
  EXPECT_EQ(parse("gopher://h/").port_or_default(), 0);
  EXPECT_EQ(parse("http://h:80/").host_and_port(), "h");
  EXPECT_EQ(parse("http://h").request_target(), "/");
  EXPECT_EQ(parse("http://h?q").request_target(), "/?q");
}

TEST(Uri, RefusesWhatCannotBeRepaired) {
  const std::pair<const char*, ErrorSite> cases[] = {
      {"http://host:0/", err::uri_bad_port},         {"http://host:65536/", err::uri_bad_port},
      {"http://host:8o/", err::uri_bad_port},        {"http://[::1/", err::uri_bad_host},
      {"http://[::1]x/", err::uri_bad_host},         {"http://[::g]/", err::uri_bad_host},
      {"http://[fe80::1%25]/", err::uri_bad_host},   {"http://a b/", err::uri_bad_host},
      {"http://a%2fb/", err::uri_bad_host},          {"http://a%0d%0ab/", err::uri_bad_host},
      {"http://us er@host/", err::uri_bad_userinfo},
  };
  for (const auto& [text, site] : cases) {
    auto uri = Uri::parse(text);
    ASSERT_FALSE(uri.ok()) << text;
    EXPECT_EQ(uri.error(), site) << text;
  }
  auto long_uri = Uri::parse("http://h/" + std::string(wire::kUriBytesMax, 'a'));
  ASSERT_FALSE(long_uri.ok());
  EXPECT_EQ(long_uri.error(), err::uri_too_long);
  EXPECT_FALSE(Uri::parse("http://" + std::string(256, 'a') + "/").ok());
}

// RFC 3986 5.4
TEST(Uri, ResolvesTheExamplesOfTheRfc) {
  const Uri base = parse("http://a/b/c/d;p?q");
  const std::pair<const char*, const char*> cases[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},
      {"g?y#s", "http://a/b/c/g?y#s"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y#s"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g#s/../x", "http://a/b/c/g#s/../x"},
  };
  for (const auto& [reference, expected] : cases) {
    EXPECT_EQ(resolve(base, parse(reference)).to_string(), expected) << reference;
  }
  EXPECT_EQ(resolve(parse("http://h"), parse("x")).to_string(), "http://h/x");
}

TEST(Uri, NamesTftpFilesLiterally) {
  EXPECT_EQ(parse("tftp://server/path").tftp_file_name(), "path");
  EXPECT_EQ(parse("tftp://server//path").tftp_file_name(), "/path");
  EXPECT_EQ(parse("tftp://server/a b?c#d").tftp_file_name(), "a b?c#d");
  EXPECT_EQ(parse("tftp://server/a%20b").tftp_file_name(), "a b");
  EXPECT_EQ(parse("tftp://server/boot\\x64\\wdsnbp.com").tftp_file_name(), "boot\\x64\\wdsnbp.com");
}

TEST(Uri, KeepsBootFileNamesOfDhcpUnchanged) {
  const wire::IpAddress server = wire::Ipv4Address(10, 0, 0, 1);
  for (const char* name : {"pxelinux.0", "/boot/x.efi", "a%20b", "a b", "boot\\x64\\b.com", "x?y#z",
                           "\\\\double", "100%", ""}) {
    const Uri uri = Uri::tftp(server, name);
    EXPECT_EQ(uri.tftp_file_name(), name);
    EXPECT_EQ(parse(uri.to_string()).tftp_file_name(), name);
  }
  EXPECT_EQ(resolve(Uri::tftp(server, "dir/a.ipxe"), parse("b")).tftp_file_name(), "dir/b");
  EXPECT_EQ(resolve(Uri::tftp(server, "/dir/a.ipxe"), parse("b")).tftp_file_name(), "/dir/b");
  EXPECT_EQ(Uri::tftp(*wire::IpAddress::parse("2001:db8::1"), "x").to_string(),
            "tftp://[2001:db8::1]/x");
}

}  // namespace
