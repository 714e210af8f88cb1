// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The firmware's own network boot over the driver in our option ROM, one test for each way. All
// models by all ways are in firmware_boot_matrix_test.cpp.
#include "tests/e2e/firmware_boots.h"

namespace kedge::host::e2e {
namespace {

// The firmware has no driver of its own for Intel's NICs: there it can only be ours.
TEST_F(FirmwareBoots, ByPxeOverIpv4) {
  boots(kVirtioNet, FirmwareWay::pxe4);
}
TEST_F(FirmwareBoots, ByHttp) {
  boots(kE1000, FirmwareWay::http4);
}
TEST_F(FirmwareBoots, ByPxeOverIpv6) {
  boots(kE1000e, FirmwareWay::pxe6);
}

}  // namespace
}  // namespace kedge::host::e2e
