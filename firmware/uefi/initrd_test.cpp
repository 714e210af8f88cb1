// SPDX-License-Identifier: BSD-2-Clause-Patent
// LoadFile2 for Linux's initrd: every answer (UEFI 2.10, 13.2), in every state, at each level. How
// a started image finds it: image_starter_test.cpp.
#include "uefi/initrd.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

struct BrokenSource final : Source {
  std::uint64_t size() const noexcept override { return 10; }
  bool read(std::uint64_t, ByteSpan) noexcept override { return false; }
};

enum class Offer { good, empty, broken, withdrawn, held, ended };

struct Case {
  const char* name;
  Offer offer;
  EFI_STATUS whole;  // with a buffer of the right size
  EFI_STATUS less;   // with one that is too small, or none
};

const Case kCases[] = {
    {"Good", Offer::good, EFI_SUCCESS, EFI_BUFFER_TOO_SMALL},
    {"Empty", Offer::empty, EFI_NOT_FOUND, EFI_NOT_FOUND},
    {"Broken", Offer::broken, EFI_DEVICE_ERROR, EFI_BUFFER_TOO_SMALL},
    {"Withdrawn", Offer::withdrawn, EFI_NOT_FOUND, EFI_NOT_FOUND},
    {"HeldByTheFirmware", Offer::held, EFI_NOT_FOUND, EFI_NOT_FOUND},
    {"AfterTheEndOfBootServices", Offer::ended, EFI_DEVICE_ERROR, EFI_DEVICE_ERROR},
};

struct InitrdStatus : testing::TestWithParam<Case> {
  static constexpr std::string_view kContent = "ten bytes!";
  fake::FakeFirmware fake;
  MemorySource source{as_byte_view(kContent)};
  BrokenSource broken;
  Initrd initrd{fake.firmware()};
  EFI_LOAD_FILE2_PROTOCOL* raw = nullptr;
  DevicePath end;
  DevicePath other = DevicePath().append_file("x");

  InitrdStatus() {
    const Offer offer = GetParam().offer;
    std::vector<Source*> parts;
    if (offer != Offer::empty) parts.push_back(&source);
    if (offer == Offer::broken) parts = {&broken};
    EXPECT_TRUE(initrd.offer(std::move(parts)).ok());
    const auto handles = fake.firmware().locate<EFI_LOAD_FILE2_PROTOCOL>();
    EXPECT_EQ(handles.size(), 1U);
    raw = peek<EFI_LOAD_FILE2_PROTOCOL>(fake.firmware(), handles.at(0));
    if (offer == Offer::held) fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
    if (offer == Offer::held || offer == Offer::withdrawn) {
      EXPECT_EQ(initrd.withdraw(), offer == Offer::withdrawn);
    }
  }
  ~InitrdStatus() override {
    fake.forget_the_end();
    EXPECT_TRUE(initrd.withdraw());
    EXPECT_TRUE(fake.violations.empty());
  }
  void expect_all() {
    const EFI_STATUS ended = GetParam().offer == Offer::ended ? EFI_DEVICE_ERROR : EFI_SUCCESS;
    std::string buffer(kContent.size(), '?');
    UINTN size = 0;
    EXPECT_EQ(raw->LoadFile(raw, end.raw(), FALSE, &size, nullptr), GetParam().less);
    const bool is_told = GetParam().less == EFI_BUFFER_TOO_SMALL;
    EXPECT_EQ(size, is_told ? kContent.size() : 0U);
    size = kContent.size() - 1;
    EXPECT_EQ(raw->LoadFile(raw, end.raw(), FALSE, &size, buffer.data()), GetParam().less);
    size = kContent.size();
    EXPECT_EQ(raw->LoadFile(raw, end.raw(), FALSE, &size, buffer.data()), GetParam().whole);
    EXPECT_EQ(buffer == kContent, GetParam().whole == EFI_SUCCESS);
    const auto load = [&](EFI_DEVICE_PATH_PROTOCOL* path, BOOLEAN policy, UINTN* bytes) {
      return raw->LoadFile(raw, path, policy, bytes, buffer.data());
    };
    EXPECT_EQ(load(nullptr, FALSE, &size), EFI_INVALID_PARAMETER);
    EXPECT_EQ(load(end.raw(), FALSE, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->LoadFile(nullptr, end.raw(), FALSE, &size, buffer.data()),
              EFI_INVALID_PARAMETER);
    EXPECT_EQ(load(end.raw(), TRUE, &size), ended != EFI_SUCCESS ? ended : EFI_UNSUPPORTED);
    EXPECT_EQ(load(other.raw(), FALSE, &size), ended != EFI_SUCCESS ? ended : EFI_NOT_FOUND);
  }
};

TEST_P(InitrdStatus, EveryCallAnswersAsDocumentedAtEachLevel) {
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    fake.tpl = fake.highest_tpl = level;
    if (GetParam().offer == Offer::ended) {
      fake.firmware().end_boot_services();
      const fake::FakeFirmware::NoBootServices none(fake);
      expect_all();
    } else {
      expect_all();
    }
    EXPECT_EQ(fake.highest_tpl, level);
    EXPECT_EQ(fake.tpl, level);
  }
  fake.tpl = TPL_APPLICATION;
}

INSTANTIATE_TEST_SUITE_P(Of, InitrdStatus, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace kedge::uefi
