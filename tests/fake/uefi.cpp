// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/uefi.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "uefi/device_path.h"
#include "uefi/text.h"

namespace kedge::fake {
namespace {

FakeFirmware* the_one = nullptr;  // NOLINT: there is one firmware

constexpr UINT32 kDriverBits = EFI_OPEN_PROTOCOL_BY_DRIVER | EFI_OPEN_PROTOCOL_EXCLUSIVE;

}  // namespace

/// The entries of the tables.
struct FakeServices {
  using Fake = FakeFirmware;

  static EFI_TPL EFIAPI raise_tpl(EFI_TPL level) {
    if (level < the_one->tpl) the_one->violations.push_back("RaiseTPL lowers");
    the_one->highest_tpl = std::max(the_one->highest_tpl, level);
    return std::exchange(the_one->tpl, level);
  }
  static void EFIAPI restore_tpl(EFI_TPL level) {
    if (level > the_one->tpl) the_one->violations.push_back("RestoreTPL raises");
    the_one->tpl = level;
    the_one->run_timers();
  }

  static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE, EFI_MEMORY_TYPE, UINTN count,
                                          EFI_PHYSICAL_ADDRESS* address) {
    if (const EFI_STATUS status = the_one->injected(Call::allocate_pages); EFI_ERROR(status)) {
      return status;
    }
    void* memory = std::aligned_alloc(EFI_PAGE_SIZE, count * EFI_PAGE_SIZE);
    if (memory == nullptr) return EFI_OUT_OF_RESOURCES;
    std::memset(memory, 0xaf, count * EFI_PAGE_SIZE);
    the_one->pages_[memory] = count;
    *address = reinterpret_cast<EFI_PHYSICAL_ADDRESS>(memory);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN count) {
    auto* memory = reinterpret_cast<void*>(address);
    const auto found = the_one->pages_.find(memory);
    if (found == the_one->pages_.end() || found->second != count) {
      the_one->violations.push_back("FreePages of what was not allocated so");
      return EFI_NOT_FOUND;
    }
    the_one->pages_.erase(found);
    std::free(memory);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE, UINTN bytes, void** buffer) {
    if (const EFI_STATUS status = the_one->injected(Call::allocate_pool); EFI_ERROR(status)) {
      return status;
    }
    *buffer = std::malloc(bytes == 0 ? 1 : bytes);
    the_one->pools_[*buffer] = bytes;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI free_pool(void* buffer) {
    if (the_one->pools_.erase(buffer) == 0) {
      the_one->violations.push_back("FreePool of what is no pool");
      return EFI_INVALID_PARAMETER;
    }
    std::free(buffer);
    return EFI_SUCCESS;
  }

  static EFI_STATUS EFIAPI create_event(UINT32 type, EFI_TPL level, EFI_EVENT_NOTIFY notify,
                                        void* context, EFI_EVENT* event) {
    if (const EFI_STATUS status = the_one->injected(Call::create_event); EFI_ERROR(status)) {
      return status;
    }
    the_one->events_.push_back({type, level, notify, context, -1, 0, false});
    *event = &the_one->events_.back();
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI close_event(EFI_EVENT event) {
    auto& events = the_one->events_;
    const auto found =
        std::find_if(events.begin(), events.end(), [&](Fake::FakeEvent& e) { return &e == event; });
    if (found == events.end()) {
      the_one->violations.push_back("CloseEvent of no event");
      return EFI_INVALID_PARAMETER;
    }
    the_one->pending_.remove(&*found);
    events.erase(found);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI set_timer(EFI_EVENT event, EFI_TIMER_DELAY kind, UINT64 span) {
    if (const EFI_STATUS status = the_one->injected(Call::set_timer); EFI_ERROR(status)) {
      return status;
    }
    auto& timer = *static_cast<Fake::FakeEvent*>(event);
    const auto ns = static_cast<std::int64_t>(span) * 100;
    timer.due_ns = kind == TimerCancel ? -1 : the_one->now_ns + ns;
    timer.period_ns = kind == TimerPeriodic ? ns : 0;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI wait_for_event(UINTN count, EFI_EVENT* events, UINTN* index) {
    if (the_one->tpl != TPL_APPLICATION) return EFI_UNSUPPORTED;
    for (int i = 0; i < 1'000'000; ++i) {
      for (UINTN e = 0; e < count; ++e) {
        // The one event that is not ours is WaitForKey.
        const bool is_key = events[e] == the_one->in_.WaitForKey;
        auto* event = static_cast<Fake::FakeEvent*>(events[e]);
        if (is_key ? !the_one->keys.empty() : event->signaled) {
          if (!is_key) event->signaled = false;
          *index = e;
          return EFI_SUCCESS;
        }
      }
      the_one->advance_ns(10'000);
    }
    the_one->violations.push_back("WaitForEvent would wait for ever");
    return EFI_UNSUPPORTED;
  }
  static EFI_STATUS EFIAPI signal_event(EFI_EVENT event) {
    static_cast<Fake::FakeEvent*>(event)->signaled = true;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI check_event(EFI_EVENT event) {
    auto& checked = *static_cast<Fake::FakeEvent*>(event);
    if ((checked.type & EVT_NOTIFY_SIGNAL) != 0) return EFI_INVALID_PARAMETER;
    // Its function runs only where its level is above ours (UEFI 2.10, 7.1 CheckEvent).
    const bool may_run = checked.level > the_one->tpl && (checked.type & EVT_NOTIFY_WAIT) != 0;
    if (!checked.signaled && may_run) the_one->signal(checked);
    return std::exchange(checked.signaled, false) ? EFI_SUCCESS : EFI_NOT_READY;
  }
  static EFI_STATUS EFIAPI stall(UINTN microseconds) {
    the_one->advance_ns(static_cast<std::int64_t>(microseconds) * 1000);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI set_watchdog(UINTN seconds, UINT64, UINTN, CHAR16*) {
    the_one->watchdog_s = static_cast<std::int64_t>(seconds);
    return EFI_SUCCESS;
  }

  static EFI_STATUS EFIAPI install(EFI_HANDLE* handle, EFI_GUID* guid, EFI_INTERFACE_TYPE,
                                   void* interface) {
    if (const EFI_STATUS status = the_one->injected(Call::install_protocol); EFI_ERROR(status)) {
      return status;
    }
    if (*handle != nullptr && the_one->find(*handle, *guid) != nullptr)
      return EFI_INVALID_PARAMETER;
    *handle = the_one->add_protocol(*handle, *guid, interface);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI uninstall(EFI_HANDLE handle, EFI_GUID* guid, void* interface) {
    if (const EFI_STATUS status = the_one->injected(Call::uninstall_protocol); EFI_ERROR(status)) {
      return status;
    }
    Fake::Protocol* protocol = the_one->find(handle, *guid);
    if (protocol == nullptr || protocol->interface != interface) return EFI_NOT_FOUND;
    for (const Fake::Open& open : protocol->opens) {
      if ((open.attributes & kDriverBits) != 0) return EFI_ACCESS_DENIED;
    }
    the_one->remove_protocol(handle, *guid);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI open(EFI_HANDLE handle, EFI_GUID* guid, void** interface,
                                EFI_HANDLE agent, EFI_HANDLE controller, UINT32 attributes) {
    if (const EFI_STATUS status = the_one->injected(Call::open_protocol); EFI_ERROR(status)) {
      return status;
    }
    if (the_one->find(handle) == nullptr) return EFI_INVALID_PARAMETER;
    Fake::Protocol* protocol = the_one->find(handle, *guid);
    if (protocol == nullptr) return EFI_UNSUPPORTED;
    if ((attributes & kDriverBits) != 0) {
      for (;;) {
        protocol = the_one->find(handle, *guid);
        if (protocol == nullptr) return EFI_UNSUPPORTED;
        const auto holder =
            std::find_if(protocol->opens.begin(), protocol->opens.end(),
                         [](const Fake::Open& o) { return (o.attributes & kDriverBits) != 0; });
        if (holder == protocol->opens.end()) break;
        if (holder->agent == agent) return EFI_ALREADY_STARTED;
        if ((attributes & EFI_OPEN_PROTOCOL_EXCLUSIVE) == 0 ||
            (holder->attributes & EFI_OPEN_PROTOCOL_EXCLUSIVE) != 0) {
          return EFI_ACCESS_DENIED;
        }
        const EFI_HANDLE driver = holder->agent;
        if (EFI_ERROR(disconnect(holder->controller, driver, nullptr))) return EFI_ACCESS_DENIED;
        protocol = the_one->find(handle, *guid);
        if (protocol == nullptr) return EFI_UNSUPPORTED;
        std::erase_if(protocol->opens, [&](const Fake::Open& o) { return o.agent == driver; });
      }
    }
    protocol->opens.push_back({agent, controller, attributes});
    *interface = protocol->interface;
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI close(EFI_HANDLE handle, EFI_GUID* guid, EFI_HANDLE agent,
                                 EFI_HANDLE controller) {
    Fake::Protocol* protocol = the_one->find(handle, *guid);
    if (protocol == nullptr) return EFI_NOT_FOUND;
    const auto erased = std::erase_if(protocol->opens, [&](const Fake::Open& o) {
      return o.agent == agent && o.controller == controller;
    });
    if (erased == 0) {
      the_one->violations.push_back("CloseProtocol of what is not open");
      return EFI_NOT_FOUND;
    }
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI open_information(EFI_HANDLE handle, EFI_GUID* guid,
                                            EFI_OPEN_PROTOCOL_INFORMATION_ENTRY** entries,
                                            UINTN* count) {
    Fake::Protocol* protocol = the_one->find(handle, *guid);
    if (protocol == nullptr) return EFI_NOT_FOUND;
    *count = protocol->opens.size();
    void* buffer = nullptr;
    if (EFI_ERROR(allocate_pool(EfiBootServicesData, *count * sizeof(**entries), &buffer))) {
      return EFI_OUT_OF_RESOURCES;
    }
    *entries = static_cast<EFI_OPEN_PROTOCOL_INFORMATION_ENTRY*>(buffer);
    for (UINTN i = 0; i < *count; ++i) {
      const Fake::Open& open = protocol->opens[i];
      (*entries)[i] = {open.agent, open.controller, open.attributes, 1};
    }
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI locate_handle_buffer(EFI_LOCATE_SEARCH_TYPE type, EFI_GUID* guid, void*,
                                                UINTN* count, EFI_HANDLE** buffer) {
    if (const EFI_STATUS status = the_one->injected(Call::locate_handle_buffer);
        EFI_ERROR(status)) {
      return status;
    }
    std::vector<EFI_HANDLE> found;
    for (auto& [handle, node] : the_one->nodes_) {
      if (type == AllHandles || the_one->find(handle, *guid) != nullptr) found.push_back(handle);
    }
    if (found.empty()) return EFI_NOT_FOUND;
    void* memory = nullptr;
    if (EFI_ERROR(allocate_pool(EfiBootServicesData, found.size() * sizeof(EFI_HANDLE), &memory))) {
      return EFI_OUT_OF_RESOURCES;
    }
    std::memcpy(memory, found.data(), found.size() * sizeof(EFI_HANDLE));
    *buffer = static_cast<EFI_HANDLE*>(memory);
    *count = found.size();
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI locate_protocol(EFI_GUID* guid, void*, void** interface) {
    if (const EFI_STATUS status = the_one->injected(Call::locate_protocol); EFI_ERROR(status)) {
      return status;
    }
    for (auto& [handle, node] : the_one->nodes_) {
      if (Fake::Protocol* protocol = the_one->find(handle, *guid)) {
        *interface = protocol->interface;
        return EFI_SUCCESS;
      }
    }
    return EFI_NOT_FOUND;
  }
  static EFI_STATUS EFIAPI locate_device_path(EFI_GUID* guid, EFI_DEVICE_PATH_PROTOCOL** path,
                                              EFI_HANDLE* device) {
    std::size_t best = 0;
    EFI_HANDLE best_handle = nullptr;
    const ByteView wanted = uefi::device_path_bytes(*path);
    for (auto& [handle, node] : the_one->nodes_) {
      if (the_one->find(handle, *guid) == nullptr) continue;
      Fake::Protocol* protocol = the_one->find(handle, uefi::kGuid<EFI_DEVICE_PATH_PROTOCOL>);
      if (protocol == nullptr) continue;
      const ByteView candidate =
          uefi::device_path_bytes(static_cast<EFI_DEVICE_PATH_PROTOCOL*>(protocol->interface));
      const std::size_t length = candidate.size() - 4;  // without its end node
      if (length > best && length <= wanted.size() &&
          std::memcmp(candidate.data(), wanted.data(), length) == 0) {
        best = length;
        best_handle = handle;
      }
    }
    if (best_handle == nullptr) return EFI_NOT_FOUND;
    *device = best_handle;
    *path = reinterpret_cast<EFI_DEVICE_PATH_PROTOCOL*>(reinterpret_cast<UINT8*>(*path) + best);
    return EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI connect(EFI_HANDLE controller, EFI_HANDLE*, EFI_DEVICE_PATH_PROTOCOL*,
                                   BOOLEAN) {
    if (const EFI_STATUS status = the_one->injected(Call::connect_controller); EFI_ERROR(status)) {
      return status;
    }
    if (the_one->tpl >= TPL_CALLBACK)
      the_one->violations.push_back("ConnectController at raised TPL");
    the_one->connected.push_back(controller);
    return the_one->on_connect ? the_one->on_connect(controller) : EFI_SUCCESS;
  }
  static EFI_STATUS EFIAPI disconnect(EFI_HANDLE controller, EFI_HANDLE driver, EFI_HANDLE) {
    if (const EFI_STATUS status = the_one->injected(Call::disconnect_controller);
        EFI_ERROR(status)) {
      return status;
    }
    if (the_one->tpl >= TPL_CALLBACK) {
      the_one->violations.push_back("DisconnectController at raised TPL");
    }
    the_one->disconnected.emplace_back(controller, driver);
    return the_one->on_disconnect ? the_one->on_disconnect(controller, driver) : EFI_SUCCESS;
  }
};

FakeFirmware::FakeFirmware() : image_(add_handle()), firmware_(image_, &table_) {
  KEDGE_ASSERT(the_one == nullptr);
  the_one = this;
  using S = FakeServices;
  boot_.RaiseTPL = S::raise_tpl;
  boot_.RestoreTPL = S::restore_tpl;
  boot_.AllocatePages = S::allocate_pages;
  boot_.FreePages = S::free_pages;
  boot_.AllocatePool = S::allocate_pool;
  boot_.FreePool = S::free_pool;
  boot_.CreateEvent = S::create_event;
  boot_.CloseEvent = S::close_event;
  boot_.SetTimer = S::set_timer;
  boot_.SignalEvent = S::signal_event;
  boot_.CheckEvent = S::check_event;
  boot_.WaitForEvent = S::wait_for_event;
  boot_.Stall = S::stall;
  boot_.SetWatchdogTimer = S::set_watchdog;
  boot_.InstallProtocolInterface = S::install;
  boot_.UninstallProtocolInterface = S::uninstall;
  boot_.OpenProtocol = S::open;
  boot_.CloseProtocol = S::close;
  boot_.OpenProtocolInformation = S::open_information;
  boot_.LocateHandleBuffer = S::locate_handle_buffer;
  boot_.LocateProtocol = S::locate_protocol;
  boot_.LocateDevicePath = S::locate_device_path;
  boot_.ConnectController = S::connect;
  boot_.DisconnectController = S::disconnect;
  fill_image_services(boot_);
  fill_console_and_runtime(out_, in_, runtime_);
  out_.Mode = &out_mode_;
  in_.WaitForKey = &in_;
  console_in_handle = add_handle();
  table_.BootServices = &boot_;
  table_.RuntimeServices = &runtime_;
  table_.ConOut = &out_;
  table_.ConIn = &in_;
  table_.ConsoleInHandle = console_in_handle;
}

FakeFirmware& FakeFirmware::current() {
  return *the_one;
}

FakeFirmware::~FakeFirmware() {
  for (auto& [memory, bytes] : pools_) std::free(memory);
  for (auto& [memory, count] : pages_) std::free(memory);
  the_one = nullptr;
}

EFI_HANDLE FakeFirmware::add_handle() {
  const auto handle = reinterpret_cast<EFI_HANDLE>(next_handle_);
  next_handle_ += 16;
  nodes_[handle];
  return handle;
}

EFI_HANDLE FakeFirmware::add_protocol(EFI_HANDLE handle, const EFI_GUID& guid, void* interface) {
  if (handle == nullptr) handle = add_handle();
  nodes_[handle].protocols.push_back({guid, interface, {}});
  return handle;
}

void FakeFirmware::remove_protocol(EFI_HANDLE handle, const EFI_GUID& guid) {
  Node* node = find(handle);
  if (node == nullptr) return;
  node->protocols.remove_if([&](const Protocol& p) { return uefi::same_guid(p.guid, guid); });
  if (node->protocols.empty()) nodes_.erase(handle);
}

void FakeFirmware::add_open(EFI_HANDLE handle, const EFI_GUID& guid, EFI_HANDLE agent,
                            EFI_HANDLE controller, UINT32 attributes) {
  find(handle, guid)->opens.push_back({agent, controller, attributes});
}

void* FakeFirmware::interface(EFI_HANDLE handle, const EFI_GUID& guid) {
  Protocol* protocol = find(handle, guid);
  return protocol == nullptr ? nullptr : protocol->interface;
}

std::size_t FakeFirmware::open_count(EFI_HANDLE agent) const {
  std::size_t count = 0;
  for (const auto& [handle, node] : nodes_) {
    for (const Protocol& protocol : node.protocols) {
      for (const Open& open : protocol.opens) count += open.agent == agent ? 1 : 0;
    }
  }
  return count;
}

std::size_t FakeFirmware::pages_in_use() const {
  std::size_t count = 0;
  for (const auto& [memory, pages] : pages_) count += pages;
  return count;
}

void FakeFirmware::fail(Call call, EFI_STATUS status, unsigned skip, unsigned times) {
  failures_[call] = {status, skip, times};
}

void FakeFirmware::fail_nth(std::size_t n, EFI_STATUS status) {
  nth_.emplace(n, status);
}

bool FakeFirmware::nth_has_failed() {
  const bool failed = !nth_.has_value();
  nth_.reset();
  return failed;
}

EFI_STATUS FakeFirmware::injected(Call call) {
  const bool takes_back = call == Call::uninstall_protocol || call == Call::disconnect_controller;
  if (nth_.has_value() && !takes_back) {
    if (nth_->first == 0) return std::exchange(nth_, std::nullopt)->second;
    --nth_->first;
  }
  const auto found = failures_.find(call);
  if (found == failures_.end()) return EFI_SUCCESS;
  Failure& failure = found->second;
  if (failure.skip != 0) {
    --failure.skip;
    return EFI_SUCCESS;
  }
  const EFI_STATUS status = failure.status;
  if (--failure.times == 0) failures_.erase(found);
  return status;
}

FakeFirmware::Node* FakeFirmware::find(EFI_HANDLE handle) {
  const auto found = nodes_.find(handle);
  return found == nodes_.end() ? nullptr : &found->second;
}

FakeFirmware::Protocol* FakeFirmware::find(EFI_HANDLE handle, const EFI_GUID& guid) {
  Node* node = find(handle);
  if (node == nullptr) return nullptr;
  for (Protocol& protocol : node->protocols) {
    if (uefi::same_guid(protocol.guid, guid)) return &protocol;
  }
  return nullptr;
}

void FakeFirmware::advance_ns(std::int64_t span) {
  now_ns += span;
  run_timers();
}

void FakeFirmware::run_timers() {
  for (FakeEvent& event : events_) {
    if (event.due_ns < 0 || event.due_ns > now_ns) continue;
    event.due_ns = event.period_ns != 0 ? now_ns + event.period_ns : -1;
    event.signaled = true;
    if ((event.type & EVT_NOTIFY_SIGNAL) != 0) pending_.push_back(&event);
  }
  for (;;) {
    const auto ready = std::find_if(pending_.begin(), pending_.end(),
                                    [&](FakeEvent* e) { return e->level > tpl; });
    if (ready == pending_.end()) return;
    FakeEvent* event = *ready;
    pending_.erase(ready);
    signal(*event);
  }
}

void FakeFirmware::signal(FakeEvent& event) {
  const EFI_TPL before = std::exchange(tpl, event.level);
  event.notify(&event, event.context);
  tpl = before;
}

void FakeFirmware::signal_type(UINT32 type) {
  std::vector<FakeEvent*> chosen;
  for (FakeEvent& event : events_) {
    if (event.type == type) chosen.push_back(&event);
  }
  for (FakeEvent* event : chosen) signal(*event);
}

void FakeFirmware::add_configuration_table(const EFI_GUID& guid, void* data) {
  configuration_.push_back({guid, data});
  table_.ConfigurationTable = configuration_.data();
  table_.NumberOfTableEntries = configuration_.size();
}

}  // namespace kedge::fake
