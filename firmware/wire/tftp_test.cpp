// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/tftp.h"

#include <gmock/gmock.h>

#include <array>

#include "wire/tftp_errors.h"

using namespace kedge;
using namespace std::string_literals;
using wire::TftpOpcode;
using wire::TftpOptions;
using wire::TftpPacket;

namespace {

template <class F>
std::string written(F write) {
  std::array<std::byte, wire::kTftpRequestBytesMax> buffer;
  ByteWriter writer(buffer);
  write(writer);
  const auto bytes = writer.finish();
  return bytes.ok() ? std::string(as_text(*bytes)) : "(does not fit)";
}

TEST(Tftp, WritesARequestWithOptions) {
  const std::string text = written([](ByteWriter& writer) {
    TftpOptions options;
    options.transfer_bytes = 0;
    options.block_bytes = 1468;
    options.window_blocks = 64;
    options.timeout_s = 1;
    EXPECT_TRUE(write_tftp_request(writer, "a/b", options).ok());
  });
  EXPECT_EQ(text,
            "\0\1a/b\0octet\0tsize\0"
            "0\0blksize\0"
            "1468\0windowsize\0"
            "64\0timeout\0"
            "1\0"s);
  EXPECT_EQ(written([](ByteWriter& writer) { (void)wire::write_tftp_request(writer, "x", {}); }),
            "\0\1x\0octet\0"s);
}

TEST(Tftp, RefusesNamesItCannotWrite) {
  std::array<std::byte, wire::kTftpRequestBytesMax> buffer;
  const TftpOptions all{65464, 64, 0, 1};
  for (const std::string& name : {""s, "a\0b"s, std::string(wire::kTftpNameBytesMax + 1, 'x')}) {
    ByteWriter writer(buffer);
    const auto result = write_tftp_request(writer, name, all);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), err::tftp_bad_name);
  }
  ByteWriter writer(buffer);
  EXPECT_TRUE(write_tftp_request(writer, std::string(wire::kTftpNameBytesMax, 'x'), all).ok());
}

TEST(Tftp, WritesAcknowledgementsAndErrors) {
  EXPECT_EQ(written([](ByteWriter& writer) { wire::write_tftp_acknowledgement(writer, 0x1234); }),
            "\0\4\x12\x34"s);
  EXPECT_EQ(written([](ByteWriter& writer) { wire::write_tftp_error(writer, 5, "no"); }),
            "\0\5\0\5no\0"s);
}

TEST(Tftp, ReadsWhatServersSend) {
  const std::string data_bytes = "\0\3\xff\xff xyz"s;
  const auto data = TftpPacket::parse(as_byte_view(data_bytes));
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->opcode, TftpOpcode::data);
  EXPECT_EQ(data->number, 0xffff);
  EXPECT_EQ(as_text(data->data), " xyz");
  EXPECT_TRUE(TftpPacket::parse(as_byte_view("\0\3\0\1"s))->data.empty());

  const std::string error_bytes = "\0\5\0\1File not found\0"s;
  const auto error = TftpPacket::parse(as_byte_view(error_bytes));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->number, 1);
  EXPECT_EQ(error->text, "File not found");
  const std::string endless_bytes = "\0\5\0\1no end"s;
  EXPECT_EQ(TftpPacket::parse(as_byte_view(endless_bytes))->text, "no end");
  EXPECT_EQ(TftpPacket::parse(as_byte_view("\0\5\0\1"s))->text, "");

  const auto options =
      TftpPacket::parse(as_byte_view("\0\6TSize\0"
                                     "4294967296\0blksize\0"
                                     "1024\0multicast\0,,\0windowsize\0"
                                     "8\0"s));
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->options, (TftpOptions{1024, 8, 4294967296, std::nullopt}));
}

TEST(Tftp, RefusesMalformedPackets) {
  for (const std::string& bytes :
       {""s, "\0"s, "\0\3"s, "\0\3\1"s, "\0\4\1"s, "\0\5\1"s, "\0\7\0\0"s, "\0\1x\0octet\0"s,
        "\0\6blksize\0"s, "\0\6blksize\0x\0"s, "\0\6blksize\0-1\0"s, "\0\6tsize\0\0"s,
        "\0\6blksize\0"
        "4294967296\0"s}) {
    const auto packet = TftpPacket::parse(as_byte_view(bytes));
    ASSERT_FALSE(packet.ok()) << testing::PrintToString(bytes);
    EXPECT_EQ(packet.error(), err::tftp_malformed);
  }
}

}  // namespace
