// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One measurement: a contestant downloads one file, and a capture of the wire tells how fast.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "side_by_side/contestants.h"
#include "side_by_side/network.h"
#include "side_by_side/traffic.h"
#include "support/outcome.h"
#include "vm/firmware_files.h"
#include "vm/machine.h"
#include "vm/terminal.h"

namespace kedge::host::bench {

struct RunSettings {
  std::uint64_t http_bytes = 256ull << 20;
  std::uint64_t tftp_bytes = 32ull << 20;
  std::uint64_t boot_bytes = 1ull << 20;  // of the size of a boot loader
  int memory_mib = 2048;
  bool graphics = false;
  bool prealloc = false;  // the machine's memory is there before it starts
  Accelerator accelerator = Accelerator::tcg;
  FirmwareFiles firmware;
  Duration timeout = std::chrono::seconds(300);  // of one measurement

  std::uint64_t bytes(Protocol protocol) const {
    if (protocol == Protocol::boot) return boot_bytes;
    return protocol == Protocol::http ? http_bytes : tftp_bytes;
  }
};

struct Measurement {
  Transfer transfer;
  std::uint64_t file_bytes = 0;
  double bytes_per_second = 0;
  // Seconds since the machine's CPUs started; not for Start::host.
  std::optional<double> until_request;
  std::optional<double> until_running;
};

class Runner {
 public:
  // `directory` is for everything that a measurement needs and leaves behind.
  static Outcome<Runner> create(const std::filesystem::path& directory, const RunSettings& settings,
                                const InterruptSignals& signals);

  // A failure of an interrupted measurement is a failure like others: ask interrupted().
  Outcome<Measurement> measure(const Contestant& contestant, Protocol protocol);
  bool interrupted() const { return interrupted_; }

 private:
  Runner(std::filesystem::path directory, const RunSettings& settings,
         const InterruptSignals& signals, BenchNetwork network)
      : directory_(std::move(directory)),
        settings_(settings),
        signals_(signals),
        network_(std::move(network)) {}

  Outcome<void> write_served_files();
  // Puts what the contestant boots into place, and its servers.
  Outcome<MachineSpec> prepare(const Contestant& contestant, Protocol protocol);
  Outcome<void> add_boot_disk(MachineSpec& machine, const std::filesystem::path& application,
                              Protocol protocol);
  Outcome<Measurement> run_machine(const MachineSpec& machine);
  Outcome<void> run_curl(Protocol protocol);
  Outcome<Transfer> read_transfer(Protocol protocol) const;

  std::filesystem::path directory_;
  RunSettings settings_;
  const InterruptSignals& signals_;
  BenchNetwork network_;
  std::string proof_;  // what the downloaded application prints
  bool interrupted_ = false;
};

}  // namespace kedge::host::bench
