// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Tests that work in the UEFI shell: a VM whose first boot option is Debian's shell on a FAT
// volume, driven over the serial console.
#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <string>

#include "tests/e2e/rig/fixture.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {

// A command over a busy emulated network, with what it waits for.
inline constexpr Duration kCommandTimeout = std::chrono::seconds(120);

class ShellTest : public E2eTest {
 protected:
  // A disk with the shell, the probe and `files` as first boot option.
  void add_shell_disk(MachineSpec& machine, std::vector<MediaFile> files);
  // Waits for the shell; our files are its current directory afterwards.
  void enter_shell();
  // Runs a command (at most eight words with single spaces) and gives the lines that it printed.
  std::vector<std::string> run(std::string_view command, Duration timeout = kCommandTimeout);
  // The same, asked again where the answer does not match: the serial port has no flow control, and
  // on a busy host it may lose a piece of a line. Gives the last group of the line that matches.
  std::string ask(std::string_view command, std::string_view pattern);
  // The last group of the first line that matches; empty, and the test has failed, without one.
  std::string find(const std::vector<std::string>& lines, std::string_view pattern);
  // Whether our driver has a NIC: the firmware's own would do as well in many a test.
  void expect_our_driver(bool wanted);
  // Disconnects and connects the driver of a controller in so many rounds. With `stack` everything
  // that can stand on it is connected each time, too, and `reconnect` is used: four steps a round
  // instead of two. How many steps succeeded.
  enum class Above : std::uint8_t { nothing, stack };
  unsigned repeat_connections(std::string_view controller, unsigned rounds, Above above);
  // Loads tests/uefi/resource_probe.cpp, which is on the disk as "probe.efi" then, and counts from
  // now on.
  void start_probe();
  // What an image has taken and not given back.
  struct Taken {
    int pool = 0;  // pieces
    int pages = 0;
    int events = 0;
    bool operator==(const Taken&) const = default;
    friend void PrintTo(const Taken& taken, std::ostream* out) {
      *out << taken.pool << " pool, " << taken.pages << " pages, " << taken.events << " events";
    }
  };
  struct Usage {
    std::map<std::string, Taken, std::less<>> images;  // by the name of their file; "firmware"
    // Of the whole machine.
    int handles = 0;
    int protocols = 0;
    int openings = 0;
    int pages = 0;  // pool, events and tables are in pages, too
    Taken of(std::string_view image) const {
      const auto found = images.find(image);
      return found == images.end() ? Taken() : found->second;
    }
  };
  // By how much the usage is greater after `rounds` than before.
  Usage growth(const std::function<void()>& rounds);

 private:
  Usage usage();
};

}  // namespace kedge::host::e2e
