// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/smbios.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

/// A table of structures.
class Table {
 public:
  Table& add(std::uint8_t type, std::initializer_list<int> body,
             std::initializer_list<std::string_view> strings) {
    bytes_.push_back(std::byte{type});
    bytes_.push_back(static_cast<std::byte>(4 + body.size()));
    bytes_.resize(bytes_.size() + 2);  // handle
    for (const int value : body) bytes_.push_back(static_cast<std::byte>(value));
    for (const std::string_view text : strings) {
      const ByteView view = as_byte_view(text);
      bytes_.insert(bytes_.end(), view.begin(), view.end());
      bytes_.push_back(std::byte{0});
    }
    if (strings.size() == 0) bytes_.push_back(std::byte{0});
    bytes_.push_back(std::byte{0});
    return *this;
  }
  ByteView bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

Table machine() {
  Table table;
  table.add(0, {1, 2}, {"EDK II", "2025.02"});
  table.add(1, {1,    2,    3,    4,    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 6,    5,    0},
            {"QEMU", "Standard PC", "pc-q35", "S123  ", "SKU9"});
  table.add(3, {1, 1, 0, 0, 2}, {"maker", "A-77"});
  table.add(11, {2}, {"kedge.personality=both", "other"});
  table.add(127, {}, {});
  table.add(1, {1}, {"after the end"});
  return table;
}

TEST(Smbios, TellsWhatTheMachineIs) {
  const Table table = machine();
  const Smbios found = parse_smbios(table.bytes());
  EXPECT_EQ(found.manufacturer, "QEMU");
  EXPECT_EQ(found.product, "Standard PC");
  EXPECT_EQ(found.version, "pc-q35");
  EXPECT_EQ(found.serial, "S123");
  EXPECT_EQ(found.sku, "SKU9");
  EXPECT_EQ(found.asset, "A-77");
  ASSERT_TRUE(found.uuid.has_value());
  EXPECT_EQ((*found.uuid)[0], std::byte{0x10});
  EXPECT_EQ((*found.uuid)[15], std::byte{0x1f});
  ASSERT_EQ(found.oem_strings.size(), 2U);
  EXPECT_EQ(found.oem_strings[0], "kedge.personality=both");
}

TEST(Smbios, UuidsThatSayNothingAreAbsent) {
  for (const int value : {0x00, 0xff}) {
    Table table;
    table.add(1, {1,     0,     0,     0,     value, value, value, value, value, value,
                  value, value, value, value, value, value, value, value, value, value},
              {"QEMU"});
    EXPECT_FALSE(parse_smbios(table.bytes()).uuid.has_value());
  }
}

TEST(Smbios, EveryTruncationIsSurvived) {
  const Table table = machine();
  for (std::size_t size = 0; size < table.bytes().size(); ++size) {
    const std::vector<std::byte> part(table.bytes().begin(),
                                      table.bytes().begin() + static_cast<std::ptrdiff_t>(size));
    (void)parse_smbios(part);
  }
}

TEST(Smbios, IsFoundByBothEntryPoints) {
  const Table table = machine();
  const auto address = reinterpret_cast<std::uint64_t>(table.bytes().data());
  fake::FakeFirmware fake;
  EXPECT_EQ(read_smbios(fake.firmware()).product, "");
  std::array<std::byte, 31> entry{};
  ByteWriter writer(entry);
  writer.text("_SM3_");
  writer.zeros(7);
  writer.le32(static_cast<std::uint32_t>(table.bytes().size()));
  writer.le64(address);
  fake.add_configuration_table(SMBIOS3_TABLE_GUID, entry.data());
  EXPECT_EQ(read_smbios(fake.firmware()).product, "Standard PC");

  std::array<std::byte, 31> old{};
  ByteWriter old_writer(old);
  old_writer.text("_SM_");
  old_writer.zeros(0x16 - 4);
  old_writer.le16(0x1234);
  old_writer.le32(0x7f000000);
  EXPECT_EQ(parse_smbios_entry(old).address, 0x7f000000U);
  EXPECT_EQ(parse_smbios_entry(old).bytes, 0x1234U);
  EXPECT_EQ(parse_smbios_entry(as_byte_view("_XX_")).bytes, 0U);
}

}  // namespace
}  // namespace kedge::uefi
