// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Tests that work in the UEFI shell: a VM whose first boot option is Debian's shell on a FAT
// volume, driven over the serial console.
#pragma once

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
  // The first group of the first line that matches; empty, and the test has failed, without one.
  std::string find(const std::vector<std::string>& lines, std::string_view pattern);
  // Pages of boot services data that the firmware's memory map shows.
  std::size_t data_pages();
  // How many handles there are.
  std::size_t handle_count();
};

}  // namespace kedge::host::e2e
