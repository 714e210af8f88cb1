// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Images that QEMU's own qemu-img has made, and what becomes of them when they are damaged.
#include "domain/qcow2.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "domain/firmware_image.h"
#include "domain/variable_store.h"
#include "support/file.h"
#include "support/process.h"

using namespace kedge;
using namespace kedge::host;
using testing::HasSubstr;

namespace {

constexpr std::size_t kLimit = 8U << 20;

class Qcow2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("qemu-img")) GTEST_SKIP() << "qemu-img is not installed";
    ASSERT_TRUE(directory_) << directory_.error().what;
  }
  // `raw` as `qemu-img convert` packs it.
  std::string packed(const std::filesystem::path& raw, const std::string& options,
                     const std::string& more = "-S0") {
    const std::filesystem::path file = directory_->path() / "image";
    const auto made = run_tool({.arguments = {"qemu-img", "convert", "-f", "raw", "-O", "qcow2",
                                              "-o", options, more, raw.string(), file.string()}});
    EXPECT_TRUE(made) << made.error().what;
    return read_file(file).value_or("");
  }
  std::string refusal(const std::string& image, std::size_t limit = kLimit) {
    const auto content = read_qcow2(as_byte_view(image), limit);
    return content ? "accepted" : content.error().what;
  }

  Outcome<TempDir> directory_ = TempDir::create("kedge-qcow2");
};

// Both versions, the smallest, Fedora's (4096) and the usual size of clusters, and both generations
// of OVMF's flash.
TEST_F(Qcow2, HoldsTheVariablesThatTheRawFileHolds) {
  for (const char* name : {"OVMF_VARS.ms.fd", "OVMF_VARS_4M.ms.fd"}) {
    const auto raw = std::filesystem::path("/usr/share/OVMF") / name;
    const std::string plain = read_file(raw).value_or("");
    ASSERT_FALSE(plain.empty());
    for (const char* options : {"compat=0.10,cluster_size=512", "compat=1.1,cluster_size=4096",
                                "compat=1.1,cluster_size=65536", "compat=0.10"}) {
      for (const char* zeros : {"-S0", "-S4k"}) {
        const std::string image = packed(raw, options, zeros);
        ASSERT_TRUE(is_qcow2(as_byte_view(image)));
        const auto content = read_qcow2(as_byte_view(image), kLimit);
        ASSERT_TRUE(content) << options << ": " << content.error().what;
        EXPECT_TRUE(*content == plain) << options;
        const auto store = parse_variable_store(as_byte_view(image));
        ASSERT_TRUE(store) << store.error().what;
        EXPECT_NE(store->find("PK"), nullptr);
        EXPECT_THAT(store->form, HasSubstr("in a qcow2 image"));
      }
    }
  }
}

TEST_F(Qcow2, SaysWhereAndWhyItIsRefused) {
  const std::filesystem::path raw = "/usr/share/OVMF/OVMF_VARS_4M.fd";
  const std::string good = packed(raw, "compat=1.1,cluster_size=4096");
  const auto with = [&good](std::size_t at, std::string_view bytes) {
    std::string image = good;
    return image.replace(at, bytes.size(), bytes);
  };
  EXPECT_EQ(refusal(good), "accepted");
  EXPECT_THAT(refusal(good, 4096), HasSubstr("offset 0x18: 540672 bytes large; 4096"));
  EXPECT_THAT(refusal(good.substr(0, 50)), HasSubstr("ends in the header"));
  EXPECT_THAT(refusal(with(7, "\x04")), HasSubstr("offset 0x4: version 4"));
  EXPECT_THAT(refusal(with(15, "\x01")), HasSubstr("offset 0x8: it is an overlay"));
  EXPECT_THAT(refusal(with(23, "\x20")), HasSubstr("offset 0x14: clusters of 2^32"));
  EXPECT_THAT(refusal(with(35, "\x02")), HasSubstr("offset 0x20: it is encrypted"));
  EXPECT_THAT(refusal(with(79, "\x10")), HasSubstr("offset 0x48: features 0x10"));
  EXPECT_THAT(refusal(with(39, std::string_view("\0", 1))), HasSubstr("first table is too small"));
  EXPECT_THAT(refusal(with(42, "\x7f")), HasSubstr("a table behind the end of the file"));
  EXPECT_THAT(refusal(good.substr(0, 0x7000)), HasSubstr("behind the end of the file"));
  EXPECT_THAT(refusal(packed(raw, "compat=1.1", "-c")), HasSubstr("compressed cluster"));
}

}  // namespace
