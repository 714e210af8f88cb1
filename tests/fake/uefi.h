// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakeFirmware: boot services for tests of uefi/ on the host. It keeps handles, protocols, records
// of who opened what, events, timers, memory and console text, checks that callers keep the rules,
// and fails where a test tells it to. One at a time.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "uefi/cpu.h"
#include "uefi/firmware.h"

namespace kedge::fake {

/// Calls that a test can make fail.
enum class Call {
  open_protocol,
  install_protocol,
  uninstall_protocol,
  locate_handle_buffer,
  locate_protocol,
  create_event,
  set_timer,
  allocate_pages,
  allocate_pool,
  load_image,
  start_image,
  connect_controller,
  disconnect_controller,
  set_variable,
  pci_io,  ///< of FakePciIo: whatever allocates, maps, or asks for attributes
};

class FakeFirmware {
 public:
  struct Open {
    EFI_HANDLE agent;
    EFI_HANDLE controller;
    UINT32 attributes;
  };
  struct Protocol {
    EFI_GUID guid;
    void* interface;
    std::vector<Open> opens;
  };
  struct Node {
    std::list<Protocol> protocols;
  };
  struct FakeEvent {
    UINT32 type = 0;
    EFI_TPL level = 0;
    EFI_EVENT_NOTIFY notify = nullptr;
    void* context = nullptr;
    std::int64_t due_ns = -1;
    std::int64_t period_ns = 0;
    bool signaled = false;
  };

  FakeFirmware();
  ~FakeFirmware();
  FakeFirmware(const FakeFirmware&) = delete;
  FakeFirmware& operator=(const FakeFirmware&) = delete;

  /// The one that exists.
  static FakeFirmware& current();
  uefi::Firmware& firmware() { return firmware_; }
  EFI_SYSTEM_TABLE& table() { return table_; }

  // --- handles
  EFI_HANDLE add_handle();
  /// Adds a protocol as some firmware driver would; creates the handle for nullptr.
  EFI_HANDLE add_protocol(EFI_HANDLE handle, const EFI_GUID& guid, void* interface);
  template <class P>
  EFI_HANDLE add_protocol(EFI_HANDLE handle, P* interface) {
    return add_protocol(handle, uefi::kGuid<P>, interface);
  }
  void remove_protocol(EFI_HANDLE handle, const EFI_GUID& guid);
  /// Records an opening as some firmware driver would have made it.
  void add_open(EFI_HANDLE handle, const EFI_GUID& guid, EFI_HANDLE agent, EFI_HANDLE controller,
                UINT32 attributes);
  void* interface(EFI_HANDLE handle, const EFI_GUID& guid);
  std::vector<Open>& opens(EFI_HANDLE handle, const EFI_GUID& guid) {
    return find(handle, guid)->opens;
  }
  std::size_t handle_count() const { return nodes_.size(); }
  /// Records of openings by `agent`, over all handles.
  std::size_t open_count(EFI_HANDLE agent) const;
  std::size_t event_count() const { return events_.size(); }
  std::size_t pages_in_use() const;
  std::size_t pools_in_use() const { return pools_.size(); }

  // --- what the firmware's drivers do
  std::function<EFI_STATUS(EFI_HANDLE controller, EFI_HANDLE driver)> on_disconnect;
  std::function<EFI_STATUS(EFI_HANDLE controller)> on_connect;
  std::function<EFI_STATUS(EFI_HANDLE image)> on_start_image;
  std::function<EFI_STATUS(ByteView image)> on_load_image;
  std::vector<std::pair<EFI_HANDLE, EFI_HANDLE>> disconnected;
  std::vector<EFI_HANDLE> connected;

  // --- failures: the call fails with `status` after `skip` good ones, `times` times
  void fail(Call call, EFI_STATUS status, unsigned skip = 0, unsigned times = 1);
  /// From now on the n-th of all these calls, counted from 0, fails: for sweeps over every point
  /// that can. What would take something back does not count.
  void fail_nth(std::size_t n, EFI_STATUS status);
  /// Ends that. True when there was an n-th call.
  bool nth_has_failed();
  /// FakePciIo's.
  EFI_STATUS injected(Call call);

  // --- time
  std::int64_t now_ns = 1'000'000;
  void advance_ns(std::int64_t span);
  EFI_TPL tpl = TPL_APPLICATION;
  EFI_TPL highest_tpl = TPL_APPLICATION;  ///< ever raised to
  /// Signals the events of a type, as ExitBootServices does.
  void signal_type(UINT32 type);
  /// Boot services as they are after ExitBootServices: a call is a crash.
  class NoBootServices {
   public:
    explicit NoBootServices(FakeFirmware& fake) : table_(fake.table_) {
      table_.BootServices = nullptr;
    }
    ~NoBootServices() { table_.BootServices = boot_; }
    NoBootServices(const NoBootServices&) = delete;
    NoBootServices& operator=(const NoBootServices&) = delete;

   private:
    EFI_SYSTEM_TABLE& table_;
    EFI_BOOT_SERVICES* boot_ = table_.BootServices;
  };
  /// Nobody remembers that boot services have ended: a test can take down what it has built.
  void forget_the_end() { firmware_ = uefi::Firmware(image_, &table_); }

  // --- console
  std::string printed;  ///< UTF-8
  unsigned print_calls = 0;
  UINTN console_columns = 100;
  std::deque<EFI_INPUT_KEY> keys;
  EFI_HANDLE console_in_handle = nullptr;

  // --- runtime services
  std::map<std::u16string, std::vector<std::byte>> variables;
  std::map<std::u16string, EFI_GUID> variable_vendors;  ///< of those that are not the firmware's
  std::vector<EFI_RESET_TYPE> resets;
  std::int64_t watchdog_s = 300;

  // --- loaded images
  struct Image {
    EFI_LOADED_IMAGE_PROTOCOL protocol{};
    std::vector<std::byte> path;
    std::vector<std::byte> source;
    bool started = false;
  };
  std::map<EFI_HANDLE, Image> images;

  void add_configuration_table(const EFI_GUID& guid, void* data);
  /// Violations of the firmware's rules by callers; empty in a good test.
  std::vector<std::string> violations;

 private:
  friend struct FakeServices;
  friend struct FakeImageServices;
  static void fill_image_services(EFI_BOOT_SERVICES& boot);
  static void fill_console_and_runtime(EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL& out,
                                       EFI_SIMPLE_TEXT_INPUT_PROTOCOL& in,
                                       EFI_RUNTIME_SERVICES& runtime);
  Node* find(EFI_HANDLE handle);
  Protocol* find(EFI_HANDLE handle, const EFI_GUID& guid);
  void run_timers();
  void signal(FakeEvent& event);

  EFI_SYSTEM_TABLE table_{};
  EFI_BOOT_SERVICES boot_{};
  EFI_RUNTIME_SERVICES runtime_{};
  EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL out_{};
  EFI_SIMPLE_TEXT_OUTPUT_MODE out_mode_{};
  EFI_SIMPLE_TEXT_INPUT_PROTOCOL in_{};
  std::vector<EFI_CONFIGURATION_TABLE> configuration_;
  std::map<EFI_HANDLE, Node> nodes_;
  std::list<FakeEvent> events_;
  std::list<FakeEvent*> pending_;
  std::map<void*, std::size_t> pools_;
  std::map<void*, std::size_t> pages_;
  struct Failure {
    EFI_STATUS status;
    unsigned skip;
    unsigned times;
  };
  std::map<Call, Failure> failures_;
  std::optional<std::pair<std::size_t, EFI_STATUS>> nth_;  // calls to come, and what then
  std::uintptr_t next_handle_ = 0x1000;
  EFI_HANDLE image_;
  uefi::Firmware firmware_;
};

/// A CPU whose counter follows the fake firmware's time.
class FakeCpu final : public uefi::Cpu {
 public:
  explicit FakeCpu(FakeFirmware& firmware) : firmware_(firmware) {}
  std::uint64_t counter() noexcept override {
    firmware_.now_ns += read_cost_ns;
    return static_cast<std::uint64_t>(static_cast<double>(firmware_.now_ns) * hz / 1e9);
  }
  std::optional<std::uint64_t> counter_hz() noexcept override { return known_hz; }
  std::optional<std::uint64_t> random() noexcept override {
    return next_random ? next_random() : std::nullopt;
  }
  void pause() noexcept override { firmware_.advance_ns(100); }

  double hz = 2.5e9;
  std::int64_t read_cost_ns = 0;
  std::optional<std::uint64_t> known_hz;
  std::function<std::optional<std::uint64_t>()> next_random;

 private:
  FakeFirmware& firmware_;
};

}  // namespace kedge::fake
