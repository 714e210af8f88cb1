// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the frame device contract, used by every driver.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite link_busy{site_code(ErrorKind::again, Module::link, 1),
                                     "transmit ring is full", ""};
inline constexpr ErrorSite link_stopped{site_code(ErrorKind::closed, Module::link, 2),
                                        "network device is stopped", ""};
inline constexpr ErrorSite link_frame_too_large{site_code(ErrorKind::too_large, Module::link, 3),
                                                "frame is larger than the device's MTU", ""};

inline constexpr ErrorSite link_frame_malformed{site_code(ErrorKind::malformed, Module::link, 4),
                                                "frame without a whole Ethernet header", ""};

inline constexpr const ErrorSite* kLinkSites[] = {&link_busy, &link_stopped, &link_frame_too_large,
                                                  &link_frame_malformed};

}  // namespace kedge::err
