// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Defining a changed domain on a connection: that of libvirt's own test driver, which has domains
// in this process only and takes QEMU's as well.
#include "domain/domain_store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* kConnection = "test:///default";
constexpr const char* kXml = R"(<domain type='qemu'>
  <name>vm</name>
  <memory unit='MiB'>256</memory>
  <os>
    <type arch='x86_64'>hvm</type>
  </os>
  <devices>
    <input type='mouse' bus='ps2'/>
  </devices>
</domain>
)";
constexpr const char* kMac = "<mac address='52:54:00:00:00:01'/>";

class DomainDefinition : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(directory_);
    const auto connection = LibvirtConnection::open(kConnection, LibvirtConnection::Access::change);
    ASSERT_TRUE(connection) << connection.error().what;
    const auto defined = connection->define(kXml);
    ASSERT_TRUE(defined) << defined.error().what;
    auto input = read_domain_input("vm", kConnection, LibvirtConnection::Access::change);
    ASSERT_TRUE(input) << input.error().what;
    input_.emplace(*std::move(input));
  }
  // What is defined, with an interface that has further elements.
  std::string with_interface(const std::string& more) const {
    std::string xml = input_->xml;
    const std::string_view end = "</devices>";
    xml.insert(xml.find(end),
               "<interface type='network'>" + more + "<source network='default'/></interface>");
    return xml;
  }
  Outcome<std::filesystem::path> store(const std::string& after) const {
    return store_domain_definition(*input_, after, backups());
  }
  std::string defined() const { return input_->connection->domain_xml("vm").value_or(""); }
  std::filesystem::path backups() const { return directory_->path() / "backups"; }

  Outcome<TempDir> directory_ = TempDir::create("kedge-definition");
  std::optional<DomainInput> input_;
};

TEST_F(DomainDefinition, IsReplacedAndTheOldOneKept) {
  const auto backup = store(with_interface(kMac));
  ASSERT_TRUE(backup) << backup.error().what << backup.error().advice;
  EXPECT_EQ(read_file(*backup).value_or(""), input_->xml);
  EXPECT_THAT(defined(), HasSubstr(kMac));
  const auto again = store(with_interface(kMac));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_NE(*again, *backup);
}

// libvirt makes a MAC address up where there is none: what it has defined is not what was wanted.
TEST_F(DomainDefinition, IsPutBackWhenLibvirtHasDefinedSomethingElse) {
  const auto stored = store(with_interface(""));
  ASSERT_FALSE(stored) << defined();
  EXPECT_EQ(stored.error().what,
            "libvirt has defined something else than was asked for; the old definition is back");
  EXPECT_EQ(defined(), input_->xml);
  const auto backup = backups() / "vm.xml.bak";
  EXPECT_THAT(stored.error().advice, HasSubstr(backup.string()));
  EXPECT_EQ(read_file(backup).value_or(""), input_->xml);
}

TEST_F(DomainDefinition, StaysWhenLibvirtRefusesTheNewOne) {
  const auto stored = store(with_interface("<mac address='nonsense'/>"));
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().what, HasSubstr("libvirt refuses the changed domain"));
  EXPECT_THAT(stored.error().what, Not(EndsWith("the old definition is back")));
  EXPECT_EQ(defined(), input_->xml);
}

}  // namespace
