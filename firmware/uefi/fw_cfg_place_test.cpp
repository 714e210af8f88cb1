// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_place.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/fake/fw_cfg_tables.h"
#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

using fake::AcpiTables;
using fake::aml_buffer;
using fake::aml_device;
using fake::aml_name;
using fake::aml_string;
using fake::DeviceTree;
using fake::memory32_fixed;

// Where QEMU's virt machine has it.
constexpr FwCfgPlace kPlace{.address = 0x0902'0000, .bytes = 0x18};

std::optional<FwCfgPlace> in_tree(const DeviceTree& tree) {
  const std::string bytes = tree.made();
  return find_fw_cfg_in_device_tree(as_byte_view(bytes));
}
std::optional<FwCfgPlace> in_aml(std::string_view code) {
  return find_fw_cfg_in_aml(as_byte_view(code));
}
/// As QEMU writes it, with these resources.
std::string device_with(std::string_view resources, std::string_view id = "QEMU0002") {
  return aml_device("FWCF", aml_name("_HID", aml_string(id)) + aml_name("_STA", "\x0a\x0b") +
                                aml_name("_CCA", "\x01") + aml_name("_CRS", aml_buffer(resources)));
}
std::string end_tag() {
  return std::string("\x79\0", 2);
}

TEST(FwCfgInDeviceTree, IsTheNodeThatIsCompatible) {
  EXPECT_EQ(in_tree(DeviceTree::virt_machine(kPlace)), kPlace);
}

TEST(FwCfgInDeviceTree, HasCellsOfTheSizesThatTheRootTells) {
  DeviceTree tree;
  tree.begin("");
  tree.property("#size-cells", fake::be32(1));
  tree.property("#address-cells", fake::be32(1));
  tree.begin("fw-cfg@9020000");
  tree.property("reg", fake::be32(0x0902'0000) + fake::be32(0x18));
  tree.property("compatible", std::string("other,device\0qemu,fw-cfg-mmio\0", 30));
  tree.end();
  tree.end();
  EXPECT_EQ(in_tree(tree), kPlace);
}

TEST(FwCfgInDeviceTree, IsNotBelieved) {
  const auto with = [](std::string_view compatible, std::string reg, std::string status,
                       bool deeper) {
    DeviceTree tree;
    tree.begin("");
    tree.property("#size-cells", fake::be32(2));
    tree.property("#address-cells", fake::be32(2));
    if (deeper) tree.begin("bus");
    tree.begin("fw-cfg");
    tree.property("compatible", std::string(compatible) + '\0');
    tree.property("reg", reg);
    if (!status.empty()) tree.property("status", status + '\0');
    tree.end();
    if (deeper) tree.end();
    tree.end();
    return in_tree(tree);
  };
  const std::string good = fake::be64(kPlace.address) + fake::be64(kPlace.bytes);
  constexpr std::string_view kName = "qemu,fw-cfg-mmio";
  EXPECT_EQ(with(kName, good, "okay", false), kPlace);
  EXPECT_FALSE(with(kName, good, "disabled", false).has_value());
  EXPECT_FALSE(with("qemu,fw-cfg-mmi", good, "", false).has_value());
  EXPECT_FALSE(with("qemu,fw-cfg-mmio2", good, "", false).has_value());
  EXPECT_FALSE(with(kName, good, "", true).has_value()) << "its address needs translation";
  EXPECT_FALSE(with(kName, good.substr(0, 15), "", false).has_value()) << "truncated";
  EXPECT_FALSE(with(kName, fake::be64(0) + fake::be64(24), "", false).has_value());
  EXPECT_FALSE(with(kName, fake::be64(0x0902'0004) + fake::be64(24), "", false).has_value());
  EXPECT_FALSE(with(kName, fake::be64(kPlace.address) + fake::be64(9), "", false).has_value());
  EXPECT_FALSE(with(kName, fake::be64(~0ULL - 7) + fake::be64(24), "", false).has_value());
}

TEST(FwCfgInDeviceTree, CellsThatNobodyHasAreNotRead) {
  for (const std::uint32_t cells : {0U, 3U, 0xffff'ffffU}) {
    DeviceTree tree;
    tree.begin("");
    tree.property("#address-cells", fake::be32(cells));
    tree.begin("fw-cfg");
    tree.property("compatible", std::string("qemu,fw-cfg-mmio\0", 17));
    tree.property("reg", std::string(64, '\x08'));
    tree.end();
    tree.end();
    EXPECT_FALSE(in_tree(tree).has_value()) << cells;
  }
}

TEST(FwCfgInDeviceTree, TruncatedAnywhereItIsNotThereOrTheSame) {
  const std::string whole = DeviceTree::virt_machine(kPlace).made();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    EXPECT_FALSE(find_fw_cfg_in_device_tree(as_byte_view(part)).has_value()) << size;
  }
}

TEST(FwCfgInDeviceTree, OfAnotherMagicOrAnOldVersionIsNotRead) {
  std::string bytes = DeviceTree::virt_machine(kPlace).made();
  bytes[0] = 0;
  EXPECT_FALSE(find_fw_cfg_in_device_tree(as_byte_view(bytes)).has_value());
  bytes = DeviceTree::virt_machine(kPlace).made();
  bytes[23] = 16;
  EXPECT_FALSE(find_fw_cfg_in_device_tree(as_byte_view(bytes)).has_value());
}

TEST(FwCfgInAml, IsQemusDevice) {
  const std::string other = aml_device("COM0", aml_name("_HID", aml_string("ARMH0011")));
  const std::string device = device_with(memory32_fixed(0x0902'0000, 0x18) + end_tag());
  EXPECT_EQ(in_aml(device), kPlace);
  EXPECT_EQ(in_aml(other + device + other), kPlace);
  EXPECT_EQ(in_aml("\x5b\x82\x5b\x82" + device), kPlace) << "what looks like a device before it";
}

TEST(FwCfgInAml, MayHaveAWideAddressAndMethods) {
  std::string range("\x8a\x2b\0\0\x0c\x01", 6);
  range += fake::le64(0) + fake::le64(0x40'0902'0000) + fake::le64(0x40'0902'0017) + fake::le64(0) +
           fake::le64(0x18);
  const std::string code = aml_device("FWCF", aml_name("_HID", aml_string("QEMU0002")) +
                                                  std::string("\x14\x09_INI\x00\xa4\x00", 10) +
                                                  aml_name("_CRS", aml_buffer(range + end_tag())));
  EXPECT_EQ(in_aml(code), (FwCfgPlace{.address = 0x40'0902'0000, .bytes = 0x18}));
}

TEST(FwCfgInAml, IsNotBelieved) {
  const std::string good = memory32_fixed(0x0902'0000, 0x18) + end_tag();
  ASSERT_TRUE(in_aml(device_with(good)).has_value());
  EXPECT_FALSE(in_aml(device_with(good, "QEMU0003")).has_value());
  EXPECT_FALSE(in_aml(device_with(good, "QEMU00021")).has_value());
  EXPECT_FALSE(in_aml(device_with(end_tag())).has_value());
  EXPECT_FALSE(in_aml(device_with({})).has_value());
  EXPECT_FALSE(in_aml(device_with(memory32_fixed(0x0902'0000, 9) + end_tag())).has_value());
  EXPECT_FALSE(in_aml(device_with(memory32_fixed(0x0902'0001, 24) + end_tag())).has_value());
  EXPECT_FALSE(in_aml(device_with(memory32_fixed(0, 24) + end_tag())).has_value());
  // x86's: an I/O port.
  EXPECT_FALSE(
      in_aml(device_with(std::string("\x47\x01\x10\x05\x10\x05\x01\x0c\x79\0", 10))).has_value());
  const std::string absent =
      aml_device("FWCF", aml_name("_HID", aml_string("QEMU0002")) + aml_name("_STA", "\x0a\x0a") +
                             aml_name("_CRS", aml_buffer(good)));
  EXPECT_FALSE(in_aml(absent).has_value()) << "_STA says that it is not there";
  const std::string id_only = aml_device("FWCF", aml_name("_HID", aml_string("QEMU0002")));
  EXPECT_FALSE(in_aml(id_only + aml_device("DEV0", aml_name("_CRS", aml_buffer(good)))).has_value())
      << "another device's resources";
  const std::string computed =
      aml_device("FWCF", aml_name("_HID", aml_string("QEMU0002")) + aml_name("_CRS", "FUNC"));
  EXPECT_FALSE(in_aml(computed).has_value());
}

TEST(FwCfgInAml, TruncatedAnywhereItIsNotThere) {
  const std::string whole = device_with(memory32_fixed(0x0902'0000, 0x18) + end_tag());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(in_aml(std::string_view(whole).substr(0, size)).has_value()) << size;
  }
}

struct FwCfgOnMachine : testing::Test {
  fake::FakeFirmware fake;
  AcpiTables acpi;
  std::string tree;

  FwCfgOnMachine() { acpi.set_code(device_with(memory32_fixed(0x0902'0000, 0x18) + end_tag())); }
  std::optional<FwCfgPlace> found() { return find_fw_cfg(fake.firmware()); }
};

TEST_F(FwCfgOnMachine, IsNotThereUntilThePlatformTells) {
  EXPECT_FALSE(found().has_value());
  acpi.install(fake);
  EXPECT_EQ(found(), kPlace);
}

TEST_F(FwCfgOnMachine, IsWhereTheDeviceTreeSaysBeforeAcpi) {
  acpi.install(fake);
  constexpr FwCfgPlace kOther{.address = 0x1010'0000, .bytes = 0x18};
  tree = DeviceTree::virt_machine(kOther).made();
  fake.add_configuration_table(fake::kDeviceTreeTable, tree.data());
  EXPECT_EQ(found(), kOther);
}

TEST_F(FwCfgOnMachine, IsWhereAcpiSaysWhenTheDeviceTreeIsSilent) {
  acpi.install(fake);
  DeviceTree empty;
  empty.begin("");
  empty.end();
  tree = empty.made();
  fake.add_configuration_table(fake::kDeviceTreeTable, tree.data());
  EXPECT_EQ(found(), kPlace);
}

TEST_F(FwCfgOnMachine, TheOldPointerToTheDsdtCountsOnlyWithoutTheNewOne) {
  acpi.install(fake);
  acpi.description[40] = '\x10';  // an address where nobody may read
  acpi.seal();
  EXPECT_EQ(found(), kPlace);
}

// One wrong byte in any of the tables, and nothing behind it is believed.
TEST_F(FwCfgOnMachine, TablesThatDoNotAddUpAreNotRead) {
  acpi.install(fake);
  for (std::string* table : {&acpi.root, &acpi.tables, &acpi.description, &acpi.dsdt}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{10}, table->size() - 1}) {
      const char before = (*table)[at];
      (*table)[at] = static_cast<char>(before ^ 1);
      EXPECT_FALSE(found().has_value()) << at;
      (*table)[at] = before;
    }
  }
  EXPECT_EQ(found(), kPlace);
}

TEST_F(FwCfgOnMachine, TablesOfImpossibleLengthAreNotRead) {
  acpi.install(fake);
  for (std::string* table : {&acpi.tables, &acpi.description, &acpi.dsdt}) {
    for (const std::string& length : {fake::le32(0), fake::le32(35), fake::le32(0xffff'ffff)}) {
      const std::string before = *table;
      table->replace(4, 4, length);
      EXPECT_FALSE(found().has_value());
      table->replace(0, before.size(), before);
    }
  }
  EXPECT_EQ(found(), kPlace);
}

}  // namespace
}  // namespace kedge::uefi
