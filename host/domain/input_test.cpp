// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What `kedge domain` reads besides ROMs: XML, descriptors, QEMU's defaults, CPU models.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "domain/domain_test_host.h"
#include "support/pattern.h"
#include "support/process.h"

using namespace kedge;
using namespace kedge::host;
using testing::HasSubstr;

namespace {

std::string refusal(const std::string& xml) {
  const auto document = XmlDocument::parse(xml);
  if (!document) return document.error().what;
  const auto domain = read_domain(*document);
  return domain ? "accepted" : domain.error().what;
}

TEST(DomainXml, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(refusal(""), HasSubstr("line 1"));
  EXPECT_THAT(refusal("<domain>\n<os>\n</domain>"), HasSubstr("line 3"));
  EXPECT_THAT(refusal("\n\n<network/>"), HasSubstr("line 3: this is <network>"));
  EXPECT_THAT(refusal("<domain type='lxc'><os/></domain>"),
              HasSubstr("line 1: a domain of type 'lxc'"));
  EXPECT_THAT(refusal("<domain type='kvm'/>"), HasSubstr("no <os>"));
  EXPECT_THAT(refusal(std::string("<domain\n\0/>", 11)), HasSubstr("line 2: a zero byte"));
}

TEST(DomainXml, IsLimited) {
  std::string deep = "<domain type='kvm'>";
  for (int i = 0; i < 70; ++i) deep += "<a>";
  for (int i = 0; i < 70; ++i) deep += "</a>";
  EXPECT_THAT(refusal(deep + "</domain>"), HasSubstr("deep"));
  EXPECT_THAT(refusal(std::string(kXmlBytesMax + 1, ' ')), HasSubstr("more than"));
}

TEST(DomainXml, KnowsWhereElementsStand) {
  const std::string text =
      "<!-- <a> -->\n<a x='>'>\n  <b/>\n  <!-- </a> -->\n  <c><![CDATA[</a>]]></c>\n</a>\n";
  const auto document = XmlDocument::parse(text);
  ASSERT_TRUE(document) << document.error().what;
  const ElementRange a = document->range(document->root());
  EXPECT_EQ(text.substr(a.begin, a.close_end - a.begin), text.substr(13, text.size() - 14));
  EXPECT_EQ(text.substr(a.begin, a.open_end - a.begin), "<a x='>'>");
  const auto b = document->root().child("b");
  EXPECT_EQ(document->line(b), 3);
  EXPECT_TRUE(document->range(b).empty_tag);
}

const char* const kDescriptor = R"({"description": "d", "interface-types": ["uefi"],
  "mapping": {"device": "flash", "executable": {"filename": "/code", "format": "raw"},
              "nvram-template": {"filename": "/vars", "format": "raw"}},
  "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*"]}],
  "features": ["secure-boot", "requires-smm"], "tags": []})";

TEST(FirmwareDescriptor, TellsWhatItDescribes) {
  const auto one = parse_descriptor(kDescriptor, "f");
  ASSERT_TRUE(one) << one.error().what;
  EXPECT_EQ(one->executable, "/code");
  EXPECT_EQ(one->nvram_template, "/vars");
  EXPECT_TRUE(one->fits("x86_64", "pc-q35-7.2"));
  EXPECT_TRUE(one->fits("x86_64", "q35"));
  EXPECT_FALSE(one->fits("x86_64", "pc-i440fx-7.2"));
  EXPECT_FALSE(one->fits("aarch64", "q35"));
  EXPECT_TRUE(one->has("secure-boot"));
}

TEST(FirmwareDescriptor, RefusesDamageWithItsOffset) {
  EXPECT_THAT(parse_descriptor("{\"a\": }", "f").error().what, HasSubstr("offset 7"));
  EXPECT_THAT(parse_descriptor("[]", "f").error().what, HasSubstr("object"));
  EXPECT_THAT(parse_descriptor(std::string(100, '['), "f").error().what, HasSubstr("offset 32"));
  EXPECT_THAT(parse_descriptor("{\"a\": 1e999}", "f").error().what, HasSubstr("too large"));
  EXPECT_FALSE(parse_descriptor("{}", "f"));
}

TEST(FirmwareDescriptor, DirectoriesOfThePersonOverruleThePackages) {
  const TestHost host;
  for (const char* name : {"low", "high"}) std::filesystem::create_directory(host.path(name));
  const auto named = [](const char* file) {
    std::string text = kDescriptor;
    return text.replace(text.find("/code"), 5, file);
  };
  host.write("low/50-a.json", named("/a"));
  host.write("low/60-b.json", named("/b"));
  host.write("low/70-c.json", named("/c"));
  host.write("high/50-a.json", "");
  host.write("high/60-b.json", named("/mine"));
  host.write("high/65-bad.json", "{");
  const auto set = read_descriptors({host.path("low"), host.path("high")});
  ASSERT_EQ(set.descriptors.size(), 2);
  EXPECT_EQ(set.descriptors[0].executable, "/mine");
  EXPECT_EQ(set.descriptors[1].executable, "/c");
  EXPECT_EQ(set.problems.size(), 1);
}

TEST(FirmwareChoice, FollowsWhatTheXmlAsksFor) {
  DescriptorSet set;
  const auto add = [&set](const char* file, std::vector<std::string> features) {
    set.descriptors.push_back({.interfaces = {"uefi"},
                               .executable = file,
                               .targets = {{"x86_64", {"pc-q35-*"}}},
                               .features = std::move(features)});
  };
  add("/enrolled", {"secure-boot", "enrolled-keys", "requires-smm"});
  add("/secure", {"secure-boot", "requires-smm"});
  add("/plain", {});
  const auto choice = [&set](const std::string& os) {
    TestDomain domain{.os = os};
    Domain model = domain.read();
    model.firmware_attribute = "efi";
    const auto* found = choose_firmware(set, model);
    return found == nullptr ? std::string() : found->executable;
  };
  EXPECT_EQ(choice(""), "/enrolled");
  EXPECT_EQ(choice("<firmware><feature enabled='no' name='secure-boot'/></firmware>"), "/plain");
  EXPECT_EQ(choice("<firmware><feature enabled='yes' name='secure-boot'/>"
                   "<feature enabled='no' name='enrolled-keys'/></firmware>"),
            "/secure");
  EXPECT_EQ(choice("<loader secure='no'/>"), "/plain");
}

// The table of default ROMs against the QEMU that is installed.
TEST(NicModels, HaveTheRomsThatQemuSays) {
  const TestHost host;
  const std::vector<std::string> models = {"virtio",   "e1000",   "e1000e", "rtl8139", "pcnet",
                                           "ne2k_pci", "vmxnet3", "i82550", "tulip"};
  for (const std::string machine : {"pc", "pc-i440fx-2.6"}) {
    ProcessSpec spec{.arguments = {"bash", "-c",
                                   "printf 'info qtree\\nquit\\n' | exec qemu-system-x86_64 \"$@\"",
                                   "qemu", "-M", machine, "-accel", "tcg", "-nodefaults",
                                   "-display", "none", "-S", "-monitor", "stdio"}};
    for (const std::string& model : models) {
      spec.arguments.insert(spec.arguments.end(),
                            {"-device", nic_model(model, "pci", machine).qemu_device});
    }
    const auto tree = run_tool(spec);
    ASSERT_TRUE(tree) << tree.error().what;
    for (const std::string& model : models) {
      const NicModel known = nic_model(model, "pci", machine);
      const auto match = Pattern::must_compile("dev: " + known.qemu_device + ", id").search(*tree);
      ASSERT_TRUE(match) << model;
      const std::string rest = tree->substr(match->end);
      const auto rom = Pattern::must_compile("romfile = \"([^\"]*)\"").search(rest.substr(0, 3000));
      ASSERT_TRUE(rom) << model;
      EXPECT_EQ(known.rom, rom->groups[1]) << model << " on " << machine;
    }
  }
}

TEST(NicModels, AreNotAllPciDevices) {
  EXPECT_FALSE(nic_model("virtio", "virtio-mmio", "virt").is_pci);
  EXPECT_FALSE(nic_model("spapr-vlan", "", "pseries").known);
  EXPECT_EQ(nic_model("e1000", "", "pc-i440fx-1.4").rom, "pxe-e1000.rom");
}

// The table of CPU models against the QEMU that is installed.
TEST(CpuRandom, IsWhatQemuSays) {
  const auto expansion = [](const std::string& model) {
    return fmt::format(R"({{"execute": "query-cpu-model-expansion", "arguments":)"
                       R"( {{"type": "full", "model": {{"name": "{}"}}}}}}\n)",
                       model);
  };
  std::string commands = R"({"execute": "qmp_capabilities"}\n)";
  const std::vector<std::string> models = {
      "Haswell", "IvyBridge-IBRS", "SandyBridge", "EPYC-Rome", "qemu64",
      "kvm64",   "Opteron_G5",     "Nehalem",     "max",       "Skylake-Client-noTSX-IBRS",
      "Penryn",  "Snowridge"};
  for (const std::string& model : models) commands += expansion(model);
  commands += R"({"execute": "quit"}\n)";
  const auto answers = run_tool(
      {.arguments = {"bash", "-c",
                     "printf '" + commands +
                         "' | qemu-system-x86_64 -M none -accel tcg -display none -qmp stdio"}});
  ASSERT_TRUE(answers) << answers.error().what;
  std::vector<bool> has;
  std::string_view rest = *answers;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("return") && json["return"].contains("model")) {
      has.push_back(json["return"]["model"]["props"]["rdrand"].get<bool>());
    }
  }
  ASSERT_EQ(has.size(), models.size()) << *answers;
  for (std::size_t i = 0; i < models.size(); ++i) {
    EXPECT_EQ(x86_model_has_rdrand(models[i]), has[i]) << models[i];
  }
}

TEST(CpuRandom, AFeatureInTheXmlDecides) {
  const auto has = [](const std::string& cpu, std::optional<bool> host) {
    return cpu_random(TestDomain{.more = cpu}.read(), host).has;
  };
  EXPECT_EQ(has("", true), false);
  EXPECT_EQ(has("<cpu mode='host-passthrough'/>", std::nullopt), std::nullopt);
  EXPECT_EQ(has("<cpu mode='host-model'/>", true), true);
  EXPECT_EQ(has("<cpu mode='custom'><model>Haswell</model>"
                "<feature policy='disable' name='rdrand'/></cpu>",
                true),
            false);
  EXPECT_EQ(has("<cpu mode='custom'><model>Unheard</model></cpu>", true), std::nullopt);
}

TEST(FirmwareImage, ShowsTheDriversOfOvmf) {
  const auto file = read_file("/usr/share/OVMF/OVMF_CODE_4M.fd");
  ASSERT_TRUE(file) << file.error().what;
  EXPECT_TRUE(is_firmware_image(as_byte_view(*file)));
  const auto image = read_firmware_image(as_byte_view(*file));
  ASSERT_TRUE(image) << image.error().what;
  for (const char* driver : {"VirtioNetDxe", "UefiPxeBcDxe", "HttpBootDxe", "Ip6Dxe"}) {
    EXPECT_TRUE(image->has(driver)) << driver;
  }
  EXPECT_TRUE(image->has_network());
  // Bookworm's is edk2 202211 with a part of the changes that made the stack ask for numbers.
  EXPECT_FALSE(image->stack_needs_random);
  EXPECT_FALSE(read_firmware_image(as_byte_view(file->substr(0, 100'000))));
}

TEST(FirmwareImage, OfNewerOvmfNeedsRandomNumbers) {
  const char* const home = std::getenv("HOME");
  const char* const cache = std::getenv("KEDGE_CACHE");
  const std::string path =
      (cache != nullptr ? std::string(cache) : fmt::format("{}/.cache/kedge", home)) +
      "/packages/trixie-all/ovmf/usr/share/OVMF/OVMF_CODE_4M.fd";
  const auto file = read_file(path);
  ASSERT_TRUE(file) << file.error().what << ": run tools/deps";
  const auto image = read_firmware_image(as_byte_view(*file));
  ASSERT_TRUE(image) << image.error().what;
  EXPECT_TRUE(image->stack_needs_random);
  EXPECT_THAT(image->version, testing::StartsWith("2025.02"));
}

}  // namespace
