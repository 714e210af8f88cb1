// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the application: why there is nothing to boot.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite app_no_interface{site_code(ErrorKind::not_found, Module::app, 1),
                                            "no network interface found",
                                            "Kedge drives virtio-net itself and any NIC that the "
                                            "firmware drives: does the firmware's setup show one?"};
inline constexpr ErrorSite app_no_filename{site_code(ErrorKind::not_found, Module::app, 2),
                                           "the DHCP server named no boot file",
                                           "Set filename (option 67) and next-server on the DHCP "
                                           "server, or put autoexec.ipxe beside kedge.efi."};
inline constexpr ErrorSite app_own_filename{
    site_code(ErrorKind::refused, Module::app, 3),
    "the DHCP server names Kedge itself as the boot file",
    "Let it answer user class \"iPXE\" with a script, or put autoexec.ipxe beside kedge.efi."};
inline constexpr ErrorSite app_nothing_selected{site_code(ErrorKind::not_found, Module::app, 5),
                                                "no such image",
                                                "Use imgstat to see what is loaded."};
inline constexpr ErrorSite app_unknown_configurator{
    site_code(ErrorKind::unsupported, Module::app, 6), "unknown configurator",
    "Use dhcp; it is the only one there is."};
inline constexpr ErrorSite app_no_next_server{site_code(ErrorKind::not_found, Module::app, 9),
                                              "a boot file without a server to fetch it from",
                                              "Set next-server (siaddr) or option 66 on the DHCP "
                                              "server, or give the boot file as a whole URI."};

inline constexpr ErrorSite app_relative_uri{site_code(ErrorKind::invalid, Module::app, 10),
                                            "a relative URI, but nothing to be relative to",
                                            "Write the whole URI: http://server/path."};
inline constexpr ErrorSite app_too_many_images{site_code(ErrorKind::too_large, Module::app, 11),
                                               "too many images", "Free some with imgfree."};
inline constexpr ErrorSite app_not_a_script{site_code(ErrorKind::malformed, Module::app, 12),
                                            "autoexec.ipxe is not a script",
                                            "Its first line must be #!ipxe."};

inline constexpr ErrorSite app_empty_autoexec{site_code(ErrorKind::not_found, Module::app, 13),
                                              "autoexec.ipxe is empty", ""};

inline constexpr const ErrorSite* kAppSites[] = {
    &app_no_interface,         &app_no_filename,    &app_own_filename, &app_nothing_selected,
    &app_unknown_configurator, &app_no_next_server, &app_relative_uri, &app_too_many_images,
    &app_not_a_script,         &app_empty_autoexec};

}  // namespace kedge::err
