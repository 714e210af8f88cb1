// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// From measurements to medians, ratios and tables.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "side_by_side/contestants.h"
#include "side_by_side/facts.h"
#include "side_by_side/runner.h"

namespace kedge::host::bench {

struct Run {
  std::string contestant;
  Protocol protocol = Protocol::http;
  int repetition = 1;
  std::optional<Measurement> measurement;
  std::string failure;  // when there is no measurement
};

struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};

// Nothing for no values. The median of an even number of values is the mean of the middle two.
std::optional<Spread> spread_of(std::vector<double> values);

struct Results {
  std::string date;
  Facts facts;
  std::string load_at_end;
  RunSettings settings;
  int repetitions = 1;
  std::vector<Contestant> contestants;
  std::vector<Run> runs;

  std::optional<Spread> rate(std::string_view contestant, Protocol protocol) const;
  std::optional<Spread> seconds_until_request(std::string_view contestant, Protocol protocol) const;
  std::optional<Spread> seconds_until_running(std::string_view contestant, Protocol protocol) const;
  // Median rate of one as a multiple of the other's; of Protocol::boot how many times as soon its
  // payload runs.
  std::optional<double> ratio(std::string_view of, std::string_view to, Protocol protocol) const;
};

// What is aimed at: the ratio() of one contestant to another.
struct Aim {
  std::string_view contestant;
  Protocol protocol;
  std::string_view reference;
  double ratio;
};
const std::vector<Aim>& aims();

// The tables in Markdown, readable as they are on a terminal.
std::string format_tables(const Results& results);
// The whole page: tables, how it was measured, facts, failures.
std::string format_page(const Results& results);
nlohmann::json json_results(const Results& results);

// One line for a finished run.
std::string format_run(const Run& run);

}  // namespace kedge::host::bench
