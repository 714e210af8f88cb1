// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of script: what can be wrong with a script and with the words of a command.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite script_no_magic{
    site_code(ErrorKind::malformed, Module::script, 1), "not a script",
    "The first line of a script must be #!ipxe and nothing else."};
inline constexpr ErrorSite script_too_large{site_code(ErrorKind::too_large, Module::script, 2),
                                            "script is too large",
                                            "Split it, and chain from one part to the next."};
inline constexpr ErrorSite script_line_too_long{
    site_code(ErrorKind::too_large, Module::script, 3), "line is too long",
    "Use fewer continuation lines, or put the text into settings."};
inline constexpr ErrorSite script_too_many_words{site_code(ErrorKind::too_large, Module::script, 4),
                                                 "too many words in one line", ""};
inline constexpr ErrorSite script_bad_character{
    site_code(ErrorKind::malformed, Module::script, 5), "not text",
    "Scripts are text files (ASCII or UTF-8). Check what the server sent."};
inline constexpr ErrorSite script_too_deep{
    site_code(ErrorKind::too_large, Module::script, 6), "scripts are nested too deeply",
    "Use chain --replace where a script need not return to the one that started it."};
inline constexpr ErrorSite script_expansion{
    site_code(ErrorKind::too_large, Module::script, 7), "settings expand without end",
    "A setting's value contains a reference to itself, or the expanded text is too long."};
inline constexpr ErrorSite script_unknown_command{
    site_code(ErrorKind::not_found, Module::script, 8), "unknown command",
    "Type help for the list of commands."};
inline constexpr ErrorSite script_usage{site_code(ErrorKind::invalid, Module::script, 9),
                                        "wrong use of a command",
                                        "Give the command --help to see how it is used."};
inline constexpr ErrorSite script_no_label{site_code(ErrorKind::not_found, Module::script, 10),
                                           "no such label",
                                           "A label is a line that begins with a colon."};
inline constexpr ErrorSite script_not_in_script{
    site_code(ErrorKind::unsupported, Module::script, 11), "only possible inside a script", ""};
inline constexpr ErrorSite script_false{site_code(ErrorKind::refused, Module::script, 12),
                                        "condition is false",
                                        "End the line with || to go on when it is false."};
inline constexpr ErrorSite script_exit{site_code(ErrorKind::refused, Module::script, 13),
                                       "script ended with a status that is not zero", ""};
inline constexpr ErrorSite script_no_image{site_code(ErrorKind::not_found, Module::script, 14),
                                           "no such image", "imgstat lists the images in memory."};
inline constexpr ErrorSite script_nothing_selected{
    site_code(ErrorKind::invalid, Module::script, 15), "no image is selected",
    "Name an image, or select one with the kernel command before."};
inline constexpr ErrorSite script_no_interface{site_code(ErrorKind::not_found, Module::script, 16),
                                               "no such network interface",
                                               "ifstat lists the network interfaces."};
inline constexpr ErrorSite script_no_interfaces{
    site_code(ErrorKind::not_found, Module::script, 17), "this machine has no network interface",
    "Check that the machine has a network card and that a driver for it is included."};
inline constexpr ErrorSite script_key_timeout{site_code(ErrorKind::timed_out, Module::script, 18),
                                              "no key was pressed in time", ""};
inline constexpr ErrorSite script_other_key{site_code(ErrorKind::refused, Module::script, 19),
                                            "another key was pressed", ""};

inline constexpr const ErrorSite* kScriptSites[] = {
    &script_no_magic,      &script_too_large,   &script_line_too_long,    &script_too_many_words,
    &script_bad_character, &script_too_deep,    &script_expansion,        &script_unknown_command,
    &script_usage,         &script_no_label,    &script_not_in_script,    &script_false,
    &script_exit,          &script_no_image,    &script_nothing_selected, &script_no_interface,
    &script_no_interfaces, &script_key_timeout, &script_other_key};

}  // namespace kedge::err
