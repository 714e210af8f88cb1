// SPDX-License-Identifier: BSD-2-Clause-Patent
// Undi: a software UNDI 3.1 (UEFI 2.10, appendix E) of a NIC of ours, and the protocol that leads
// to it. It is another face of the NIC's SnpProducer: one state, one set of filters, queues and
// statistics. What Simple Network's user has started, UNDI's finds started, and the other way
// round; a second one that goes by Start's answer keeps off.
//
// Commands run at once and to their end: there is no queue, no list of commands, no interrupt. The
// functions of Start's CPB are not called: the device is driven by PciIo, which does all the
// mapping, delays are the firmware's, and frames are copied.
#pragma once

#include "uefi/nic_identifier.h"
#include "uefi/pci_io.h"
#include "uefi/snp_producer.h"

namespace kedge::uefi {

class Undi final : public NicIdentifier {
 public:
  /// NICs of one image. Their common entry point finds them by their numbers.
  static constexpr std::size_t kInterfacesMax = 32;

  /// nullptr without memory, or when all numbers are taken.
  static std::unique_ptr<NicIdentifier> create(SnpProducer& snp, PciFunction& function) noexcept;
  ~Undi() override;
  Undi(const Undi&) = delete;
  Undi& operator=(const Undi&) = delete;

  EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL* raw() noexcept override { return &identifier_; }
  /// The entry point: executes the CDB at this address, for the
  /// firmware through firmware_entry. Callers do not look at what it returns.
  static EFI_STATUS issue(UINT64 address) noexcept;

 private:
  /// A CDB, whose CPB and DB are the caller's: they may be anywhere.
  struct Command {
    PXE_CDB cdb;
    PXE_STATFLAGS flags = 0;  // to return with success

    bool has(PXE_OPFLAGS flag) const noexcept { return (cdb.OpFlags & flag) != 0; }
    std::byte* db() const noexcept;
    template <class T>
    T cpb() const noexcept;
    template <class T>
    void give(const T& value) const noexcept;
  };
  using Code = PXE_STATCODE;

  Undi(SnpProducer& snp, PciFunction& function, std::size_t number) noexcept;

  Code execute(Command& command) noexcept;
  /// SUCCESS when the state is the one that the command wants.
  Code check_state(PXE_OPCODE operation) const noexcept;
  Code run(Command& command) noexcept;

  // undi.cpp
  Code start(const Command& command) noexcept;
  Code get_init_info(Command& command) const noexcept;
  Code get_config_info(const Command& command) noexcept;
  Code initialize(Command& command) noexcept;
  bool await_link() noexcept;
  Code reset(Command& command) noexcept;
  // undi_network.cpp
  static Code interrupt_enables(const Command& command) noexcept;
  Code receive_filters(Command& command) noexcept;
  Code station_address(const Command& command) noexcept;
  Code statistics(const Command& command) noexcept;
  Code multicast_ip_to_mac(const Command& command) noexcept;
  Code get_status(Command& command) noexcept;
  Code fill_header(const Command& command) noexcept;
  Code transmit(const Command& command) noexcept;
  Code receive(const Command& command) noexcept;
  PXE_FRAME_TYPE frame_type(const std::byte* frame) const noexcept;

  /// How to say in UNDI's words what the shared function answers.
  static Code to_code(EFI_STATUS status) noexcept;

  static constinit inline std::array<Undi*, kInterfacesMax> interfaces_{};

  SnpProducer& snp_;
  PciFunction& function_;
  EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL identifier_;
  alignas(16) PXE_SW_UNDI structure_;  // "!PXE"; E.2 wants a paragraph
};

inline std::byte* Undi::Command::db() const noexcept {
  return reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(cdb.DBaddr));
}

template <class T>
T Undi::Command::cpb() const noexcept {
  T value;
  __builtin_memcpy(&value, reinterpret_cast<const void*>(static_cast<std::uintptr_t>(cdb.CPBaddr)),
                   sizeof(T));
  return value;
}

template <class T>
void Undi::Command::give(const T& value) const noexcept {
  if (cdb.DBsize != 0) __builtin_memcpy(db(), &value, sizeof(T));
}

}  // namespace kedge::uefi
