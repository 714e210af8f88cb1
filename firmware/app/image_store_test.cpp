// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_store.h"

#include <gtest/gtest.h>

#include <map>

#include "app/app_errors.h"
#include "app/initrd.h"
#include "tests/fake/console.h"
#include "tests/fake/pages.h"
#include "tests/fake/sim_clock.h"

namespace kedge::app {
namespace {

using namespace literals;
using script::ImageId;

constexpr ErrorSite kGone{site_code(ErrorKind::not_found, Module::http, 1), "not found", ""};

std::vector<std::byte> bytes_of(std::string_view text) {
  return {as_byte_view(text).begin(), as_byte_view(text).end()};
}

/// The start of an EFI application for `machine`: enough for identification.
std::string efi_image(std::uint16_t machine) {
  std::string image(1024, '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      image[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  image.replace(0, 2, "MZ");
  put(0x3c, 0x80, 4);
  image.replace(0x80, 4, std::string("PE\0\0", 4));
  put(0x84, machine, 2);
  put(0x84 + 2, 1, 2);       // sections
  put(0x84 + 16, 0xf0, 2);   // SizeOfOptionalHeader
  put(0x98, 0x20b, 2);       // PE32+
  put(0x98 + 32, 0x200, 4);  // SectionAlignment
  put(0x98 + 36, 0x200, 4);  // FileAlignment
  put(0x98 + 56, 0x400, 4);  // SizeOfImage
  put(0x98 + 60, 0x200, 4);  // SizeOfHeaders
  put(0x98 + 68, 10, 2);     // Subsystem: EFI application
  put(0x98 + 108, 16, 4);    // NumberOfRvaAndSizes
  image.replace(0x188, 5, ".text");
  put(0x188 + 8, 0x200, 4);
  put(0x188 + 12, 0x200, 4);
  put(0x188 + 16, 0x200, 4);
  put(0x188 + 20, 0x200, 4);
  return image;
}

class FakeDownloader final : public Downloader {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> redirects;

  async::Task<Result<wire::Uri>> download(wire::Uri uri, Duration, client::Sink& sink,
                                          client::Progress& progress) noexcept override {
    if (auto moved = redirects.find(uri.to_string()); moved != redirects.end()) {
      uri = *wire::Uri::parse(moved->second);
    }
    const auto file = files.find(uri.to_string());
    if (file == files.end()) co_return fail(kGone, 404);
    KEDGE_CO_CHECK(sink.write(as_byte_view(file->second)));
    progress.advanced(file->second.size(), file->second.size());
    co_return uri;
  }
};

class RecordingStarter final : public port::ImageStarter {
 public:
  std::string name;
  std::string arguments;
  std::string uri;
  std::vector<std::string> files;
  int starts = 0;
  Result<void> outcome;

  Result<void> start(const port::StartRequest& request) noexcept override {
    ++starts;
    name = request.name;
    arguments = request.arguments;
    uri = request.uri;
    files.clear();
    for (const port::ImageFile& file : request.files) {
      std::string content(file.bytes, '\0');
      // In odd pieces: a reader may ask as it likes.
      for (std::size_t at = 0; at < content.size(); at += 7) {
        const std::size_t count = std::min<std::size_t>(7, content.size() - at);
        file.read(at, std::as_writable_bytes(std::span(content.data() + at, count)));
      }
      files.push_back(std::string(file.name) + "=" + content);
    }
    return outcome;
  }
};

class RecordingHandover final : public DeviceHandover {
 public:
  std::string log;
  bool shares = false;
  bool share_with_image(std::string_view uri) noexcept override {
    if (shares) log += format("share {} ", uri);
    return shares;
  }
  void give_to_firmware() noexcept override { log += "give "; }
  void take_back() noexcept override { log += "take "; }
};

class ImageStoreTest : public testing::Test {
 protected:
  Result<ImageId> fetch(std::string_view uri, std::string_view name = {}) {
    return sim.run(store.fetch({.uri = uri, .name = name}));
  }

  fake::SimLoop sim;
  fake::FakeConsole console;
  fake::FakePages pages;
  FakeDownloader downloader;
  RecordingStarter starter;
  RecordingHandover handover;
  ImageStore store{
      downloader, pages, starter, handover, console, sim.clock, image::Machine::x86_64};
};

TEST_F(ImageStoreTest, NamesAnImageAfterItsFileAndRemembersWhereItCameFrom) {
  downloader.files["http://a/boot/linux"] = "x";
  downloader.redirects["http://b/linux"] = "http://a/boot/linux";
  const ImageId id = *fetch("http://b/linux");
  EXPECT_EQ(store.describe(id)->name, "linux");
  EXPECT_EQ(store.describe(id)->uri, "http://a/boot/linux") << "after redirects";
  EXPECT_EQ(store.find("linux"), id);
  EXPECT_TRUE(console.shows("linux ok 1 bytes"));
}

TEST_F(ImageStoreTest, ResolvesRelativeUrisAgainstTheRunningScript) {
  downloader.files["http://a/boot/initrd"] = "x";
  EXPECT_EQ(fetch("initrd").error(), err::app_relative_uri);
  store.set_working_uri("http://a/boot/menu.ipxe");
  EXPECT_TRUE(fetch("initrd").ok());
}

TEST_F(ImageStoreTest, KeepsNothingOfAFailedDownload) {
  const auto result = fetch("http://a/none");
  EXPECT_EQ(result.error(), kGone);
  EXPECT_TRUE(store.list().empty());
  EXPECT_EQ(pages.used(), 0u);
  EXPECT_EQ(console.shown, "") << "the caller explains it";
}

TEST_F(ImageStoreTest, NewestImageTakesTheName) {
  downloader.files["http://a/x"] = "one";
  const ImageId first = *fetch("http://a/x");
  const ImageId second = *fetch("http://a/x");
  EXPECT_EQ(store.find("x"), second);
  EXPECT_FALSE(store.describe(first).has_value());
  EXPECT_EQ(store.list().size(), 1u);
}

TEST_F(ImageStoreTest, FreesARunningScriptOnlyWhenItEnds) {
  downloader.files["http://a/s"] = "#!ipxe\n";
  const ImageId id = *fetch("http://a/s");
  store.hold(id);
  store.free(id);
  EXPECT_EQ(as_text(store.content(id)), "#!ipxe\n");
  EXPECT_TRUE(store.list().empty()) << "freed for everybody else";
  store.release(id);
  EXPECT_FALSE(store.describe(id).has_value());
  EXPECT_EQ(pages.used(), 0u);
}

TEST_F(ImageStoreTest, StartsAnImageWithTheOthersAsItsFiles) {
  downloader.files["http://a/app.efi"] = efi_image(0x8664);
  downloader.files["http://a/one"] = "first";
  downloader.files["http://a/two"] = "second";
  const ImageId app = *fetch("http://a/app.efi");
  ASSERT_TRUE(fetch("http://a/one").ok());
  const ImageId two = *fetch("http://a/two");
  store.set_arguments(app, "console=ttyS0 quiet");
  store.set_arguments(two, "etc/motd mode=0644");
  ASSERT_TRUE(sim.run(store.execute(app)).ok()) << console.shown;
  EXPECT_EQ(starter.name, "app.efi");
  EXPECT_EQ(starter.arguments, "console=ttyS0 quiet");
  EXPECT_EQ(starter.uri, "http://a/app.efi");
  ASSERT_EQ(starter.files.size(), 2u);
  EXPECT_EQ(starter.files[0], "one=first");
  EXPECT_TRUE(starter.files[1].starts_with("two=070701")) << "a cpio member: " << starter.files[1];
  EXPECT_NE(starter.files[1].find("etc/motd"), std::string::npos);
  EXPECT_NE(starter.files[1].find("second"), std::string::npos);
  EXPECT_NE(starter.files[1].find("TRAILER!!!"), std::string::npos);
  EXPECT_EQ(starter.files[1].substr(4).size() % 4, 0u);
  EXPECT_EQ(handover.log, "give take ");
}

TEST_F(ImageStoreTest, KeepsTheNicsWhenTheImageMayShareThem) {
  downloader.files["http://a/app.efi"] = efi_image(0x8664);
  const ImageId app = *fetch("http://a/app.efi");
  handover.shares = true;
  ASSERT_TRUE(sim.run(store.execute(app)).ok());
  EXPECT_EQ(handover.log, "share http://a/app.efi take ");
}

TEST_F(ImageStoreTest, DoesNotPassScriptsToTheKernel) {
  downloader.files["http://a/app.efi"] = efi_image(0x8664);
  downloader.files["http://a/menu"] = "#!ipxe\necho\n";
  const ImageId app = *fetch("http://a/app.efi");
  ASSERT_TRUE(fetch("http://a/menu").ok());
  ASSERT_TRUE(sim.run(store.execute(app)).ok());
  EXPECT_TRUE(starter.files.empty());
}

TEST_F(ImageStoreTest, RefusesWhatThisMachineCannotStart) {
  downloader.files["http://a/arm.efi"] = efi_image(0xaa64);
  downloader.files["http://a/page"] = "<!DOCTYPE html><html>404</html>";
  const ImageId arm = *fetch("http://a/arm.efi");
  EXPECT_FALSE(sim.run(store.execute(arm)).ok());
  EXPECT_TRUE(console.shows("aarch64")) << console.shown;
  const ImageId page = *fetch("http://a/page");
  EXPECT_FALSE(sim.run(store.execute(page)).ok());
  EXPECT_EQ(starter.starts, 0);
  EXPECT_EQ(handover.log, "") << "nothing is given back for an image that cannot start";
}

TEST_F(ImageStoreTest, ReportsTheStartersErrorAndFreesAfterUse) {
  downloader.files["http://a/app.efi"] = efi_image(0x8664);
  const ImageId app = *fetch("http://a/app.efi");
  store.set_free_after_use(app, true);
  starter.outcome = fail(kGone);
  EXPECT_EQ(sim.run(store.execute(app)).error(), kGone);
  EXPECT_FALSE(store.describe(app).has_value());
  EXPECT_EQ(pages.used(), 0u);
  EXPECT_EQ(sim.run(store.execute(app)).error(), err::app_nothing_selected);
}

TEST(InitrdFiles, JoinsHeaderDataAndTrailerAtEveryOffset) {
  fake::FakePages pages;
  client::PageSink data(pages);
  ASSERT_TRUE(data.write(bytes_of("0123456789")).ok());
  InitrdFiles files;
  ASSERT_TRUE(files.add("motd", "etc/motd", data).ok());
  const port::ImageFile& file = files.files()[0];
  std::string whole(file.bytes, '\0');
  file.read(0, std::as_writable_bytes(std::span(whole)));
  for (std::size_t offset = 0; offset <= whole.size(); ++offset) {
    std::string rest(whole.size() - offset, '\0');
    file.read(offset, std::as_writable_bytes(std::span(rest)));
    ASSERT_EQ(rest, whole.substr(offset)) << offset;
  }
}

TEST(InitrdFiles, RefusesArgumentsThatMeanNothing) {
  fake::FakePages pages;
  client::PageSink data(pages);
  InitrdFiles files;
  EXPECT_FALSE(files.add("x", "etc/motd mode=frog", data).ok());
}

}  // namespace
}  // namespace kedge::app
