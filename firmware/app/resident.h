// SPDX-License-Identifier: BSD-2-Clause-Patent
// A driver image's entry point: a driver binding that stays in memory until the image is unloaded.
#pragma once

#include <new>
#include <type_traits>

#include "app/native_drivers.h"
#include "kedge_config.h"
#include "uefi/driver_binding.h"
#include "uefi/rng_producer.h"
#include "uefi/rt/runtime.h"
#include "uefi/undi.h"

namespace kedge::app {

/// No policy: each NIC is for the firmware's network stack.
struct DriverOnly {
  explicit DriverOnly(const uefi::Firmware&) noexcept {}
  static constexpr uefi::NicPolicy* policy() noexcept { return nullptr; }
};

/// Where it is not part of the configuration, so that nothing of it is linked.
struct NoRng {
  explicit NoRng(const uefi::Firmware&) noexcept {}
  void heal() noexcept {}
  static constexpr bool remove() noexcept { return true; }
};
using Rng = std::conditional_t<config::kHealRng, uefi::RngProducer, NoRng>;

/// What lives as long as the image does. One image has one Policy, so this is no template in
/// practice.
template <class Policy>
struct Resident {
  uefi::Firmware firmware;
  Policy policy;
  uefi::NicDriverBinding binding;
  Rng rng;

  static inline Resident* instance = nullptr;

  Resident(EFI_HANDLE image, EFI_SYSTEM_TABLE* table) noexcept
      : firmware(image, table),
        policy(firmware),
        binding(firmware, native_drivers(), policy.policy(),
                config::kUndi ? &uefi::Undi::create : nullptr),
        rng(firmware) {}

  static EFI_STATUS unload(EFI_HANDLE) noexcept {
    const EFI_STATUS status = instance->binding.unload();
    if (EFI_ERROR(status)) return status;
    // Somebody holds on to it: the image stays in memory, until it is unloaded again.
    if (!instance->rng.remove()) return EFI_DEVICE_ERROR;
    delete instance;
    instance = nullptr;
    kedge_runtime_end();
    return EFI_SUCCESS;
  }

  static EFI_STATUS install(void* image, void* table) noexcept {
    instance = new (std::nothrow)
        Resident(static_cast<EFI_HANDLE>(image), static_cast<EFI_SYSTEM_TABLE*>(table));
    if (instance == nullptr) return EFI_OUT_OF_RESOURCES;
    const uefi::Firmware& firmware = instance->firmware;
    auto* loaded = uefi::peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image());
    if (loaded == nullptr) return EFI_LOAD_ERROR;
    const Result<void> installed = instance->binding.install();
    if (!installed.ok()) return uefi::to_status(installed.error());
    loaded->Unload = uefi::firmware_entry<&unload>;
    instance->rng.heal();
    return EFI_SUCCESS;
  }
};

}  // namespace kedge::app
