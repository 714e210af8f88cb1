// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gmock/gmock.h>

#include "image/cpio.h"
#include "image/identify.h"
#include "image/image_errors.h"
#include "image/image_test_files.h"

using namespace kedge;
using namespace kedge::image;
using namespace std::string_literals;

namespace {

Identity identify_text(const std::string& text) {
  return identify(as_byte_view(text), text.size());
}

TEST(Pe, IsRead) {
  PeRecipe recipe;
  recipe.sections = {".text", ".sbat"};
  recipe.signature_bytes = 0x700;
  recipe.image_version = 3;
  const std::string file = make_pe(recipe);
  const auto pe = PeInfo::parse(as_byte_view(file));
  ASSERT_TRUE(pe.ok());
  EXPECT_EQ(pe->machine, Machine::x86_64);
  EXPECT_TRUE(pe->is_64_bit);
  EXPECT_TRUE(pe->is_efi_application());
  EXPECT_FALSE(pe->is_efi_driver());
  EXPECT_EQ(pe->memory_bytes, 0x5000u);
  EXPECT_EQ(pe->major_image_version, 3);
  EXPECT_TRUE(pe->has_signature);
  EXPECT_TRUE(pe->has_sbat);
  EXPECT_TRUE(pe->has_nx_compat);
  EXPECT_FALSE(pe->is_unified_kernel);
  EXPECT_EQ(pe->file_bytes_needed, 0xf00u);
}

TEST(Pe, HasSectionsThatSayHowTheyAreProtected) {
  const PeRecipe recipe{.sections = {".text", ".data"}};
  std::string file = make_pe(recipe);
  const std::size_t first = recipe.header_at + 24 + 112 + 16 * 8;
  put(file, first + 8, 0x1234, 4);
  put(file, first + 12, 0x1000, 4);
  put(file, first + 36, 0x60000020, 4);
  put(file, first + 40 + 36, 0xc0000040, 4);
  const auto sections = pe_sections(as_byte_view(file));
  ASSERT_TRUE(sections.ok());
  ASSERT_EQ(sections->size(), 2U);
  EXPECT_EQ((*sections)[0].address, 0x1000U);
  EXPECT_EQ((*sections)[0].bytes, 0x1234U);
  EXPECT_TRUE((*sections)[0].executable);
  EXPECT_FALSE((*sections)[0].writable);
  EXPECT_FALSE((*sections)[1].executable);
  EXPECT_TRUE((*sections)[1].writable);
  file.resize(first + 79);
  EXPECT_FALSE(pe_sections(as_byte_view(file)).ok());
}

TEST(Pe, IsReadIn32BitForm) {
  PeRecipe recipe;
  recipe.wide = false;
  recipe.machine = Machine::i386;
  recipe.subsystem = 11;
  recipe.characteristics = 0;
  const std::string file = make_pe(recipe);
  const auto pe = PeInfo::parse(as_byte_view(file));
  ASSERT_TRUE(pe.ok());
  EXPECT_FALSE(pe->is_64_bit);
  EXPECT_TRUE(pe->is_efi_driver());
  EXPECT_FALSE(pe->has_nx_compat);
  EXPECT_FALSE(pe->has_signature);
  EXPECT_EQ(pe->memory_bytes, 0x5000u);
}

TEST(Pe, IsRefusedWhenCutOffInItsHeaders) {
  const std::string file = make_pe({});
  constexpr std::size_t kHeadersEnd = 0x80 + 24 + 240 + 40;
  for (std::size_t size = 0; size < kHeadersEnd; ++size) {
    const std::string part = file.substr(0, size);
    EXPECT_FALSE(PeInfo::parse(as_byte_view(part)).ok()) << size;
  }
  EXPECT_TRUE(PeInfo::parse(as_byte_view(file).first(kHeadersEnd)).ok());
}

TEST(Pe, IsRefusedWithNonsenseInItsHeaders) {
  std::string file = make_pe({});
  put(file, 0x80 + 24, 0x107, 2);  // a ROM image
  EXPECT_EQ(PeInfo::parse(as_byte_view(file)).error(), err::image_bad_pe);
  file = make_pe({});
  put(file, 0x80 + 6, kPeSectionsMax + 1, 2);
  EXPECT_EQ(PeInfo::parse(as_byte_view(file)).error(), err::image_bad_pe);
  file = make_pe({});
  put(file, 0x80 + 24 + 108, 17, 4);  // data directories
  EXPECT_EQ(PeInfo::parse(as_byte_view(file)).error(), err::image_bad_pe);
  file = make_pe({});
  put(file, 0x3c, 0xfffffff0, 4);
  EXPECT_EQ(PeInfo::parse(as_byte_view(file)).error(), err::image_not_pe);
}

TEST(LinuxKernel, IsRecognisedAsBzImage) {
  PeRecipe recipe;
  recipe.header_at = 0x400;
  recipe.image_version = 3;
  std::string file = make_pe(recipe);
  put_setup_header(file, "6.1.0-18-amd64 (x@y) #1 SMP");
  const auto kernel = LinuxInfo::parse(as_byte_view(file));
  ASSERT_TRUE(kernel.ok());
  EXPECT_EQ(kernel->format, LinuxInfo::Format::bzimage);
  EXPECT_EQ(kernel->version, "6.1.0-18-amd64 (x@y) #1 SMP");
  EXPECT_EQ(kernel->protocol_version, 0x020f);
  EXPECT_EQ(kernel->handover_offset, 0x190u);
  EXPECT_TRUE(kernel->has_efi_stub());
  EXPECT_TRUE(kernel->loads_initrd_by_device_path());
  const Identity identity = identify_text(file);
  EXPECT_EQ(identity.kind, Kind::linux_kernel);
  EXPECT_EQ(identity.description(), "Linux 6.1.0-18-amd64 (x@y) #1 SMP for x86_64");
  EXPECT_TRUE(identity.check_startable(Machine::x86_64).ok());
  EXPECT_EQ(identity.check_startable(Machine::aarch64).error(), err::image_other_machine);
  EXPECT_EQ(identity.why_not_startable(Machine::aarch64),
            "kernel for x86_64, this machine is aarch64");
}

TEST(LinuxKernel, IsRefusedWithoutEfiStub) {
  std::string file(0x1000, '\0');
  put_setup_header(file, "2.6.32");
  const Identity identity = identify_text(file);
  EXPECT_EQ(identity.kind, Kind::linux_kernel);
  EXPECT_FALSE(identity.linux_info->loads_initrd_by_device_path());
  EXPECT_EQ(identity.check_startable(Machine::x86_64).error(), err::image_no_efi_stub);
  EXPECT_EQ(identity.why_not_startable(Machine::x86_64),
            "this is Linux 2.6.32 for x86_64, without EFI stub");
}

TEST(LinuxKernel, IsRecognisedForOtherArchitectures) {
  PeRecipe recipe;
  recipe.machine = Machine::aarch64;
  std::string file = make_pe(recipe);
  put(file, 0x38, 0x644d5241, 4);
  EXPECT_EQ(identify_text(file).linux_info->format, LinuxInfo::Format::arm64_image);
  EXPECT_EQ(identify_text(file).why_not_startable(Machine::x86_64),
            "kernel for aarch64, this machine is x86_64");
  EXPECT_EQ(identify_text(file).why_not_startable(Machine::aarch64), "");
  put(file, 0x38, 0x05435352, 4);
  EXPECT_EQ(identify_text(file).linux_info->format, LinuxInfo::Format::riscv_image);
  put(file, 0x38, 0, 4);
  file.replace(4, 4, "zimg");
  EXPECT_EQ(identify_text(file).linux_info->format, LinuxInfo::Format::efi_zboot);
}

TEST(Identify, TellsKindsOfPeImages) {
  PeRecipe recipe;
  EXPECT_EQ(identify_text(make_pe(recipe)).kind, Kind::efi_application);
  EXPECT_EQ(identify_text(make_pe(recipe)).type_name(), "EFI");
  recipe.signature_bytes = 8;
  EXPECT_EQ(identify_text(make_pe(recipe)).description(), "an EFI application for x86_64, signed");
  recipe.subsystem = 12;
  EXPECT_EQ(identify_text(make_pe(recipe)).kind, Kind::efi_driver);
  recipe.subsystem = 3;
  EXPECT_EQ(identify_text(make_pe(recipe)).kind, Kind::windows_program);
  EXPECT_EQ(identify_text(make_pe(recipe)).check_startable(Machine::x86_64).error(),
            err::image_not_efi);
  recipe = {};
  recipe.sections = {".linux", ".initrd"};
  EXPECT_EQ(identify_text(make_pe(recipe)).kind, Kind::unified_kernel);
  recipe = {};
  recipe.machine = Machine::ebc;
  EXPECT_TRUE(identify_text(make_pe(recipe)).check_startable(Machine::x86_64).ok());
  recipe.machine = Machine::loongarch64;
  EXPECT_EQ(identify_text(make_pe(recipe)).why_not_startable(Machine::x86_64),
            "image for loongarch64, this machine is x86_64");
}

TEST(Identify, NoticesImagesThatAreCutOff) {
  const std::string file = make_pe({}).substr(0, 0x7ff);
  EXPECT_EQ(identify_text(file).why_not_startable(Machine::x86_64),
            "cut off: 2047 bytes of at least 2048");
  EXPECT_EQ(identify_text(file.substr(0, 0x90)).kind, Kind::damaged_pe);
  EXPECT_EQ(identify_text(file.substr(0, 0x90)).check_startable(Machine::x86_64).error(),
            err::image_bad_pe);
}

TEST(Identify, KnowsFilesThatPeopleLoadByMistake) {
  std::string iso(0x8800, '\0');
  iso.replace(0x8001, 5, "CD001");
  std::string disk(512, '\0');
  disk.replace(510, 2, "\x55\xaa");
  const struct {
    std::string file;
    Kind kind;
    ErrorSite error;
  } cases[] = {
      {"", Kind::empty, err::image_empty},
      {"#!ipxe\necho", Kind::script, err::image_not_efi},
      {"#!ipxe-ng\n", Kind::text, err::image_not_efi},
      {"\x1f\x8b\x08\0x"s, Kind::gzip, err::image_compressed},
      {"\x28\xb5\x2f\xfd x", Kind::zstd, err::image_compressed},
      {"\xfd"
       "7zXZ\0x"s,
       Kind::xz, err::image_compressed},
      {"BZh91", Kind::bzip2, err::image_compressed},
      {"\x02\x21\x4c\x18 x", Kind::lz4, err::image_compressed},
      {"070701000", Kind::cpio, err::image_not_efi},
      {"\x7f"
       "ELF\x02",
       Kind::elf, err::image_not_efi},
      {"\r\n <!DOCTYPE HTML PUBLIC>", Kind::web_page, err::image_web_page},
      {"<Html><body>", Kind::web_page, err::image_web_page},
      {"hello\n", Kind::text, err::image_not_efi},
      {"\x01\x02\x03\x04", Kind::unknown, err::image_not_efi},
      {"MZ", Kind::text, err::image_not_efi},
      {iso, Kind::iso9660, err::image_not_efi},
      {disk, Kind::disk_image, err::image_not_efi},
  };
  for (const auto& [file, kind, error] : cases) {
    const Identity identity = identify_text(file);
    EXPECT_EQ(identity.kind, kind) << testing::PrintToString(file.substr(0, 20));
    EXPECT_EQ(identity.check_startable(Machine::x86_64).error(), error) << file.substr(0, 20);
    EXPECT_NE(identity.why_not_startable(Machine::x86_64), "");
  }
  EXPECT_EQ(identify_text("\x1f\x8b").why_not_startable(Machine::x86_64),
            "this is a gzip file, not an EFI image: unpack it");
  EXPECT_EQ(identify_text("<html>").why_not_startable(Machine::x86_64),
            "this is a web page (HTML)");
  EXPECT_TRUE(identify_text("\x1f\x8b").is_initrd());
  EXPECT_FALSE(identify_text("PK\x03\x04").is_initrd());
}

TEST(Cpio, ReadsTheArgumentsOfAnInitrd) {
  EXPECT_EQ(*CpioMember::parse("/etc/motd"), (CpioMember{"etc/motd", 0644, 0}));
  EXPECT_EQ(*CpioMember::parse(" bin/x  mode=0755 mkdir=-1 "), (CpioMember{"bin/x", 0755, -1}));
  for (const char* text : {"", " ", "/", "a/", "///"}) {
    EXPECT_EQ(CpioMember::parse(text).error(), err::image_bad_cpio_name) << text;
  }
  EXPECT_FALSE(CpioMember::parse(std::string(kCpioNameMax + 1, 'x')).ok());
  for (const char* text :
       {"x mode=9", "x mode=", "x mode=10000", "x mkdir=-2", "x mkdir=1x", "x y", "x mode=-1"}) {
    EXPECT_EQ(CpioMember::parse(text).error(), err::image_bad_cpio_argument) << text;
  }
}

TEST(Cpio, WritesHeaderNameAndTrailer) {
  const auto before = cpio_before({"init", 0755, 0}, 6);
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(*before,
            "070701"
            "00000001"
            "000081ed"
            "00000000"
            "00000000"
            "00000001"
            "00000000"
            "00000006"
            "00000000"
            "00000000"
            "00000000"
            "00000000"
            "00000005"
            "00000000"
            "init\0\0\0\0\0\0"s.substr(0, 110 + 6));
  EXPECT_EQ(before->size() % 4, 0u);
  const std::string after = cpio_after(6);
  EXPECT_TRUE(
      after.starts_with("\0\0"
                        "070701"s));
  EXPECT_TRUE(
      after.ends_with("0000000b"
                      "00000000"
                      "TRAILER!!!\0\0\0\0"s));
  EXPECT_EQ((6 + after.size()) % 4, 0u);
  EXPECT_TRUE(cpio_after(8).starts_with("070701"));
}

TEST(Cpio, CreatesTheInnermostFolders) {
  const auto names = [](int folders) {
    const std::string text = *cpio_before({"a/b/c/file", 0644, folders}, 1);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
      const std::string name = text.c_str() + at + 110;
      found.push_back(text.substr(at + 14, 8) + " " + name);
      at = (at + 110 + name.size() + 1 + 3) / 4 * 4;
    }
    return found;
  };
  using testing::ElementsAre;
  EXPECT_THAT(names(0), ElementsAre("000081a4 a/b/c/file"));
  EXPECT_THAT(names(1), ElementsAre("000041ed a/b/c", "000081a4 a/b/c/file"));
  EXPECT_THAT(names(-1),
              ElementsAre("000041ed a", "000041ed a/b", "000041ed a/b/c", "000081a4 a/b/c/file"));
  EXPECT_EQ(names(-1), names(99));
}

TEST(Cpio, RefusesFilesOfFourGibibytes) {
  EXPECT_TRUE(cpio_before({"x", 0644, 0}, UINT32_MAX).ok());
  EXPECT_EQ(cpio_before({"x", 0644, 0}, std::uint64_t{1} << 32).error(), err::image_cpio_too_large);
}

}  // namespace
