// SPDX-License-Identifier: BSD-2-Clause-Patent
// What conformance.efi asks, and how it tells the answers. A suite is the questions about one
// protocol; a question is one assertion, with a name of dots: "snp.initialize.stopped".
//
// The lines that the test rig reads:
//   conformance: snp.filters.both FAIL SUCCESS, of 2
//   conformance: snp 138 asked, 6 failed, 0 left out
//   conformance: end 170 asked, 6 failed, 0 left out
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "uefi/firmware.h"

namespace kedge::uefi::conformance {

class Report {
 public:
  explicit Report(const Firmware& firmware) noexcept : firmware_(firmware) {}

  /// One assertion, with the answer that it judges.
  bool check(std::string_view question, bool holds, EFI_STATUS answer) noexcept;
  /// The same where the answer is all that is asked for.
  bool check_answer(std::string_view question, EFI_STATUS answer,
                    std::initializer_list<EFI_STATUS> allowed) noexcept;
  /// What comes before the questions of this name did not work: they are not asked.
  void left_out(std::string_view question, std::string_view step, EFI_STATUS answer) noexcept;
  /// Who the numbered one of those is whom a suite asks; the questions that follow are put to it.
  void subject(std::size_t number, std::string_view text) noexcept;
  void put_to(std::size_t number) noexcept { subject_ = number; }
  /// A fact for the reader of the log.
  void note(std::string_view text) noexcept;

  void begin_suite() noexcept { suite_ = {}; }
  void end_suite(std::string_view name) noexcept;
  /// The last line. True when there were questions, and none failed.
  bool end() noexcept;

 private:
  struct Count {
    unsigned asked = 0;
    unsigned failed = 0;
    unsigned left_out = 0;
  };
  void print(std::string_view text) noexcept;
  void print_count(std::string_view name, const Count& count) noexcept;

  const Firmware& firmware_;
  std::size_t subject_ = 0;
  Count suite_;
  Count all_;
};

/// The questions about one protocol. Each is in a file of its own and in the list of main.cpp.
struct Suite {
  std::string_view name;  // on the command line
  void (*ask)(const Firmware& firmware, Report& report);
  bool only_by_name = false;  // needs servers that are not everywhere
};

void ask_snp(const Firmware& firmware, Report& report);
void ask_snp_on_the_wire(const Firmware& firmware, Report& report);
void ask_component_name(const Firmware& firmware, Report& report);
void ask_adapter_information(const Firmware& firmware, Report& report);
void ask_vlan_config(const Firmware& firmware, Report& report);
void ask_config_access(const Firmware& firmware, Report& report);
void ask_pxe(const Firmware& firmware, Report& report);
void ask_pxe_group(const Firmware& firmware, Report& report);

/// The handles of NICs and of what stands on them that carry a protocol: their device paths have a
/// MAC node.
std::vector<Handle> network_handles(const Firmware& firmware, const EFI_GUID& protocol);
/// Tells of such a handle by its device path.
void tell_subject(const Firmware& firmware, Report& report, Handle handle, std::size_t number);

/// Memory of the firmware that a call has given us.
class Pool {
 public:
  explicit Pool(const Firmware& firmware) noexcept : firmware_(firmware) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { free(); }

  void** out() noexcept { return &memory_; }
  void* get() const noexcept { return memory_; }
  void free() noexcept {
    if (memory_ != nullptr) (void)firmware_.boot().FreePool(memory_);
    memory_ = nullptr;
  }

 private:
  const Firmware& firmware_;
  void* memory_ = nullptr;
};

}  // namespace kedge::uefi::conformance
