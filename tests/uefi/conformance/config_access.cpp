// SPDX-License-Identifier: BSD-2-Clause-Patent
// HII Config Access of whatever has forms for a NIC: drivers of the firmware's stack.
#include <string>

#include "report.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/text.h"

#include <Protocol/HiiConfigAccess.h>
#include <Protocol/HiiConfigRouting.h>

namespace kedge::uefi::conformance {
namespace {

constexpr EFI_GUID kConfigAccess = EFI_HII_CONFIG_ACCESS_PROTOCOL_GUID;
constexpr EFI_GUID kConfigRouting = EFI_HII_CONFIG_ROUTING_PROTOCOL_GUID;
constexpr std::size_t kTextUnitsMax = std::size_t{1} << 20;
/// UEFI 2.10, 35.2.1: a header that nobody has, with names that nobody has.
constexpr std::string_view kForeign =
    "GUID=3d7c1e908a4b4f6f9c20e5b8d1a7f345&NAME=006b0065&PATH=000acf";
constexpr std::string_view kForeignNames = "&Ulm&Bonn";
constexpr std::string_view kForeignValues = "&OFFSET=2&WIDTH=3&VALUE=45af";

/// The firmware's form of a text, which it points into.
class Wide {
 public:
  explicit Wide(std::string_view text) noexcept : text_(to_utf16(text)) {}
  CHAR16* raw() noexcept { return uefi::raw(text_); }
  const CHAR16* end() noexcept { return raw() + text_.size(); }

 private:
  std::u16string text_;
};

/// A device path as PATH= has it.
std::string hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (const std::byte octet : bytes) {
    result.push_back(kDigits[std::to_integer<unsigned>(octet) >> 4]);
    result.push_back(kDigits[std::to_integer<unsigned>(octet) & 0xf]);
  }
  return result;
}

/// The first response of several that is about the path; empty without one.
std::string response_for(std::string_view all, std::string_view path) {
  while (!all.empty()) {
    const std::size_t end = std::min(all.find("&GUID="), all.size());
    const std::string_view one = all.substr(0, end);
    if (one.find(path) != one.npos) return std::string(one);
    all.remove_prefix(std::min(end + 1, all.size()));
  }
  return {};
}

/// "GUID=...&NAME=...&PATH=..."
std::size_t header_end(std::string_view response) {
  const std::size_t path = response.find("&PATH=");
  if (path == response.npos) return response.size();
  return std::min(response.find('&', path + 1), response.size());
}

/// What to ask for to be told such a response: its elements without their values.
std::string request_for(std::string_view response) {
  const std::size_t start = header_end(response);
  std::string result(response.substr(0, start));
  const bool has_blocks = response.find("&VALUE=") != response.npos;
  for (std::size_t at = start; at < response.size();) {
    const std::size_t end = std::min(response.find('&', at + 1), response.size());
    std::string_view element = response.substr(at, end - at);
    at = end;
    if (has_blocks && element.starts_with("&VALUE=")) continue;
    if (!has_blocks) element = element.substr(0, element.find('='));
    result += element;
  }
  return result;
}

class ConfigQuestions {
 public:
  ConfigQuestions(const Firmware& firmware, Report& report, EFI_HII_CONFIG_ACCESS_PROTOCOL& access,
                  std::string response) noexcept
      : firmware_(firmware),
        report_(report),
        access_(access),
        response_(std::move(response)),
        request_(request_for(response_)) {}

  void ask() {
    if (response_.empty()) {
      report_.left_out("config.extract", "ExportConfig", EFI_NOT_FOUND);
    } else {
      ask_known();
      ask_null_pointers();
    }
    ask_everything();
    ask_unknown();
    ask_route();
  }

 private:
  struct Extracted {
    EFI_STATUS answer = EFI_SUCCESS;
    CHAR16* progress = nullptr;
    bool has_results = false;
    std::string results;
  };
  Extracted extract(CHAR16* request) {
    Pool results(firmware_);
    Extracted extracted;
    extracted.answer = access_.ExtractConfig(&access_, request, &extracted.progress,
                                             reinterpret_cast<EFI_STRING*>(results.out()));
    extracted.has_results = results.get() != nullptr;
    extracted.results = to_utf8(static_cast<CHAR16*>(results.get()), kTextUnitsMax);
    return extracted;
  }

  void ask_known() {
    Wide request(request_);
    Extracted extracted = extract(request.raw());
    report_.check("config.extract",
                  extracted.answer == EFI_SUCCESS && extracted.has_results &&
                      extracted.progress == request.end(),
                  extracted.answer);
    const std::string header = request_.substr(0, header_end(request_));
    Wide wide_header(header);
    extracted = extract(wide_header.raw());
    report_.check("config.extract.header",
                  extracted.answer == EFI_SUCCESS && extracted.progress == wide_header.end() &&
                      extracted.results.find(header) != std::string::npos,
                  extracted.answer);
  }

  void ask_null_pointers() {
    Wide request(request_);
    Wide response(response_);
    Pool results(firmware_);
    report_.check_answer("config.extract.progress.null",
                         access_.ExtractConfig(&access_, request.raw(), nullptr,
                                               reinterpret_cast<EFI_STRING*>(results.out())),
                         {EFI_INVALID_PARAMETER});
    EFI_STRING progress = nullptr;
    report_.check_answer("config.extract.results.null",
                         access_.ExtractConfig(&access_, request.raw(), &progress, nullptr),
                         {EFI_INVALID_PARAMETER});
    report_.check_answer("config.route.progress.null",
                         access_.RouteConfig(&access_, response.raw(), nullptr),
                         {EFI_INVALID_PARAMETER});
  }

  /// A request for everything is legal, and one for two drivers at once is not.
  void ask_everything() {
    Extracted extracted = extract(nullptr);
    const bool is_none = extracted.answer == EFI_NOT_FOUND && extracted.progress == nullptr &&
                         !extracted.has_results;
    report_.check("config.extract.all",
                  is_none || (extracted.answer == EFI_SUCCESS && extracted.has_results),
                  extracted.answer);
    if (extracted.answer != EFI_SUCCESS) return;
    const std::string_view all = extracted.results;
    std::string both = request_for(all.substr(0, all.find("&GUID=")));
    both += '&';
    both += kForeign;
    both += kForeignNames;
    Wide wide(both);
    extracted = extract(wide.raw());
    report_.check("config.extract.two",
                  extracted.answer == EFI_INVALID_PARAMETER &&
                      to_utf8(extracted.progress, kTextUnitsMax).starts_with("&GUID="),
                  extracted.answer);
  }

  void ask_unknown() {
    Wide request(std::string(kForeign) + std::string(kForeignNames));
    const Extracted extracted = extract(request.raw());
    const bool is_invalid = extracted.answer == EFI_INVALID_PARAMETER &&
                            to_utf8(extracted.progress, kTextUnitsMax) == kForeignNames;
    const bool is_not_found =
        extracted.answer == EFI_NOT_FOUND && extracted.progress == request.raw();
    report_.check("config.extract.unknown", is_invalid || is_not_found, extracted.answer);
  }

  void ask_route() {
    EFI_STRING progress = nullptr;
    if (!response_.empty()) {
      Wide response(response_);
      const EFI_STATUS answer = access_.RouteConfig(&access_, response.raw(), &progress);
      report_.check(
          "config.route",
          answer == EFI_ACCESS_DENIED || (answer == EFI_SUCCESS && progress == response.end()),
          answer);
    }
    report_.check_answer("config.route.null", access_.RouteConfig(&access_, nullptr, &progress),
                         {EFI_INVALID_PARAMETER});
    Wide foreign(std::string(kForeign) + std::string(kForeignValues));
    report_.check_answer("config.route.unknown",
                         access_.RouteConfig(&access_, foreign.raw(), &progress), {EFI_NOT_FOUND});
  }

  const Firmware& firmware_;
  Report& report_;
  EFI_HII_CONFIG_ACCESS_PROTOCOL& access_;
  std::string response_;  // what the driver says of itself; empty if it says nothing
  std::string request_;
};

std::string export_config(const Firmware& firmware) {
  for (const Handle handle : firmware.locate(kConfigRouting)) {
    auto* routing = static_cast<EFI_HII_CONFIG_ROUTING_PROTOCOL*>(
        detail::peek(firmware, handle, kConfigRouting));
    Pool text(firmware);
    if (routing == nullptr ||
        EFI_ERROR(routing->ExportConfig(routing, reinterpret_cast<EFI_STRING*>(text.out())))) {
      continue;
    }
    return to_utf8(static_cast<CHAR16*>(text.get()), kTextUnitsMax);
  }
  return {};
}

}  // namespace

void ask_config_access(const Firmware& firmware, Report& report) {
  const std::vector<Handle> handles = network_handles(firmware, kConfigAccess);
  if (handles.empty()) return;
  const std::string all = export_config(firmware);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    auto* access = static_cast<EFI_HII_CONFIG_ACCESS_PROTOCOL*>(
        detail::peek(firmware, handles[i], kConfigAccess));
    if (access == nullptr) continue;
    tell_subject(firmware, report, handles[i], i + 1);
    const auto* path = peek<EFI_DEVICE_PATH_PROTOCOL>(firmware, handles[i]);
    ConfigQuestions(firmware, report, *access, response_for(all, hex(device_path_bytes(path))))
        .ask();
  }
}

}  // namespace kedge::uefi::conformance
