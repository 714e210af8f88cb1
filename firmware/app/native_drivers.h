// SPDX-License-Identifier: BSD-2-Clause-Patent
// The NIC drivers that are linked into an image: defined by a file that kedge_native_drivers()
// (cmake/KedgeDrivers.cmake) writes from the image's list.
#pragma once

#include "driver/native_driver.h"

namespace kedge::app {

std::span<const driver::NativeDriver> native_drivers() noexcept;

}  // namespace kedge::app
