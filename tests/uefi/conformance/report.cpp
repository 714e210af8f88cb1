// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "report.h"

#include <algorithm>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"

namespace kedge::uefi::conformance {

void Report::print(std::string_view text) noexcept {
  TextConsole::print_raw(firmware_, format("conformance: {}\n", text));
}

bool Report::check(std::string_view question, bool holds, EFI_STATUS answer) noexcept {
  ++suite_.asked;
  if (!holds) ++suite_.failed;
  print(holds ? format("{} pass", question)
              : format("{} FAIL {}, of {}", question, status_name(answer), subject_));
  return holds;
}

bool Report::check_answer(std::string_view question, EFI_STATUS answer,
                          std::initializer_list<EFI_STATUS> allowed) noexcept {
  return check(question, std::find(allowed.begin(), allowed.end(), answer) != allowed.end(),
               answer);
}

void Report::left_out(std::string_view question, std::string_view step,
                      EFI_STATUS answer) noexcept {
  ++suite_.left_out;
  print(format("{} left out: {}: {}, of {}", question, step, status_name(answer), subject_));
}

void Report::subject(std::size_t number, std::string_view text) noexcept {
  subject_ = number;
  print(format("{} is {}", number, text));
}

void Report::note(std::string_view text) noexcept {
  print(text);
}

void Report::print_count(std::string_view name, const Count& count) noexcept {
  print(format("{} {} asked, {} failed, {} left out", name, count.asked, count.failed,
               count.left_out));
}

void Report::end_suite(std::string_view name) noexcept {
  print_count(name, suite_);
  all_.asked += suite_.asked;
  all_.failed += suite_.failed;
  all_.left_out += suite_.left_out;
}

bool Report::end() noexcept {
  print_count("end", all_);
  return all_.asked != 0 && all_.failed == 0;
}

std::vector<Handle> network_handles(const Firmware& firmware, const EFI_GUID& protocol) {
  std::vector<Handle> result;
  for (const Handle handle : firmware.locate(protocol)) {
    const auto nodes = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware, handle)).nodes();
    const bool is_nic = std::any_of(nodes.begin(), nodes.end(), [](const DevicePathNode& node) {
      return node.is(MESSAGING_DEVICE_PATH, MSG_MAC_ADDR_DP);
    });
    if (is_nic) result.push_back(handle);
  }
  return result;
}

void tell_subject(const Firmware& firmware, Report& report, Handle handle, std::size_t number) {
  const DevicePath path = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware, handle));
  report.subject(number, format("{}", path));
}

}  // namespace kedge::uefi::conformance
