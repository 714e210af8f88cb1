// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Tests that work in the UEFI shell: a VM whose first boot option is Debian's shell on a FAT
// volume, driven over the serial console.
#pragma once

#include <functional>

#include "tests/e2e/rig/fixture.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {

// A command over a busy emulated network, with what it waits for.
inline constexpr Duration kCommandTimeout = std::chrono::seconds(120);

class ShellTest : public E2eTest {
 protected:
  // A disk with the shell and `files` as first boot option.
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
  // What is taken of the machine at this moment. Pool and events are in pages: 50 of the smallest
  // piece of pool (128 bytes in edk2), or 50 events, fill more than one.
  struct Usage {
    int pages = 0;
    int handles = 0;
  };
  Usage usage();
  // Disconnects and connects the driver of a controller in so many rounds. With `stack` everything
  // that can stand on it is connected each time, too, and `reconnect` is used: four steps a round
  // instead of two. How many steps succeeded.
  enum class Above : std::uint8_t { nothing, stack };
  unsigned repeat_connections(std::string_view controller, unsigned rounds, Above above);
  // Runs `rounds` until it leaves nothing behind, at most `sets` times: what is lost in each round
  // shows in each set, what the firmware takes once and for all does not. The smallest growth.
  Usage growth(const std::function<void()>& rounds, unsigned sets);
};

}  // namespace kedge::host::e2e
