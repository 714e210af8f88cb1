// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/status.h"

#include <gtest/gtest.h>

#include <set>

namespace kedge::uefi {
namespace {

TEST(Status, SuccessAndWarningsAreSuccess) {
  EXPECT_TRUE(from_status(EFI_SUCCESS, err::uefi_snp_start).ok());
  EXPECT_TRUE(from_status(EFI_WARN_FILE_SYSTEM, err::uefi_snp_start).ok());
}

TEST(Status, FailureKeepsTheStatusAsDetail) {
  const Result<void> result = from_status(EFI_NOT_FOUND, err::uefi_snp_start);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_snp_start);
  EXPECT_EQ(result.error().detail(), 14U);
}

TEST(Status, EveryKindOfErrorHasAnErrorStatus) {
  for (int kind = 1; kind <= static_cast<int>(ErrorKind::again); ++kind) {
    const ErrorSite site{site_code(static_cast<ErrorKind>(kind), Module::uefi, 200), "", ""};
    EXPECT_TRUE(EFI_ERROR(to_status(Error(site)))) << kind;
    EXPECT_NE(status_name(to_status(Error(site))), "unknown status") << kind;
  }
}

TEST(Status, SitesAreUnique) {
  std::set<std::uint32_t> numbers;
  for (const ErrorSite* site : err::kUefiSites) {
    EXPECT_TRUE(numbers.insert(site->code & 0xfff0).second) << site->text;
  }
}

TEST(Status, NamesAreThoseOfTheSpecification) {
  EXPECT_EQ(status_name(EFI_SECURITY_VIOLATION), "SECURITY_VIOLATION");
  EXPECT_EQ(status_name(EFI_STATUS{12345}), "unknown status");
}

}  // namespace
}  // namespace kedge::uefi
