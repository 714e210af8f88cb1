// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_type.h"

#include <array>

#include "app/app_errors.h"

namespace kedge::app {
namespace {

bool starts_with(ByteView bytes, std::string_view text) {
  return as_text(bytes.first(std::min(bytes.size(), text.size()))) == text;
}

}  // namespace

std::string_view image_type_name(const client::PageSink& data) noexcept {
  std::array<std::byte, 8> head{};
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), head.size()));
  data.read(0, ByteSpan(head).first(count));
  const ByteView bytes = ByteView(head).first(count);
  if (starts_with(bytes, "#!ipxe") || starts_with(bytes, "#!gpxe")) return "script";
  if (starts_with(bytes, "MZ")) return "EFI";
  return "";
}

bool is_linux(ByteView bytes) noexcept {
  // Documentation/arch/x86/boot.rst: "HdrS" at 0x202; arm64/booting.rst: "ARM\x64" at 0x38.
  const auto has = [bytes](std::size_t offset, std::string_view magic) {
    return bytes.size() >= offset + magic.size() && as_text(bytes.subspan(offset, magic.size())) == magic;
  };
  return starts_with(bytes, "MZ") && (has(0x202, "HdrS") || has(0x38, "ARM\x64"));
}

Result<void> check_startable(port::Console& console, std::string_view name, ByteView bytes) noexcept {
  if (starts_with(bytes, "MZ")) return {};
  format_to(console, "{} is not an EFI image\n", name);
  return fail(err::app_not_bootable);
}

}  // namespace kedge::app
