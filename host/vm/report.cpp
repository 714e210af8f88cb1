// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/report.h"

#include <fmt/format.h>

#include <utility>

namespace kedge::host {

void add_transfers(std::vector<TimelineEvent>& events, const std::vector<HttpTransfer>& transfers,
                   Instant started) {
  for (const HttpTransfer& transfer : transfers) {
    const double duration = seconds(transfer.ended - transfer.begun);
    const bool good = transfer.status >= 200 && transfer.status < 300;
    std::string detail = fmt::format("{} {}", transfer.method, transfer.path);
    if (!good) {
      detail += fmt::format("  status {}", transfer.status);
    } else if (transfer.method != "HEAD") {
      detail += fmt::format("  {} in {:.3f} s, {}", format_bytes(transfer.bytes), duration,
                            format_rate(transfer.bytes, duration));
    }
    if (good && !transfer.complete) detail += "  (broken off)";
    events.push_back({.at = seconds(transfer.ended - started),
                      .what = good ? "HTTP transfer" : "HTTP request refused",
                      .detail = std::move(detail)});
  }
  sort_timeline(events);
}

std::string format_report(const VmReport& report) {
  const std::string_view how =
      report.accelerator == Accelerator::kvm ? "KVM" : "software emulation";
  return fmt::format("\nTimeline ({})\n{}\n{}: {}\n", how, format_timeline(report.timeline),
                     result_name(report.result), report.explanation);
}

nlohmann::json json_report(const VmReport& report) {
  using nlohmann::json;
  json events = json::array();
  for (const TimelineEvent& event : report.timeline) {
    events.push_back({{"seconds", event.at}, {"what", event.what}, {"detail", event.detail}});
  }
  json transfers = json::array();
  for (const HttpTransfer& transfer : report.transfers) {
    const double duration = seconds(transfer.ended - transfer.begun);
    transfers.push_back({{"method", transfer.method},
                         {"path", transfer.path},
                         {"status", transfer.status},
                         {"bytes", transfer.bytes},
                         {"seconds", duration},
                         {"complete", transfer.complete},
                         {"user_agent", transfer.user_agent}});
  }
  return {{"result", result_name(report.result)},
          {"exit_code", std::to_underlying(report.result)},
          {"explanation", report.explanation},
          {"matched_pattern", report.matched_pattern},
          {"matched_line", report.matched_line},
          {"seconds", report.seconds},
          {"accelerator", report.accelerator == Accelerator::kvm ? "kvm" : "tcg"},
          {"accelerator_reason", report.accelerator_reason},
          {"firmware", report.firmware},
          {"application", report.application},
          {"command", report.command},
          {"serial_bytes", report.serial_bytes},
          {"timeline", std::move(events)},
          {"transfers", std::move(transfers)}};
}

}  // namespace kedge::host
