// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of settings: names, types and values of settings.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite settings_not_set{site_code(ErrorKind::not_found, Module::settings, 1),
                                            "setting has no value", ""};
inline constexpr ErrorSite settings_no_block{
    site_code(ErrorKind::not_found, Module::settings, 2), "no such settings block",
    "Blocks are called net0, net0.dhcp, smbios, and so on."};
inline constexpr ErrorSite settings_unknown_type{
    site_code(ErrorKind::invalid, Module::settings, 3), "unknown setting type",
    "Types are string, uristring, ipv4, ipv6, int8, int16, int32, uint8, uint16, uint32, hex, "
    "hexhyp, hexraw, base64, uuid, guid, busdevfn and dnssl."};
inline constexpr ErrorSite settings_bad_value{
    site_code(ErrorKind::invalid, Module::settings, 4), "value does not fit the setting's type",
    "Write the type after the name of the setting, as in set name:string value."};
inline constexpr ErrorSite settings_read_only{
    site_code(ErrorKind::denied, Module::settings, 5), "setting cannot be changed",
    "Set it without naming its block: that overrides it."};
inline constexpr ErrorSite settings_too_large{site_code(ErrorKind::too_large, Module::settings, 6),
                                              "too many or too large settings",
                                              "Clear settings that are no longer needed."};
inline constexpr ErrorSite settings_bad_name{site_code(ErrorKind::invalid, Module::settings, 7),
                                             "not the name of a setting", ""};

inline constexpr const ErrorSite* kSettingsSites[] = {
    &settings_not_set,   &settings_no_block,  &settings_unknown_type, &settings_bad_value,
    &settings_read_only, &settings_too_large, &settings_bad_name};

}  // namespace kedge::err
