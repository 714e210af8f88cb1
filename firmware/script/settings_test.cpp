// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/settings.h"

#include <gtest/gtest.h>

#include "script/dhcp_settings.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

using namespace std::string_literals;

TEST(setting_name, takes_block_name_and_type_apart) {
  const auto plain = parse_setting_name("filename");
  EXPECT_EQ(plain->block, "");
  EXPECT_EQ(plain->key.name, "filename");
  EXPECT_FALSE(plain->type.has_value());

  const auto both = parse_setting_name("net0.dhcp/66:string");
  EXPECT_EQ(both->block, "net0.dhcp");
  EXPECT_EQ(both->key.name, "66");
  EXPECT_EQ(both->key.tag.count, 1);
  EXPECT_EQ(both->key.tag.parts[0], 66u);
  EXPECT_EQ(both->type, SettingType::string);

  EXPECT_EQ(parse_setting_name("net0/dhcp/66")->block, "net0/dhcp");
  EXPECT_EQ(parse_setting_name("cpuid/2.0x80000001")->key.tag.parts[1], 0x80000001u);
  EXPECT_EQ(parse_setting_name("67")->key.name, "filename");
  EXPECT_EQ(parse_setting_name("175.3")->key.name, "next-server");
  EXPECT_TRUE(parse_setting_name("1.5.")->key.tag.empty());
  EXPECT_EQ(parse_setting_name("1.2.3.4.5.6.7.8.9")->key.tag.count, 0);
}

TEST(setting_name, refuses_what_is_none) {
  EXPECT_EQ(parse_setting_name("").error(), err::settings_bad_name);
  EXPECT_EQ(parse_setting_name("net0/").error(), err::settings_bad_name);
  EXPECT_EQ(parse_setting_name("a:b").error(), err::settings_unknown_type);
  EXPECT_EQ(parse_setting_name(std::string(300, 'a')).error(), err::settings_bad_name);
}

TEST(settings, names_are_unique_and_tags_too) {
  const auto all = named_settings();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      EXPECT_NE(all[i].name, all[j].name);
      if (all[i].option != 0) {
        EXPECT_FALSE(all[i].option == all[j].option && all[i].suboption == all[j].suboption)
            << all[i].name << " and " << all[j].name;
      }
    }
  }
}

struct Tree {
  SettingsTree tree;
  InterfaceBlock net0{"net0"};
  InterfaceBlock net1{"net1"};
  StoredBlock dhcp0{"dhcp"};
  StoredBlock dhcp1{"dhcp"};
  StoredBlock proxy{"proxydhcp"};
  Tree() {
    tree.root().attach(net0);
    tree.root().attach(net1);
    net0.attach(dhcp0);
    net1.attach(dhcp1);
    tree.root().attach(proxy);
  }
};

TEST(settings, the_first_block_that_has_it_wins) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net1.dhcp/filename", "one").ok());
  EXPECT_EQ(t.tree.text("filename"), "one");
  ASSERT_TRUE(t.tree.set("net0.dhcp/filename", "zero").ok());
  EXPECT_EQ(t.tree.text("filename"), "zero");
  EXPECT_EQ(t.tree.text("net1/filename"), "one");
  ASSERT_TRUE(t.tree.set("net0/filename", "parent").ok());
  EXPECT_EQ(t.tree.fetch("filename")->full_name(), "net0/filename:string");
  ASSERT_TRUE(t.tree.set("filename", "root").ok());
  EXPECT_EQ(t.tree.fetch("filename")->full_name(), "filename:string");
}

TEST(settings, priority_moves_a_block_before_its_siblings) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net0.dhcp/filename", "zero").ok());
  ASSERT_TRUE(t.tree.set("net1.dhcp/filename", "one").ok());
  ASSERT_TRUE(t.tree.set("net1.dhcp/priority", "1").ok());
  EXPECT_EQ(t.tree.text("filename"), "one");
  ASSERT_TRUE(t.tree.set("net1.dhcp/priority", "-1").ok());
  EXPECT_EQ(t.tree.text("filename"), "zero");
  ASSERT_TRUE(t.tree.clear("net1.dhcp/priority").ok());
  EXPECT_EQ(t.tree.text("filename"), "zero") << "the order among equals is that of attachment";
}

TEST(settings, built_in_ones_come_last) {
  Tree t;
  t.tree.builtin().add_text("hostname", "from-builtin");
  EXPECT_EQ(t.tree.text("hostname"), "from-builtin");
  ASSERT_TRUE(t.tree.set("proxydhcp/hostname", "from-proxy").ok());
  EXPECT_EQ(t.tree.text("hostname"), "from-proxy");
  EXPECT_EQ(t.tree.set("builtin/hostname", "x").error(), err::settings_read_only);
}

TEST(settings, the_boot_server_is_that_of_the_boot_file) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net0.dhcp/next-server", "10.0.0.1").ok());
  EXPECT_EQ(t.tree.text("next-server"), "10.0.0.1");
  ASSERT_TRUE(t.tree.set("proxydhcp/filename", "boot.efi").ok());
  EXPECT_EQ(t.tree.text("next-server"), "10.0.0.1") << "the proxy names no server";
  ASSERT_TRUE(t.tree.set("proxydhcp/next-server", "10.0.0.2").ok());
  EXPECT_EQ(t.tree.text("next-server"), "10.0.0.2");
  EXPECT_EQ(t.tree.text("net0/next-server"), "10.0.0.1");
  ASSERT_TRUE(t.tree.set("next-server", "10.0.0.3").ok());
  EXPECT_EQ(t.tree.text("next-server"), "10.0.0.3") << "what a script says wins";
}

TEST(settings, net_x_is_the_interface_opened_last) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net1/ip", "10.0.0.9").ok());
  EXPECT_EQ(t.tree.fetch("netX/ip").error(), err::settings_no_block);
  EXPECT_EQ(t.tree.set("netX/ip", "10.0.0.9").error(), err::settings_no_block);
  t.tree.set_net_x(&t.net1);
  EXPECT_EQ(t.tree.text("netX/ip"), "10.0.0.9");
}

TEST(settings, scripts_may_create_blocks_up_to_a_limit) {
  SettingsTree tree;
  ASSERT_TRUE(tree.set("a.b/c", "deep").ok());
  EXPECT_EQ(tree.text("a/b/c"), "deep");
  EXPECT_EQ(tree.text("c"), "deep");
  Result<void> last;
  for (int i = 0; i < 100 && last.ok(); ++i) last = tree.set("x" + std::to_string(i) + "/y", "1");
  EXPECT_EQ(last.error(), err::settings_too_large);
}

TEST(settings, blocks_hold_a_limited_number_of_values) {
  StoredBlock block("b");
  Result<void> last;
  for (std::size_t i = 0; i <= StoredBlock::kEntriesMax && last.ok(); ++i) {
    last = block.store(make_setting_key("n" + std::to_string(i)), {std::nullopt, "x"});
  }
  EXPECT_EQ(last.error(), err::settings_too_large);
  EXPECT_EQ(
      block.store(make_setting_key("n0"), {std::nullopt, std::string(kSettingBytesMax + 1, 'x')})
          .error(),
      err::settings_too_large);
}

TEST(settings, a_block_that_goes_away_leaves_no_trace) {
  SettingsTree tree;
  StoredBlock child("dhcp");
  {
    StoredBlock parent("net9");
    tree.root().attach(parent);
    parent.attach(child);
    ASSERT_TRUE(tree.set("net9.dhcp/filename", "x").ok());
  }
  EXPECT_EQ(tree.text("filename"), "");
  EXPECT_EQ(child.parent(), nullptr);
}

TEST(settings, raw_options_without_a_type_show_as_hex) {
  SettingsTree tree;
  StoredBlock block("dhcp");
  tree.root().attach(block);
  ASSERT_TRUE(block.store(make_setting_key("224"), {std::nullopt, "\x01\x02"}).ok());
  EXPECT_EQ(tree.text("224"), "01:02");
  EXPECT_EQ(tree.fetch("224")->full_name(), "dhcp/224:hex");
}

std::vector<std::byte> dhcp_message() {
  std::vector<std::byte> buffer(600);
  wire::Dhcp4Header header;
  header.operation = wire::BootpOperation::reply;
  header.yours = wire::Ipv4Address(10, 0, 2, 15);
  header.server = wire::Ipv4Address(10, 0, 2, 2);
  wire::Dhcp4Builder builder(buffer, header, "sname-server", "file-name");
  builder.option_text(66, "tftp.example\0"s);
  builder.option_text(43,
                      "\x06\x01\x08\x0a\x04"
                      "menu\xff"s);
  builder.option_text(175, "\x01\x01\x05\xb0\x01\x01"s);
  builder.option_text(119, std::string(300, 'x'));  // becomes two options
  const auto message = builder.finish();
  buffer.resize(message->size());
  return buffer;
}

TEST(dhcp_settings, shows_options_suboptions_and_fields) {
  const std::vector<std::byte> message = dhcp_message();
  Tree t;
  fill_dhcp_block(t.dhcp0, *wire::Dhcp4View::parse(message));
  EXPECT_EQ(t.tree.text("net0/ip"), "10.0.2.15");
  EXPECT_EQ(t.tree.text("net0.dhcp/next-server"), "10.0.2.2");
  EXPECT_EQ(t.tree.text("net0/dhcp/66:string"), "tftp.example") << "the option, not the field";
  EXPECT_EQ(t.tree.text("filename"), "file-name");
  EXPECT_EQ(t.tree.text("43.6:uint8"), "0x8");
  EXPECT_EQ(t.tree.text("43.10:string"), "menu");
  EXPECT_EQ(t.tree.text("175.176:int8"), "1");
  EXPECT_EQ(t.tree.text("priority"), "5");
  EXPECT_EQ(t.tree.fetch("119:string")->raw.size(), 300u);
}

TEST(dhcp_settings, a_new_lease_replaces_the_old_one) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net0.dhcp/hostname", "old").ok());
  const std::vector<std::byte> message = dhcp_message();
  fill_dhcp_block(t.dhcp0, *wire::Dhcp4View::parse(message));
  EXPECT_EQ(t.tree.text("hostname"), "");
}

TEST(dhcp_settings, its_priority_moves_the_interface) {
  Tree t;
  ASSERT_TRUE(t.tree.set("net0.dhcp/filename", "zero").ok());
  const std::vector<std::byte> message = dhcp_message();
  fill_dhcp_block(t.dhcp1, *wire::Dhcp4View::parse(message));
  EXPECT_EQ(t.tree.text("filename"), "file-name");
}

}  // namespace
}  // namespace kedge::script
