// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the settings that the machine's owner gives an option ROM (docs/personality.md).
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite personality_unknown{
    site_code(ErrorKind::invalid, Module::personality, 1), "there is no such personality",
    "Use driver, takeover or both; what else is configured counts until then."};
inline constexpr ErrorSite personality_bad_url{
    site_code(ErrorKind::malformed, Module::personality, 2), "the boot URL is not an absolute URL",
    "Write the whole URL: http://server/path."};
inline constexpr ErrorSite personality_too_large{
    site_code(ErrorKind::too_large, Module::personality, 3), "the option's value is too large",
    "A script may have 64 KiB, every other value 4096 bytes."};
inline constexpr ErrorSite personality_not_text{
    site_code(ErrorKind::malformed, Module::personality, 4), "the option's value is not text", ""};
inline constexpr ErrorSite personality_bad_name{
    site_code(ErrorKind::invalid, Module::personality, 5), "the option's name is malformed",
    "Write NAME or MAC:NAME, the MAC address with colons (docs/personality.md)."};
inline constexpr ErrorSite personality_too_many{
    site_code(ErrorKind::too_large, Module::personality, 6), "too many options",
    "At most 256 count, of all channels together."};

inline constexpr ErrorSite personality_boot_runs{site_code(ErrorKind::busy, Module::personality, 7),
                                                 "another boot of Kedge runs already",
                                                 "Leave the program that it has started first."};

inline constexpr const ErrorSite* kPersonalitySites[] = {
    &personality_unknown,  &personality_bad_url,  &personality_too_large, &personality_not_text,
    &personality_bad_name, &personality_too_many, &personality_boot_runs};

}  // namespace kedge::err
