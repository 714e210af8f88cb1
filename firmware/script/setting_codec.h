// SPDX-License-Identifier: BSD-2-Clause-Patent
// The encodings behind setting types: hexadecimal, base64, percent, UUID, DNS name lists.
//
// Raw bytes are held in strings, as everywhere in settings. Errors: settings_bad_value, and
// settings_too_large where a value can be larger than its text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge::script {

/// Two lower-case digits per byte, with `separator` between bytes unless it is NUL.
std::string encode_hex(std::string_view raw, char separator);
/// Pairs of digits, all with ':' between, or all with '-', or all without.
Result<std::string> decode_hex(std::string_view text) noexcept;

/// RFC 4648 4, with padding; decoding accepts text without padding.
std::string encode_base64(std::string_view raw);
Result<std::string> decode_base64(std::string_view text) noexcept;

/// RFC 3986 2.1: everything but unreserved characters is encoded.
std::string encode_percent(std::string_view raw);
Result<std::string> decode_percent(std::string_view text) noexcept;

/// RFC 9562 4 text form; `swapped`: the first three fields are little-endian, as in UEFI.
Result<std::string> encode_uuid(std::string_view raw, bool swapped) noexcept;
Result<std::string> decode_uuid(std::string_view text, bool swapped) noexcept;

/// RFC 1035 3.1 names one after the other, and 4.1.4 compression when decoding, as RFC 3397 has it.
Result<std::string> encode_name_list(std::string_view names) noexcept;
Result<std::string> decode_name_list(std::string_view raw) noexcept;

}  // namespace kedge::script
