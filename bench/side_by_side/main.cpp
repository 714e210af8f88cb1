// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// kedge-bench: Kedge beside iPXE, OVMF's own network boot and a Linux guest, in one run.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <exception>

#include "side_by_side/results.h"
#include "side_by_side/runner.h"
#include "support/file.h"
#include "vm/accelerator.h"
#include "vm/session.h"

namespace kedge::host::bench {
namespace {

enum ExitCode : int {
  kExitGood = 0,
  kExitSomeFailed = 1,
  kExitUsage = 2,
  kExitCannotStart = 3,
  kExitInternal = 70,  // sysexits.h
  kExitInterrupted = 130,
};

struct Options {
  std::filesystem::path dist = "dist";
  std::filesystem::path output = "bench/results";
  std::filesystem::path work;  // empty: temporary
  std::vector<std::string> only;
  std::vector<std::string> protocols;
  std::vector<std::string> also;
  std::string group;
  std::string http_size = "256M";
  std::string tftp_size = "32M";
  std::string accelerator = "tcg";
  std::string firmware;
  int repetitions = 3;
  int memory_mib = 2048;
  int timeout_seconds = 300;
  bool graphics = false;
  bool prealloc = false;
  bool quick = false;
  bool list = false;
};

constexpr std::uint64_t kQuickBytes = 4 << 20;
// Long enough that slow start and the firmware's timers do not decide.
constexpr std::uint64_t kQuickRomsBytes = 32 << 20;
constexpr std::string_view kRomsGroup = "roms";

void add_options(CLI::App& application, Options& options) {
  application.add_option("--dist", options.dist, "Where the artefacts are")->capture_default_str();
  application.add_option("--output", options.output, "Where the results go")->capture_default_str();
  application.add_option("--work", options.work,
                         "Keep logs, console and capture of the last measurement here");
  application.add_option("--only", options.only, "Only these contestants (see --list)");
  application
      .add_option("--group", options.group,
                  "roms: only who boots from the NIC, from its ROM or by the firmware's own stack")
      ->check(CLI::IsMember({std::string(kRomsGroup)}));
  application.add_option("--protocol", options.protocols,
                         "Only these: http, tftp-hpa, tftp-dnsmasq, boot (HTTP, a small file)");
  application.add_option("--also", options.also,
                         "NAME=FILE: another application, started like Kedge from a disk");
  application.add_option("--http-size", options.http_size, "Size of the HTTP download")
      ->capture_default_str();
  application.add_option("--tftp-size", options.tftp_size, "Size of the TFTP download")
      ->capture_default_str();
  application.add_option("--repeat", options.repetitions, "Rounds: runs of each measurement")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  application.add_option("--memory", options.memory_mib, "The machine's memory in MiB")
      ->check(CLI::Range(512, 65536))
      ->capture_default_str();
  application.add_option("--timeout", options.timeout_seconds, "Seconds for one measurement")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  application.add_option("--accelerator", options.accelerator, "tcg, kvm or auto")
      ->check(CLI::IsMember({"tcg", "kvm", "auto"}))
      ->capture_default_str();
  application.add_option("--firmware", options.firmware, "CODE[,VARS]: another UEFI firmware");
  application.add_flag("--graphics", options.graphics, "The machine has a graphical console, too");
  application.add_flag("--prealloc", options.prealloc,
                       "Touch all of the machine's memory before it starts: downloads then do not "
                       "wait for this host to clear pages");
  application.add_flag("--quick", options.quick,
                       "A smoke test: 4 MiB each, once, kedge and host, over HTTP and tftpd-hpa; "
                       "with --group roms 32 MiB over HTTP and the time to boot, in some minutes");
  application.add_flag("--list", options.list, "List the contestants and end");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Outcome<std::vector<Contestant>> choose_contestants(const Options& options) {
  auto all = known_contestants({.kedge = options.dist / "x86_64/kedge.efi",
                                .kedge_snponly = options.dist / "x86_64/kedge-snponly.efi",
                                .kedge_rom = options.dist / "roms/efi-virtio.rom"});
  for (const std::string& also : options.also) {
    const auto equals = also.find('=');
    if (equals == std::string::npos)
      return failure(fmt::format("--also {} is not NAME=FILE", also));
    all.push_back({.name = also.substr(0, equals),
                   .description = "given by --also",
                   .start = Start::disk,
                   .application = also.substr(equals + 1)});
  }
  for (const std::string& name : options.only) {
    if (std::ranges::find(all, name, &Contestant::name) == all.end()) {
      return failure(fmt::format("there is no contestant {}", name), "--list shows them");
    }
  }
  if (options.group == kRomsGroup) {
    std::erase_if(all, [](const Contestant& c) { return !c.boots_from_nic(); });
  }
  if (!options.only.empty()) {
    std::erase_if(all, [&](const Contestant& c) { return !contains(options.only, c.name); });
  }
  for (const Contestant& contestant : all) {
    std::error_code ignored;
    if (!contestant.application.empty() &&
        !std::filesystem::is_regular_file(contestant.application, ignored)) {
      return failure(fmt::format("{} is missing", contestant.application.string()),
                     "run `make firmware` and `tools/deps --peers`, or leave it out with --only");
    }
  }
  return all;
}

Outcome<std::vector<Protocol>> choose_protocols(const Options& options) {
  std::vector<Protocol> chosen;
  for (const Protocol protocol : kProtocols) {
    if (options.protocols.empty() || contains(options.protocols, protocol_name(protocol))) {
      chosen.push_back(protocol);
    }
  }
  if (chosen.empty() || (!options.protocols.empty() && chosen.size() < options.protocols.size())) {
    return failure("--protocol takes http, tftp-hpa, tftp-dnsmasq and boot");
  }
  return chosen;
}

Outcome<RunSettings> choose_settings(const Options& options) {
  RunSettings settings;
  const auto http = parse_size(options.http_size);
  const auto tftp = parse_size(options.tftp_size);
  if (!http || !tftp) return failure("a size is a number with k, M or G behind it: 256M");
  settings.http_bytes = *http;
  settings.tftp_bytes = *tftp;
  settings.memory_mib = options.memory_mib;
  settings.graphics = options.graphics;
  settings.prealloc = options.prealloc;
  settings.timeout = std::chrono::seconds(options.timeout_seconds);
  if (options.accelerator == "kvm" ||
      (options.accelerator == "auto" &&
       choose_accelerator(Architecture::x86_64).accelerator == Accelerator::kvm)) {
    settings.accelerator = Accelerator::kvm;
  }
  if (options.firmware.empty()) {
    KEDGE_HOST_TRY(settings.firmware, find_firmware(Architecture::x86_64, false));
  } else {
    KEDGE_HOST_TRY(settings.firmware, parse_firmware(options.firmware));
  }
  return settings;
}

// Repetitions outside, so that a slow minute of the machine meets everybody.
bool run_all(Runner& runner, const std::vector<Protocol>& protocols, Results& results) {
  for (int repetition = 1; repetition <= results.repetitions; ++repetition) {
    for (const Protocol protocol : protocols) {
      for (const Contestant& contestant : results.contestants) {
        if (!contestant.takes_part(protocol)) continue;
        Run run{.contestant = contestant.name, .protocol = protocol, .repetition = repetition};
        auto measured = runner.measure(contestant, protocol);
        if (runner.interrupted()) return false;
        if (measured) {
          run.measurement = *std::move(measured);
        } else {
          run.failure = measured.error().what;
        }
        fmt::print("{}\n", format_run(run));
        std::fflush(stdout);
        results.runs.push_back(std::move(run));
      }
    }
  }
  return true;
}

Outcome<std::filesystem::path> write_results(const std::filesystem::path& directory,
                                             const Results& results) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const auto base = directory / fmt::format("{}-{}", results.date.substr(0, 10), machine_hash());
  auto page = base;
  page += ".md";
  auto data = base;
  data += ".json";
  KEDGE_HOST_CHECK(write_file(page, format_page(results)));
  KEDGE_HOST_CHECK(write_file(data, json_results(results).dump(2) + "\n"));
  return page;
}

int fail(const Failure& failure, int code) {
  fmt::print(stderr, "kedge-bench: {}\n", failure.what);
  if (!failure.advice.empty()) fmt::print(stderr, "  {}\n", failure.advice);
  return code;
}

int run_bench(const Options& options) {
  const auto contestants = choose_contestants(options);
  if (!contestants) return fail(contestants.error(), kExitUsage);
  if (options.list) {
    for (const Contestant& c : *contestants) fmt::print("{:<15} {}\n", c.name, c.description);
    return kExitGood;
  }
  const auto protocols = choose_protocols(options);
  if (!protocols) return fail(protocols.error(), kExitUsage);
  const auto settings = choose_settings(options);
  if (!settings) return fail(settings.error(), kExitCannotStart);
  if (::geteuid() != 0) {
    return fail({.what = "this needs root: it makes network namespaces and tap interfaces"},
                kExitCannotStart);
  }
  const auto signals = InterruptSignals::block();
  if (!signals) return fail(signals.error(), kExitCannotStart);
  auto work = options.work.empty() ? TempDir::create("kedge-bench-") : TempDir::adopt(options.work);
  if (!work) return fail(work.error(), kExitCannotStart);
  auto runner = Runner::create(std::filesystem::absolute(work->path()), *settings, *signals);
  if (!runner) return fail(runner.error(), kExitCannotStart);

  Results results;
  results.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  results.settings = *settings;
  results.repetitions = options.repetitions;
  results.contestants = *contestants;
  results.facts = gather_facts(*contestants, settings->firmware.code.string());
  const bool finished = run_all(*runner, *protocols, results);
  results.load_at_end = load_average();
  fmt::print("\n{}\n", format_tables(results));
  if (!finished) {
    fmt::print(stderr, "kedge-bench: interrupted; nothing was written\n");
    return kExitInterrupted;
  }
  const auto written = write_results(options.output, results);
  if (!written) return fail(written.error(), kExitCannotStart);
  fmt::print("written: {}\n", written->string());
  const bool good =
      std::ranges::all_of(results.runs, [](const Run& run) { return run.measurement.has_value(); });
  return good ? kExitGood : kExitSomeFailed;
}

// --quick: what was not given is small.
void shorten(Options& options, const CLI::App& given) {
  const bool roms = options.group == kRomsGroup;
  const std::string size = std::to_string(roms ? kQuickRomsBytes : kQuickBytes);
  if (given.count("--http-size") == 0) options.http_size = size;
  if (given.count("--tftp-size") == 0) options.tftp_size = size;
  if (given.count("--repeat") == 0) options.repetitions = roms ? 3 : 1;
  if (options.only.empty() && !roms) options.only = {std::string(kKedge), "host"};
  if (options.protocols.empty()) {
    options.protocols = {"http", std::string(roms ? "boot" : "tftp-hpa")};
  }
}

int run(int argc, char** argv) {
  CLI::App application(
      "Downloads the same file with Kedge, iPXE, OVMF's own network boot and a Linux guest, each "
      "in "
      "the same virtual machine on the same network, and compares the rates.",
      "kedge-bench");
  Options options;
  add_options(application, options);
  application.footer(
      "Exit code: 0 all measured, 1 something failed, 2 wrong usage, 3 cannot start.");
  try {
    application.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return application.exit(error) == 0 ? kExitGood : kExitUsage;
  }
  if (options.quick) shorten(options, application);
  return run_bench(options);
}

}  // namespace
}  // namespace kedge::host::bench

int main(int argc, char** argv) {
  try {  // the libraries at our edges may throw: allocation, JSON, file systems
    return kedge::host::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kedge-bench: internal error: {}\n", error.what());
    return kedge::host::bench::kExitInternal;
  }
}
