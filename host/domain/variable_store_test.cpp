// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/variable_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <lzma.h>

#include <filesystem>

#include "domain/device_path.h"
#include "domain/store_writer.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::vector<std::string> names(const VariableStore& store) {
  std::vector<std::string> all;
  for (const EfiVariable& variable : store.variables) all.push_back(variable.name);
  return all;
}

VariableStore must_parse(const std::string& file) {
  const auto store = parse_variable_store(as_byte_view(file));
  EXPECT_TRUE(store) << store.error().what;
  return store.value_or(VariableStore());
}

// The two generations of Debian's OVMF (128 KiB and 528 KiB) and AAVMF, with and without keys.
TEST(VariableStore, ReadsDebiansTemplates) {
  struct Truth {
    const char* file;
    bool has_keys;
  };
  for (const auto& [file, has_keys] :
       {Truth{"OVMF/OVMF_VARS.fd", false}, Truth{"OVMF/OVMF_VARS.ms.fd", true},
        Truth{"OVMF/OVMF_VARS_4M.fd", false}, Truth{"OVMF/OVMF_VARS_4M.ms.fd", true},
        Truth{"AAVMF/AAVMF_VARS.fd", false}, Truth{"AAVMF/AAVMF_VARS.ms.fd", true}}) {
    const auto bytes = read_file(std::filesystem::path("/usr/share") / file);
    ASSERT_TRUE(bytes) << bytes.error().what;
    const VariableStore store = must_parse(*bytes);
    EXPECT_EQ(store.find("PK") != nullptr, has_keys) << file;
    EXPECT_THAT(store.problems, IsEmpty()) << file;
    EXPECT_FALSE(store.from_spare);
  }
}

TEST(VariableStore, ReadsBothFormats) {
  for (const bool authenticated : {false, true}) {
    StoreWriter writer(authenticated);
    writer.add("BootOrder", std::string("\1\0", 2));
    writer.add("odd", "abc");  // the next one is aligned
    writer.add("Lang", "eng");
    const VariableStore store = must_parse(writer.volume());
    EXPECT_THAT(names(store), ElementsAre("BootOrder", "odd", "Lang"));
    ASSERT_NE(store.find("BootOrder"), nullptr);
    EXPECT_EQ(store.find("BootOrder")->data, std::string("\1\0", 2));
    EXPECT_EQ(store.find("BootOrder", kKedgeTestVendor), nullptr);
  }
}

TEST(VariableStore, DeletedVariablesAreGoneAndInterruptedUpdatesAreNot) {
  StoreWriter writer(true);
  writer.add("gone", "x", 0x3c);
  writer.add("half-deleted", "old", 0x3e);
  writer.add("replaced", "old", 0x3e);
  writer.add("replaced", "new");
  writer.add("never-finished", "x", 0x7f);
  const VariableStore store = must_parse(writer.volume());
  EXPECT_THAT(names(store), ElementsAre("half-deleted", "replaced"));
  EXPECT_EQ(store.find("replaced")->data, "new");
  EXPECT_EQ(store.end, writer.size());
}

TEST(VariableStore, TheSpareAreaHelpsAfterAnInterruptedRewrite) {
  StoreWriter writer(true);
  writer.add("Lang", "eng");
  const std::string good = writer.volume();
  std::string file = std::string(good.size(), '\xff') + good;
  EXPECT_TRUE(must_parse(file).from_spare);
  EXPECT_THAT(names(must_parse(file)), ElementsAre("Lang"));
  file = good + std::string(good.size(), '\xff');
  EXPECT_FALSE(must_parse(file).from_spare);
}

// A flash image: a store, a working block with one write in its queue, and the spare area.
struct Flash {
  std::string store;
  std::uint8_t write_state = 0xfc;   // header and writes allocated, not complete
  std::uint8_t record_state = 0xfd;  // the spare area is complete, the destination is not
  std::string spare;

  std::string bytes(std::size_t complete_writes = 0) const {
    std::string queue;
    for (std::size_t i = 0; i < complete_writes; ++i) queue += write('\xf8', '\xf9');
    queue += write(static_cast<char>(write_state), static_cast<char>(record_state));
    std::string block = le(0xffffffff, 4);  // the checksum is that of this header
    const EfiGuid signature = parse_guid("9e58292b-7c68-497d-a0ce-6500fd9f1b95");
    const std::string head(reinterpret_cast<const char*>(signature.data()), signature.size());
    block = head + block + le(0xffffffff, 4) + le(4096 - 32, 8);
    const std::uint32_t checksum =
        lzma_crc32(reinterpret_cast<const std::uint8_t*>(block.data()), block.size(), 0);
    block.replace(16, 8, le(checksum, 4) + "\xfe\xff\xff\xff");
    block += queue;
    block.resize(4096, '\xff');
    return store + block + spare;
  }
  static std::string le(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  }
  // One record, with 16 bytes of its writer's own.
  static std::string write(char state, char record) {
    return state + std::string(3 + 16 + 4, '\0') + le(1, 8) + le(16, 8) + record +
           std::string(7 + 32, '\0') + std::string(16, 'p');
  }
};

TEST(VariableStore, TheSpareAreaCountsWhileAWriteIsPending) {
  StoreWriter before(true);
  before.add("Lang", "eng");
  StoreWriter after(true);
  after.add("Lang", "deu");
  const auto language = [](const std::string& file) {
    const VariableStore store = must_parse(file);
    return fmt::format("{}{}", store.find("Lang")->data, store.from_spare ? ", spare" : "");
  };
  Flash flash{.store = before.volume(), .spare = after.volume()};
  EXPECT_EQ(language(flash.bytes()), "deu, spare");
  EXPECT_EQ(language(flash.bytes(3)), "deu, spare");  // the last write counts
  flash.record_state = 0xf9;                          // the destination is complete, too
  EXPECT_EQ(language(flash.bytes()), "eng");
  flash.record_state = 0xff;  // the spare area was being written
  EXPECT_EQ(language(flash.bytes()), "eng");
  flash.record_state = 0xfd;
  flash.write_state = 0xf8;  // complete
  EXPECT_EQ(language(flash.bytes()), "eng");
  flash.write_state = 0xfe;  // the queue's entry was being made
  EXPECT_EQ(language(flash.bytes()), "eng");
  flash.write_state = 0xfc;
  std::string file = flash.bytes();
  file[flash.store.size() + 24] = '\0';  // the queue's length: the checksum is wrong now
  EXPECT_EQ(language(file), "eng");
  flash.spare = std::string(after.size(), '\xff');  // no store in the spare area
  EXPECT_EQ(language(flash.bytes()), "eng");
}

TEST(VariableStore, SurvivesAnyQueueOfWrites) {
  StoreWriter store(true);
  store.add("Lang", "eng");
  const Flash flash{.store = store.volume(), .spare = store.volume()};
  const std::string good = flash.bytes(1);
  for (std::size_t at = 0; at < 250; ++at) {  // numbers of records and bytes, above all
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string file = good;
      file[flash.store.size() + at] = byte;
      EXPECT_NE(must_parse(file).find("Lang"), nullptr) << at;
    }
  }
}

TEST(VariableStore, ReadsQemusJson) {
  const VariableStore store =
      must_parse(R"({"version": 2, "variables": [{"name": "Lang", "guid":)"
                 R"( "8be4df61-93ca-11d2-aa0d-00e098032b8c", "attr": 7, "data": "656E67"}]})");
  ASSERT_NE(store.find("Lang"), nullptr);
  EXPECT_EQ(store.find("Lang")->data, "eng");
  EXPECT_EQ(store.find("Lang")->attributes, 7);
}

std::string refusal(const std::string& file) {
  const auto store = parse_variable_store(as_byte_view(file));
  return store ? "accepted" : store.error().what;
}

TEST(VariableStore, RefusesWhatIsNone) {
  EXPECT_THAT(refusal(""), HasSubstr("offset 0x0"));
  EXPECT_THAT(refusal(std::string(100'000, 'x')), HasSubstr("offset 0x0"));
  EXPECT_THAT(must_parse(std::string(100'000, '\xff')).form, HasSubstr("blank"));
  EXPECT_THAT(refusal("QFI\xfb and so on"), HasSubstr("qcow2 image, offset"));
  EXPECT_THAT(refusal("{}"), HasSubstr("variables"));
  EXPECT_THAT(refusal("{\"variables\": [1]}"), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal(R"({"variables": [{"name": "a", "data": "0"}]})"), HasSubstr("variable a"));
  EXPECT_THAT(refusal(R"({"variables": [{"name": "a", "data": "zz"}]})"), HasSubstr("hexadecimal"));
}

TEST(VariableStore, NamesTheOffsetOfDamage) {
  StoreWriter writer(true);
  writer.add("good", "x");
  const std::size_t second = writer.size();
  writer.add("bad", "y");
  std::string file = writer.volume();
  file[second + 40] = '\x7f';  // the highest byte of the length of its data
  file[second + 43] = '\x7f';
  const VariableStore store = must_parse(file);
  EXPECT_THAT(names(store), ElementsAre("good"));
  ASSERT_EQ(store.problems.size(), 1);
  EXPECT_THAT(store.problems[0], HasSubstr(fmt::format("offset {:#x}", second)));
}

TEST(VariableStore, SurvivesEveryTruncation) {
  StoreWriter writer(true);
  writer.add("Lang", "eng");
  const std::string file = writer.volume();
  for (std::size_t size = 0; size < 400; ++size) {
    (void)parse_variable_store(as_byte_view(file.substr(0, size)));
  }
}

TEST(VariableStore, KeepsTextBeyondAscii) {
  EXPECT_EQ(utf16_text(as_byte_view(std::string_view("\xe4\0\x3d\xd8\0\xde\0\0x\0", 10))),
            "\u00e4\U0001f600");
  EXPECT_EQ(utf16_text(as_byte_view(std::string_view("\x3d\xd8", 2))), "\ufffd");
}

// A node: type, subtype, length, body.
std::string node(int type, int subtype, std::string_view body) {
  std::string text;
  text += static_cast<char>(type);
  text += static_cast<char>(subtype);
  text += static_cast<char>(body.size() + 4);
  text += '\0';
  return text + std::string(body);
}

using namespace std::string_literals;
using namespace std::string_view_literals;
const std::string kEndNode = node(0x7f, 0xff, "");
const std::string kNic = node(2, 1, "\xd0\x41\x03\x0a\0\0\0\0"sv) + node(1, 1, "\0\x03"sv) +
                         node(3, 11, "\x52\x54\0\x11\x22\x33"s + std::string(26, '\0') + '\1');

std::string path_text(const std::string& path) {
  return format_device_path(as_byte_view(path));
}

TEST(DevicePath, ReadsTheNodesOfNetworkBoots) {
  const std::string nic = "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400112233,0x1)";
  EXPECT_EQ(path_text(kNic + kEndNode), nic);
  EXPECT_EQ(path_text(kNic + node(3, 12, std::string(23, '\0')) + kEndNode),
            nic + "/IPv4(0.0.0.0,DHCP,local 0.0.0.0)");
  EXPECT_EQ(
      path_text(kNic + node(3, 13, std::string(56, '\0')) + node(3, 24, "http://a/b") + kEndNode),
      nic + "/IPv6(0:0:0:0:0:0:0:0,local 0:0:0:0:0:0:0:0)/Uri(http://a/b)");
  EXPECT_EQ(path_text(node(4, 4, "\\\0E\0\0\0"sv) + kEndNode), "\\E");
  EXPECT_EQ(path_text(node(9, 9, "\1\2"sv) + kEndNode), "Path(9,9,0102)");
}

TEST(DevicePath, SaysWhatIsDamaged) {
  EXPECT_THAT(path_text(kNic), HasSubstr("damaged at offset"));
  EXPECT_THAT(path_text(node(1, 1, "\0"sv) + kEndNode), HasSubstr("too short"));
  EXPECT_EQ(path_text(std::string("\1\1\2\0", 4)), "(damaged at offset 0x0)");
  std::string many;
  for (int i = 0; i < 70; ++i) many += node(1, 1, "\0\0"sv);
  EXPECT_THAT(path_text(many), HasSubstr("too many nodes"));
}

TEST(BootOptions, ComeInBootOrder) {
  const auto option = [](char attributes, std::string_view name, const std::string& path) {
    std::string data{attributes, '\0', '\0', '\0', static_cast<char>(path.size()), '\0'};
    for (const char c : name) data += {c, '\0'};
    return data + std::string(2, '\0') + path;
  };
  StoreWriter writer(true);
  writer.add("Boot0000", option(1, "first", kNic + kEndNode));
  writer.add("Boot000A", option(0, "second", kEndNode));
  writer.add("BootOrder", std::string("\x0a\0\0\0\7\0", 6));
  const auto options = boot_options(must_parse(writer.volume()));
  ASSERT_EQ(options.size(), 2);
  EXPECT_EQ(options[0].text(), "Boot000A second (not active): ");
  EXPECT_EQ(options[1].text(), "Boot0000 first: PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400112233,0x1)");
  EXPECT_THAT(parse_boot_option(1, as_byte_view("\1\0\0\0")).text(), HasSubstr("damaged"));
}

}  // namespace
