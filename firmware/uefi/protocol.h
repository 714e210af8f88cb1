// SPDX-License-Identifier: BSD-2-Clause-Patent
// The four ways to open a protocol, as four types (docs/architecture.md, "UEFI").
//
// | way    | for                                           | recorded as                          |
// | peek   | a look; the pointer is good until we yield    | nothing remains                      |
// | Driven | the device is ours; others are kept off       | BY_DRIVER, agent us, controller it   |
// | Child  | our child handle uses its parent              | BY_CHILD_CONTROLLER, controller child|
// | Pinned | a pointer that we keep without owning; unsafe | GET_PROTOCOL, controller our image   |
//
// The firmware closes every record of the same agent and controller at once (UEFI 2.10, 7.3
// CloseProtocol), so each way has a controller of its own and closes exactly what it opened.
#pragma once

#include <utility>
#include <vector>

#include "uefi/firmware.h"
#include "uefi/status.h"

namespace kedge::uefi {

namespace detail {

/// One record in the firmware's database of opened protocols.
class Opening {
 public:
  Opening() noexcept = default;
  Opening(Opening&& other) noexcept { swap(other); }
  Opening& operator=(Opening&& other) noexcept {
    Opening taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Opening() { close(); }

  static Result<Opening> open(const Firmware& firmware, Handle handle, const EFI_GUID& protocol,
                              Handle controller, std::uint32_t attributes) noexcept;
  void close() noexcept;
  void* interface() const noexcept { return interface_; }
  Handle handle() const noexcept { return handle_; }

 private:
  void swap(Opening& other) noexcept {
    std::swap(firmware_, other.firmware_);
    std::swap(handle_, other.handle_);
    std::swap(controller_, other.controller_);
    std::swap(protocol_, other.protocol_);
    std::swap(interface_, other.interface_);
  }

  const Firmware* firmware_ = nullptr;
  Handle handle_;
  Handle controller_;
  const EFI_GUID* protocol_ = nullptr;
  void* interface_ = nullptr;
};

/// What Driven, Child and Pinned have in common.
template <class P>
class Opened {
 public:
  P* operator->() const noexcept { return get(); }
  P& operator*() const noexcept { return *get(); }
  P* get() const noexcept { return static_cast<P*>(opening_.interface()); }
  Handle handle() const noexcept { return opening_.handle(); }
  explicit operator bool() const noexcept { return get() != nullptr; }
  void close() noexcept { opening_.close(); }

 protected:
  Opened() noexcept = default;
  explicit Opened(Opening opening) noexcept : opening_(std::move(opening)) {}

 private:
  Opening opening_;
};

void* peek(const Firmware& firmware, Handle handle, const EFI_GUID& protocol) noexcept;

}  // namespace detail

/// A look at a protocol: nullptr when it is not there. Do not keep the pointer.
template <class P>
P* peek(const Firmware& firmware, Handle handle) noexcept {
  return static_cast<P*>(detail::peek(firmware, handle, kGuid<P>));
}

enum class Evict : bool { no, yes };

/// Owns a device as its driver.
template <class P>
class Driven : public detail::Opened<P> {
 public:
  Driven() noexcept = default;
  /// With Evict::yes the firmware first disconnects drivers that hold the protocol.
  /// Errors: uefi_open_failed, uefi_protocol_missing.
  static Result<Driven> open(const Firmware& firmware, Handle handle, Evict evict) noexcept {
    const std::uint32_t attributes =
        EFI_OPEN_PROTOCOL_BY_DRIVER | (evict == Evict::yes ? EFI_OPEN_PROTOCOL_EXCLUSIVE : 0U);
    KEDGE_TRY(auto opening, detail::Opening::open(firmware, handle, kGuid<P>, handle, attributes));
    return Driven(std::move(opening));
  }

 private:
  explicit Driven(detail::Opening opening) noexcept : detail::Opened<P>(std::move(opening)) {}
};

/// Records that `child`, a handle of ours, uses the protocol on its parent.
template <class P>
class Child : public detail::Opened<P> {
 public:
  Child() noexcept = default;
  static Result<Child> open(const Firmware& firmware, Handle parent, Handle child) noexcept {
    KEDGE_TRY(auto opening, detail::Opening::open(firmware, parent, kGuid<P>, child,
                                                  EFI_OPEN_PROTOCOL_BY_CHILD_CONTROLLER));
    return Child(std::move(opening));
  }

 private:
  explicit Child(detail::Opening opening) noexcept : detail::Opened<P>(std::move(opening)) {}
};

/// Keeps a pointer that the firmware may take away: each use says in a comment why it does not.
template <class P>
class Pinned : public detail::Opened<P> {
 public:
  Pinned() noexcept = default;
  static Result<Pinned> open(const Firmware& firmware, Handle handle) noexcept {
    KEDGE_TRY(auto opening, detail::Opening::open(firmware, handle, kGuid<P>, firmware.image(),
                                                  EFI_OPEN_PROTOCOL_GET_PROTOCOL));
    return Pinned(std::move(opening));
  }

 private:
  explicit Pinned(detail::Opening opening) noexcept : detail::Opened<P>(std::move(opening)) {}
};

/// Protocols that we installed on one handle; uninstalled in reverse order.
class Installation {
 public:
  explicit Installation(const Firmware& firmware) noexcept : firmware_(&firmware) {}
  /// Installs on an existing handle.
  Installation(const Firmware& firmware, Handle handle) noexcept
      : firmware_(&firmware), handle_(handle) {}
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  ~Installation() { (void)remove(); }

  /// The first protocol creates the handle. Errors: uefi_install_failed.
  Result<void> install(const EFI_GUID& protocol, void* interface) noexcept;
  template <class P>
  Result<void> install(P* interface) noexcept {
    return install(kGuid<P>, interface);
  }
  /// Takes everything back. False when the firmware refused some: their interfaces must stay alive
  /// until a later call has success.
  bool remove() noexcept;
  Handle handle() const noexcept { return handle_; }

 private:
  struct Entry {
    const EFI_GUID* protocol;
    void* interface;
  };
  const Firmware* firmware_;
  Handle handle_;
  std::vector<Entry> entries_;
};

}  // namespace kedge::uefi
