// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a loaded image is, in words for people.
#pragma once

#include <string_view>

#include "client/page_sink.h"
#include "port/console.h"

namespace kedge::app {

/// "script", "EFI", ...; empty when unknown.
std::string_view image_type_name(const client::PageSink& data) noexcept;

/// A Linux kernel with EFI stub.
bool is_linux(ByteView bytes) noexcept;

/// Says on the console what an image is that cannot be started here. Errors: app_not_bootable,
/// app_other_machine.
Result<void> check_startable(port::Console& console, std::string_view name, ByteView bytes) noexcept;

}  // namespace kedge::app
