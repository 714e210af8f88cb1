// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/mac.h"

#include <gtest/gtest.h>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

TEST(MacAddress, IsReadAndWrittenWithColons) {
  const auto address = MacAddress::parse("52:54:00:12:aB:56");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(*address, MacAddress({0x52, 0x54, 0x00, 0x12, 0xab, 0x56}));
  EXPECT_EQ(format("{}", *address), "52:54:00:12:ab:56");
}

TEST(MacAddress, IsReadWithHyphensAndWithoutSeparators) {
  const MacAddress expected({0x52, 0x54, 0x00, 0x12, 0xab, 0x56});
  EXPECT_EQ(*MacAddress::parse("52-54-00-12-ab-56"), expected);
  EXPECT_EQ(*MacAddress::parse("52540012ab56"), expected);
}

TEST(MacAddress, RefusesWhatIsNotOne) {
  for (const char* text : {"", "52:54:00:12:34", "52:54:00:12:34:5g", "52:54-00:12:34:56",
                           "52:54:00:12:34:56:", "5254001234567", "52.54.00.12.34.56",
                           "52:54:00:12:34:56 ", "5 :54:00:12:34:56"}) {
    const auto address = MacAddress::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error(), err::wire_bad_mac);
  }
}

TEST(MacAddress, KnowsItsGroupBits) {
  EXPECT_TRUE(MacAddress::broadcast().is_multicast());
  EXPECT_TRUE(MacAddress::broadcast().is_broadcast());
  EXPECT_TRUE(MacAddress({0x33, 0x33, 0, 0, 0, 1}).is_multicast());
  EXPECT_FALSE(MacAddress({0x33, 0x33, 0, 0, 0, 1}).is_broadcast());
  EXPECT_TRUE(MacAddress({0x52, 0x54, 0, 0, 0, 1}).is_locally_administered());
  EXPECT_FALSE(MacAddress({0x00, 0x54, 0, 0, 0, 1}).is_locally_administered());
  EXPECT_TRUE(MacAddress().is_zero());
}

TEST(MacAddress, IsZeroWhenTheBytesEndEarly) {
  const std::uint8_t five[] = {1, 2, 3, 4, 5};
  ByteReader reader(std::as_bytes(std::span(five)));
  EXPECT_TRUE(MacAddress::read(reader).is_zero());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace kedge::wire
