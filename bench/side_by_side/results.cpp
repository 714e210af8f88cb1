// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/results.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/timeline.h"

namespace kedge::host::bench {
namespace {

constexpr double kMegabyte = 1e6;

template <class Value>
std::optional<Spread> collect(const std::vector<Run>& runs, std::string_view contestant,
                              Protocol protocol, Value value) {
  std::vector<double> values;
  for (const Run& run : runs) {
    if (run.contestant != contestant || run.protocol != protocol || !run.measurement) continue;
    if (const std::optional<double> found = value(*run.measurement)) values.push_back(*found);
  }
  return spread_of(std::move(values));
}

std::string format_ratio(std::optional<double> ratio) {
  return ratio ? fmt::format("{:.2f}", *ratio) : std::string("-");
}

std::string format_spread(const std::optional<Spread>& spread, double unit) {
  if (!spread) return "-";
  return fmt::format("{:.1f} ({:.1f}-{:.1f})", spread->median / unit, spread->least / unit,
                     spread->most / unit);
}

// A Markdown table whose columns stand below each other on a terminal, too.
std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 3);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (std::size_t line = 0; line < rows.size(); ++line) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += i == 0 ? fmt::format("| {:<{}} |", rows[line][i], widths[i])
                     : fmt::format(" {:>{}} |", rows[line][i], widths[i]);
    }
    text += '\n';
    if (line > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += i == 0 ? "|" + std::string(widths[i] + 2, '-') + "|"
                     : std::string(widths[i] + 1, '-') + ":|";
    }
    text += '\n';
  }
  return text;
}

bool was_tried(const Results& results, std::string_view contestant, Protocol protocol) {
  return std::ranges::any_of(results.runs, [&](const Run& run) {
    return run.contestant == contestant && run.protocol == protocol;
  });
}

// From reset to the payload: how much sooner than the firmware by itself, and than iPXE's ROMs.
std::string boot_table(const Results& results) {
  constexpr auto kBoot = Protocol::boot;
  std::vector<std::vector<std::string>> rows = {
      {std::string(protocol_name(kBoot)), "reset to request, s", "reset to running, s", "x OVMF",
       "x OVMF over iPXE's ROM", "x iPXE's ROM"}};
  for (const Contestant& contestant : results.contestants) {
    if (!was_tried(results, contestant.name, kBoot)) continue;
    const auto running = results.seconds_until_running(contestant.name, kBoot);
    rows.push_back({contestant.name,
                    format_spread(results.seconds_until_request(contestant.name, kBoot), 1),
                    running ? format_spread(running, 1) : "FAILED",
                    format_ratio(results.ratio(contestant.name, kOvmf, kBoot)),
                    format_ratio(results.ratio(contestant.name, kOvmfOverIpxe, kBoot)),
                    format_ratio(results.ratio(contestant.name, kIpxeRomOld, kBoot))});
  }
  return rows.size() > 1 ? format_table(rows) + "\n" : std::string();
}

std::string rate_table(const Results& results, Protocol protocol) {
  std::vector<std::vector<std::string>> rows = {{std::string(protocol_name(protocol)),
                                                 "MB/s (least-most)", "x iPXE", "x Linux guest",
                                                 "reset to request, s", "reset to running, s"}};
  for (const Contestant& contestant : results.contestants) {
    const auto rate = results.rate(contestant.name, protocol);
    if (!was_tried(results, contestant.name, protocol)) continue;
    rows.push_back({contestant.name, rate ? format_spread(rate, kMegabyte) : "FAILED",
                    format_ratio(results.ratio(contestant.name, kIpxe, protocol)),
                    format_ratio(results.ratio(contestant.name, kLinuxGuest, protocol)),
                    format_spread(results.seconds_until_request(contestant.name, protocol), 1),
                    format_spread(results.seconds_until_running(contestant.name, protocol), 1)});
  }
  return rows.size() > 1 ? format_table(rows) + "\n" : std::string();
}

std::string aim_table(const Results& results) {
  std::vector<std::vector<std::string>> rows = {{"aim", "wanted", "measured", ""}};
  for (const Aim& aim : aims()) {
    const auto ratio = results.ratio(aim.contestant, aim.reference, aim.protocol);
    if (!ratio) continue;
    rows.push_back({fmt::format("{}: {} compared with {}", protocol_name(aim.protocol),
                                aim.contestant, aim.reference),
                    fmt::format(">= {:.1f}", aim.ratio), format_ratio(ratio),
                    *ratio >= aim.ratio ? "reached" : "missed"});
  }
  return rows.size() > 1 ? format_table(rows) : std::string();
}

nlohmann::json json_spread(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  return {{"median", spread->median}, {"least", spread->least}, {"most", spread->most}};
}

nlohmann::json json_run(const Run& run) {
  nlohmann::json out = {{"contestant", run.contestant},
                        {"protocol", protocol_name(run.protocol)},
                        {"repetition", run.repetition}};
  if (!run.measurement) {
    out["failure"] = run.failure;
    return out;
  }
  const Measurement& measured = *run.measurement;
  const Transfer& transfer = measured.transfer;
  out["file_bytes"] = measured.file_bytes;
  out["seconds"] = transfer.seconds();
  out["bytes_per_second"] = measured.bytes_per_second;
  if (measured.until_request) out["seconds_until_request"] = *measured.until_request;
  if (measured.until_running) out["seconds_until_running"] = *measured.until_running;
  out["wire"] = {{"data_frames", transfer.data_frames},
                 {"data_bytes_max", transfer.data_bytes_max},
                 {"ack_frames", transfer.ack_frames},
                 {"resent_bytes", transfer.resent_bytes},
                 {"zero_windows", transfer.zero_windows}};
  return out;
}

}  // namespace

std::optional<Spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return Spread{.median = median, .least = values.front(), .most = values.back()};
}

std::optional<Spread> Results::rate(std::string_view contestant, Protocol protocol) const {
  return collect(runs, contestant, protocol,
                 [](const Measurement& m) { return std::optional(m.bytes_per_second); });
}

std::optional<Spread> Results::seconds_until_request(std::string_view contestant,
                                                     Protocol protocol) const {
  return collect(runs, contestant, protocol, [](const Measurement& m) { return m.until_request; });
}

std::optional<Spread> Results::seconds_until_running(std::string_view contestant,
                                                     Protocol protocol) const {
  return collect(runs, contestant, protocol, [](const Measurement& m) { return m.until_running; });
}

std::optional<double> Results::ratio(std::string_view of, std::string_view to,
                                     Protocol protocol) const {
  // Of times the shorter one is the better one.
  const bool is_time = protocol == Protocol::boot;
  const auto numerator = is_time ? seconds_until_running(to, protocol) : rate(of, protocol);
  const auto denominator = is_time ? seconds_until_running(of, protocol) : rate(to, protocol);
  if (!numerator || !denominator) return std::nullopt;
  return numerator->median / denominator->median;
}

const std::vector<Aim>& aims() {
  static const std::vector<Aim> all = {
      {kKedge, Protocol::http, kIpxe, 3},
      {kKedge, Protocol::http, kLinuxGuest, 1.5},
      {kKedge, Protocol::tftp_hpa, kIpxe, 4},
      {kKedge, Protocol::tftp_dnsmasq, kIpxe, 4},
      {kOvmfOverKedge, Protocol::http, kOvmf, 1},
      {kOvmfOverKedge, Protocol::http, kOvmfOverIpxe, 1},
      {kOvmfOverKedge, Protocol::boot, kOvmfOverIpxe, 1},
      {kKedgeRom, Protocol::boot, kIpxeRomOld, 1},
      {kKedgeRomBoth, Protocol::boot, kIpxeRomOld, 1},
  };
  return all;
}

std::string format_run(const Run& run) {
  const std::string head =
      fmt::format("{:<15} {:<12} #{}", run.contestant, protocol_name(run.protocol), run.repetition);
  if (!run.measurement) return fmt::format("{}  FAILED: {}", head, run.failure);
  const Measurement& measured = *run.measurement;
  std::string text = fmt::format("{}  {:7.1f} MB/s", head, measured.bytes_per_second / kMegabyte);
  if (measured.until_request && measured.until_running) {
    text += fmt::format("  request after {:.1f} s, running after {:.1f} s", *measured.until_request,
                        *measured.until_running);
  }
  return text;
}

std::string format_tables(const Results& results) {
  std::string text;
  for (const Protocol protocol : kProtocols) {
    text += protocol == Protocol::boot ? boot_table(results) : rate_table(results, protocol);
  }
  return text + aim_table(results);
}

std::string format_page(const Results& results) {
  std::string text = fmt::format(
      "# Side by side, {}\n\n{}\n## How it was measured\n\n"
      "Each figure is the median of {} rounds, each of which measures every contestant once, with "
      "the least and the most. Every run is a new "
      "machine "
      "(q35, OVMF, virtio-net-pci, {} MiB{}, one CPU, {}) on the same tap interface. The file is a "
      "UEFI "
      "application padded to {} (HTTP), {} (TFTP) or {} (boot, over HTTP); the Linux guest and the "
      "host discard it. All "
      "rates "
      "come from a capture on the server's side: from the frame with the first request for the "
      "file to "
      "the frame in which the client acknowledges its last byte (iPXE starts what it has without "
      "doing so: "
      "then to the last data frame). MB are 10^6 bytes. \"Reset\" is the "
      "start of the machine's CPUs, \"running\" the first output of the downloaded application (of "
      "the "
      "Linux guest: of its userland after the download). Ratios are of rates; in the table "
      "\"boot\" "
      "of the times from reset to running, so that more than 1 is sooner.\n\n## With what\n\n",
      results.date, format_tables(results), results.repetitions, results.settings.memory_mib,
      results.settings.prealloc ? " touched before the start" : "",
      results.settings.accelerator == Accelerator::kvm ? "KVM" : "software emulation (TCG)",
      format_bytes(results.settings.http_bytes), format_bytes(results.settings.tftp_bytes),
      format_bytes(results.settings.boot_bytes));
  std::vector<std::vector<std::string>> rows = {{"what", "which"}};
  for (const auto& [name, value] : results.facts) rows.push_back({name, value});
  rows.push_back({"load average at end", results.load_at_end});
  text += format_table(rows);
  std::string failures;
  for (const Run& run : results.runs) {
    if (!run.measurement) failures += fmt::format("```\n{}\n```\n", format_run(run));
  }
  if (!failures.empty()) text += "\n## What failed\n\n" + failures;
  return text;
}

nlohmann::json json_results(const Results& results) {
  using nlohmann::json;
  json facts = json::object();
  for (const auto& [name, value] : results.facts) facts[name] = value;
  facts["load average at end"] = results.load_at_end;
  json summary = json::array();
  for (const Contestant& contestant : results.contestants) {
    for (const Protocol protocol : kProtocols) {
      const auto rate = results.rate(contestant.name, protocol);
      if (!rate) continue;
      json entry = {{"contestant", contestant.name},
                    {"protocol", protocol_name(protocol)},
                    {"bytes_per_second", json_spread(rate)}};
      entry["seconds_until_request"] =
          json_spread(results.seconds_until_request(contestant.name, protocol));
      entry["seconds_until_running"] =
          json_spread(results.seconds_until_running(contestant.name, protocol));
      for (const std::string_view other : {kIpxe, kLinuxGuest, kOvmf, kOvmfOverIpxe, kIpxeRomOld}) {
        if (other == contestant.name) continue;
        const auto ratio = results.ratio(contestant.name, other, protocol);
        if (ratio) entry["ratio_to"][std::string(other)] = *ratio;
      }
      summary.push_back(std::move(entry));
    }
  }
  json runs = json::array();
  for (const Run& run : results.runs) runs.push_back(json_run(run));
  return {{"date", results.date},
          {"facts", std::move(facts)},
          {"settings",
           {{"repetitions", results.repetitions},
            {"http_bytes", results.settings.http_bytes},
            {"tftp_bytes", results.settings.tftp_bytes},
            {"boot_bytes", results.settings.boot_bytes},
            {"memory_mib", results.settings.memory_mib},
            {"graphics", results.settings.graphics},
            {"prealloc", results.settings.prealloc},
            {"accelerator", results.settings.accelerator == Accelerator::kvm ? "kvm" : "tcg"}}},
          {"summary", std::move(summary)},
          {"runs", std::move(runs)}};
}

}  // namespace kedge::host::bench
