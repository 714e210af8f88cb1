// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakeSnp: a firmware's Simple Network driver, with the state machine of the specification and the
// quirks that a test switches on.
#pragma once

#include <deque>
#include <vector>

#include "tests/fake/uefi.h"
#include "wire/mac.h"

namespace kedge::fake {

class FakeSnp {
 public:
  explicit FakeSnp(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0, 0x12, 0x34,
                                                                   0x56}));
  FakeSnp(const FakeSnp&) = delete;
  FakeSnp& operator=(const FakeSnp&) = delete;

  struct Table {
    EFI_SIMPLE_NETWORK_PROTOCOL raw;
    FakeSnp* owner;
  };
  Table table{};
  EFI_SIMPLE_NETWORK_PROTOCOL& protocol = table.raw;
  EFI_SIMPLE_NETWORK_MODE mode{};

  /// Frames that came in and wait to be received.
  std::deque<std::vector<std::byte>> incoming;
  /// Frames that were sent.
  std::vector<std::vector<std::byte>> sent;
  /// Buffers that wait to be given back.
  std::deque<void*> completed;
  std::size_t ring = 8;                 ///< transmits until NOT_READY
  bool completes = true;                ///< false: the ring swallows buffers
  void* foreign_completion = nullptr;   ///< given back once, first
  std::uint32_t refused_filters = 0;    ///< ReceiveFilters with one of these bits fails
  bool needs_filter_disable = false;    ///< receives nothing before a filter was disabled
  unsigned link_after_initializes = 0;  ///< MediaPresent only from this many on
  EFI_STATUS initialize_status = EFI_SUCCESS;
  std::function<void()> on_initialize;
  unsigned initializes = 0;
  unsigned starts = 0;
  unsigned stops = 0;
  unsigned shutdowns = 0;
  unsigned status_calls = 0;
  bool filter_was_disabled = false;

 private:
  friend struct SnpCalls;
  std::size_t in_ring_ = 0;
};

}  // namespace kedge::fake
