// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The firmware's own network boot over our driver: every NIC model, every way, old and new
// firmware.
#include <tuple>

#include "tests/e2e/firmware_boots.h"

namespace kedge::host::e2e {
namespace {

using Case = std::tuple<BootNic, FirmwareWay, Suite>;

class FirmwareBootMatrix : public FirmwareBoots, public testing::WithParamInterface<Case> {};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  constexpr const char* kWays[] = {"Pxe4", "Pxe6", "Http4"};
  constexpr const char* kSuites[] = {"Own", "Trixie"};
  return std::string(std::get<0>(info.param).name) +
         kWays[static_cast<std::size_t>(std::get<1>(info.param))] +
         kSuites[static_cast<std::size_t>(std::get<2>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(Of, FirmwareBootMatrix,
                         testing::Combine(testing::ValuesIn(kBootNics),
                                          testing::Values(FirmwareWay::pxe4, FirmwareWay::pxe6,
                                                          FirmwareWay::http4),
                                          testing::Values(Suite::own, Suite::trixie)),
                         case_name);

TEST_P(FirmwareBootMatrix, Boots) {
  const auto& [nic, way, suite] = GetParam();
  boots(nic, way, suite);
}

// Since 202405 edk2's network drivers wait for EFI_RNG (docs/adr/0009).
TEST_F(FirmwareBoots, AFirmwareWithoutRandomGeneratorBootsWithOurRom) {
  boots_without_random_generator(true);
}
TEST_F(FirmwareBoots, AFirmwareWithoutRandomGeneratorDoesNotBootByItself) {
  boots_without_random_generator(false);
}

}  // namespace
}  // namespace kedge::host::e2e
