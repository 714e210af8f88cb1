// SPDX-License-Identifier: BSD-2-Clause-Patent
// The tables of commands. Each area has one; the application may leave some out or add its own.
#pragma once

#include <span>

#include "script/command.h"

namespace kedge::script {

using CommandTable = std::span<const CommandName>;

CommandTable control_commands() noexcept;    ///< echo, goto, exit, prompt, sleep, ...
CommandTable setting_commands() noexcept;    ///< set, clear, show, isset, ...
CommandTable image_commands() noexcept;      ///< kernel, initrd, chain, ...
CommandTable interface_commands() noexcept;  ///< dhcp, ifopen, route, nslookup, ...

/// All of the above.
std::span<const CommandTable> standard_commands() noexcept;

}  // namespace kedge::script
