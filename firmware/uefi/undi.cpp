// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/undi.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace kedge::uefi {
namespace {

constexpr UINT32 kFrameBytes = 1514;  // IEEE 802.3, without FCS
constexpr std::uint16_t kConfigBytes = 256;

constexpr UINT32 kImplementation =
    PXE_ROMID_IMP_SW_VIRT_ADDR | PXE_ROMID_IMP_64BIT_DEVICE | PXE_ROMID_IMP_STATISTICS_SUPPORTED |
    PXE_ROMID_IMP_PROMISCUOUS_MULTICAST_RX_SUPPORTED | PXE_ROMID_IMP_PROMISCUOUS_RX_SUPPORTED |
    PXE_ROMID_IMP_BROADCAST_RX_SUPPORTED | PXE_ROMID_IMP_FILTERED_MULTICAST_RX_SUPPORTED;

constexpr PXE_SW_UNDI kStructure = {
    .Signature = PXE_ROMID_SIGNATURE,
    .Len = sizeof(PXE_SW_UNDI),
    .Rev = PXE_ROMID_REV,
    .MajorVer = PXE_ROMID_MAJORVER,
    .MinorVer = PXE_ROMID_MINORVER,
    .Implementation = kImplementation,
    .BusCnt = 1,
    .BusType = {PXE_BUSTYPE_PCI},
};
constexpr EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL kIdentifier = {
    .Revision = EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL_REVISION,
    .StringId = {'U', 'N', 'D', 'I'},
    .Type = EfiNetworkInterfaceUndi,
    .MajorVer = PXE_ROMID_MAJORVER,
    .MinorVer = PXE_ROMID_MINORVER,
    .Ipv6Supported = TRUE,
};

/// How a command's CDB must be (the tables "Issuing the Command" of E.4).
struct Shape {
  UINT16 cpb_bytes;
  UINT16 db_bytes;
  UINT16 flags;
  bool optional = false;  // CPB and DB may be absent
};
constexpr UINT16 kOwnSize = 0xffff;  // the command looks at it itself
constexpr Shape kShapes[PXE_OPCODE_LAST_VALID + 1] = {
    {0, 0, 0},                                               // Get State
    {sizeof(PXE_CPB_START_31), 0, 0},                        // Start
    {0, 0, 0},                                               // Stop
    {0, sizeof(PXE_DB_GET_INIT_INFO), 0},                    // Get Init Info
    {0, sizeof(PXE_DB_GET_CONFIG_INFO), 0},                  // Get Config Info
    {sizeof(PXE_CPB_INITIALIZE), sizeof(PXE_DB_INITIALIZE),  // Initialize
     PXE_OPFLAGS_INITIALIZE_CABLE_DETECT_MASK},              //
    {0, 0,                                                   // Reset
     PXE_OPFLAGS_RESET_DISABLE_INTERRUPTS | PXE_OPFLAGS_RESET_DISABLE_FILTERS},
    {0, 0, 0},                                                           // Shutdown
    {0, 0, 0xc00f},                                                      // Interrupt Enables
    {kOwnSize, kOwnSize, 0xe01f},                                        // Receive Filters
    {sizeof(PXE_CPB_STATION_ADDRESS), sizeof(PXE_DB_STATION_ADDRESS),    // Station Address
     PXE_OPFLAGS_STATION_ADDRESS_RESET, true},                           //
    {0, sizeof(PXE_DB_STATISTICS), PXE_OPFLAGS_STATISTICS_RESET, true},  // Statistics
    {sizeof(PXE_CPB_MCAST_IP_TO_MAC), sizeof(PXE_DB_MCAST_IP_TO_MAC),    // MCast IP To MAC
     PXE_OPFLAGS_MCAST_IPV6_TO_MAC},                                     //
    {kOwnSize, kOwnSize, PXE_OPFLAGS_NVDATA_OPMASK},                     // NvData
    {0, kOwnSize, 7},                                                    // Get Status
    {sizeof(PXE_CPB_FILL_HEADER), 0, PXE_OPFLAGS_FILL_HEADER_OPMASK},    // Fill Header
    {sizeof(PXE_CPB_TRANSMIT), 0, PXE_OPFLAGS_SWUNDI_TRANSMIT_OPMASK},   // Transmit
    {sizeof(PXE_CPB_RECEIVE), sizeof(PXE_DB_RECEIVE), 0},                // Receive
};

bool fits(UINT16 size, UINT64 address, UINT16 wanted, bool is_optional) noexcept {
  if ((size == 0) != (address == 0)) return false;
  return wanted == kOwnSize || size == wanted || (is_optional && size == 0);
}

bool is_well_formed(const PXE_CDB& cdb) noexcept {
  if (cdb.OpCode > PXE_OPCODE_LAST_VALID) return false;
  const Shape& shape = kShapes[cdb.OpCode];
  // The only command with two forms.
  const bool has_pieces =
      cdb.OpCode == PXE_OPCODE_FILL_HEADER && cdb.OpFlags == PXE_OPFLAGS_FILL_HEADER_FRAGMENTED;
  const UINT16 cpb_bytes =
      has_pieces ? UINT16{sizeof(PXE_CPB_FILL_HEADER_FRAGMENTED)} : shape.cpb_bytes;
  return cdb.StatCode == PXE_STATCODE_INITIALIZE && cdb.StatFlags == PXE_STATFLAGS_INITIALIZE &&
         cdb.Control == PXE_CONTROL_LAST_CDB_IN_LIST && (cdb.OpFlags & ~shape.flags) == 0 &&
         fits(cdb.CPBsize, cdb.CPBaddr, cpb_bytes, shape.optional) &&
         fits(cdb.DBsize, cdb.DBaddr, shape.db_bytes, shape.optional);
}

}  // namespace

std::unique_ptr<NicIdentifier> Undi::create(SnpProducer& snp, PciFunction& function) noexcept {
  auto* const slot = std::find(interfaces_.begin(), interfaces_.end(), nullptr);
  if (slot == interfaces_.end()) return nullptr;
  *slot =
      new (std::nothrow) Undi(snp, function, static_cast<std::size_t>(slot - interfaces_.begin()));
  return std::unique_ptr<NicIdentifier>(*slot);
}

Undi::Undi(SnpProducer& snp, PciFunction& function, std::size_t number) noexcept
    : snp_(snp), function_(function), identifier_(kIdentifier), structure_(kStructure) {
  structure_.IFcnt = static_cast<UINT8>(number);  // the highest number that is valid
  structure_.EntryPoint = reinterpret_cast<std::uintptr_t>(firmware_entry<&issue>);
  UINT8 sum = 0;
  for (const std::byte octet : std::as_bytes(std::span(&structure_, 1))) {
    sum = static_cast<UINT8>(sum + std::to_integer<UINT8>(octet));
  }
  structure_.Fudge = static_cast<UINT8>(-sum);
  identifier_.Id = reinterpret_cast<std::uintptr_t>(&structure_);
  identifier_.IfNum = static_cast<UINT16>(number);
}

Undi::~Undi() {
  interfaces_[identifier_.IfNum] = nullptr;
}

EFI_STATUS Undi::issue(UINT64 address) noexcept {
  if (address == 0) return EFI_INVALID_PARAMETER;
  auto* const bytes = reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(address));
  Command command;
  std::memcpy(&command.cdb, bytes, sizeof(command.cdb));
  PXE_CDB& cdb = command.cdb;
  Undi* undi = cdb.IFnum < kInterfacesMax ? interfaces_[cdb.IFnum] : nullptr;
  const bool is_ours = undi != nullptr && is_well_formed(cdb);
  cdb.StatCode = is_ours ? undi->execute(command) : Code{PXE_STATCODE_INVALID_CDB};
  cdb.StatFlags = PXE_STATFLAGS_COMMAND_FAILED;
  if (cdb.StatCode == PXE_STATCODE_SUCCESS) {
    cdb.StatFlags = static_cast<UINT16>(PXE_STATFLAGS_COMMAND_COMPLETE | command.flags);
  }
  // The rest stays the caller's.
  constexpr std::size_t kAnswer = offsetof(PXE_CDB, StatCode);
  std::memcpy(bytes + kAnswer, reinterpret_cast<const std::byte*>(&cdb) + kAnswer,
              sizeof(cdb.StatCode) + sizeof(cdb.StatFlags));
  return EFI_SUCCESS;
}

Undi::Code Undi::execute(Command& command) noexcept {
  if (snp_.retired()) return PXE_STATCODE_DEVICE_FAILURE;
  const TplGuard guard(snp_.firmware(), snp_.rules().level);
  const Code code = check_state(command.cdb.OpCode);
  return code == PXE_STATCODE_SUCCESS ? run(command) : code;
}

Undi::Code Undi::check_state(PXE_OPCODE operation) const noexcept {
  const UINT32 state = snp_.mode().State;
  if (operation == PXE_OPCODE_GET_STATE) return PXE_STATCODE_SUCCESS;
  if (operation == PXE_OPCODE_START) {
    return state == EfiSimpleNetworkStopped ? PXE_STATCODE_SUCCESS : PXE_STATCODE_ALREADY_STARTED;
  }
  if (state == EfiSimpleNetworkStopped) return PXE_STATCODE_NOT_STARTED;
  if (state == EfiSimpleNetworkInitialized) {
    if (operation == PXE_OPCODE_STOP) return PXE_STATCODE_NOT_SHUTDOWN;
    if (operation == PXE_OPCODE_INITIALIZE) return PXE_STATCODE_ALREADY_INITIALIZED;
  } else if (operation > PXE_OPCODE_INITIALIZE) {
    return PXE_STATCODE_NOT_INITIALIZED;
  }
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::to_code(EFI_STATUS status) noexcept {
  switch (status) {
    case EFI_SUCCESS:
      return PXE_STATCODE_SUCCESS;
    case EFI_OUT_OF_RESOURCES:
      return PXE_STATCODE_NOT_ENOUGH_MEMORY;
    case EFI_NOT_READY:
      return PXE_STATCODE_BUFFER_FULL;
    case EFI_UNSUPPORTED:
      return PXE_STATCODE_UNSUPPORTED;
    case EFI_INVALID_PARAMETER:
    case EFI_BUFFER_TOO_SMALL:
      return PXE_STATCODE_INVALID_CPB;
    default:
      return PXE_STATCODE_DEVICE_FAILURE;
  }
}

Undi::Code Undi::run(Command& command) noexcept {
  switch (command.cdb.OpCode) {
    case PXE_OPCODE_GET_STATE:
      static_assert(EfiSimpleNetworkStarted == PXE_STATFLAGS_GET_STATE_STARTED &&
                    EfiSimpleNetworkInitialized == PXE_STATFLAGS_GET_STATE_INITIALIZED);
      command.flags = static_cast<PXE_STATFLAGS>(snp_.mode().State);
      return PXE_STATCODE_SUCCESS;
    case PXE_OPCODE_START:
      return start(command);
    case PXE_OPCODE_STOP:
      return to_code(snp_.stop());
    case PXE_OPCODE_GET_INIT_INFO:
      return get_init_info(command);
    case PXE_OPCODE_GET_CONFIG_INFO:
      return get_config_info(command);
    case PXE_OPCODE_INITIALIZE:
      return initialize(command);
    case PXE_OPCODE_RESET:
      return reset(command);
    case PXE_OPCODE_SHUTDOWN:
      return to_code(snp_.shutdown());
    case PXE_OPCODE_INTERRUPT_ENABLES:
      return interrupt_enables(command);
    case PXE_OPCODE_RECEIVE_FILTERS:
      return receive_filters(command);
    case PXE_OPCODE_STATION_ADDRESS:
      return station_address(command);
    case PXE_OPCODE_STATISTICS:
      return statistics(command);
    case PXE_OPCODE_MCAST_IP_TO_MAC:
      return multicast_ip_to_mac(command);
    case PXE_OPCODE_GET_STATUS:
      return get_status(command);
    case PXE_OPCODE_FILL_HEADER:
      return fill_header(command);
    case PXE_OPCODE_TRANSMIT:
      return transmit(command);
    case PXE_OPCODE_RECEIVE:
      return receive(command);
    default:  // NvData: there is none
      return PXE_STATCODE_UNSUPPORTED;
  }
}

Undi::Code Undi::start(const Command& command) noexcept {
  const auto cpb = command.cpb<PXE_CPB_START_31>();
  if (cpb.Delay == 0 || cpb.Block == 0 || cpb.Mem_IO == 0) return PXE_STATCODE_INVALID_CPB;
  return to_code(snp_.start());
}

Undi::Code Undi::get_init_info(Command& command) const noexcept {
  const EFI_SIMPLE_NETWORK_MODE& mode = snp_.mode();
  PXE_DB_GET_INIT_INFO info{};  // no memory of the caller's, no speed or duplex to choose
  info.FrameDataLen = mode.MaxPacketSize;
  info.MediaHeaderLen = static_cast<UINT16>(mode.MediaHeaderSize);
  info.HWaddrLen = static_cast<UINT16>(mode.HwAddressSize);
  info.MCastFilterCnt = static_cast<UINT16>(mode.MaxMCastFilterCount);
  info.TxBufCnt = SnpProducer::kSentMax;
  info.TxBufSize = kFrameBytes;
  info.IFtype = mode.IfType;
  command.give(info);
  command.flags =
      PXE_STATFLAGS_CABLE_DETECT_SUPPORTED | PXE_STATFLAGS_GET_STATUS_NO_MEDIA_SUPPORTED;
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::get_config_info(const Command& command) noexcept {
  constexpr std::uint16_t kConfigAt = offsetof(PXE_PCI_CONFIG_INFO, Config);
  PXE_PCI_CONFIG_INFO info{};
  info.BusType = PXE_BUSTYPE_PCI;
  if (const auto pci = look_at_pci(snp_.firmware(), function_.handle())) {
    info.Bus = pci->bus;
    info.Device = pci->device;
    info.Function = pci->function;
  }
  std::memcpy(command.db(), &info, kConfigAt);
  for (std::uint16_t offset = 0; offset < kConfigBytes; offset += sizeof(UINT32)) {
    const UINT32 word = function_.config_read32(offset);
    std::memcpy(command.db() + kConfigAt + offset, &word, sizeof(word));
  }
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::initialize(Command& command) noexcept {
  const auto cpb = command.cpb<PXE_CPB_INITIALIZE>();
  // Nothing of that was offered. Memory, and sizes of buffers, are wishes.
  if (cpb.LinkSpeed != 0 || cpb.DuplexMode != 0 || cpb.LoopBackMode != 0) {
    return PXE_STATCODE_INVALID_CPB;
  }
  const Code code = to_code(snp_.initialize(0, 0));
  if (code != PXE_STATCODE_SUCCESS) return code;
  PXE_DB_INITIALIZE used{};
  used.TxBufCnt = SnpProducer::kSentMax;
  used.TxBufSize = kFrameBytes;
  command.give(used);
  if (command.has(PXE_OPFLAGS_INITIALIZE_DO_NOT_DETECT_CABLE)) return code;
  if (!await_link()) command.flags = PXE_STATFLAGS_INITIALIZED_NO_MEDIA;
  return code;
}

/// Whoever sits on UNDI has no Adapter Information to wait with, and believes the first answer.
bool Undi::await_link() noexcept {
  constexpr std::uint32_t kLookUs = 50'000;
  constexpr auto kLooks =
      static_cast<std::uint32_t>(SnpProducer::kNegotiation.count_us() / kLookUs);
  Result<EFI_STATUS> media = snp_.media_state();
  for (std::uint32_t i = 0; i < kLooks && media.ok() && *media == EFI_NOT_READY; ++i) {
    snp_.firmware().stall_us(kLookUs);
    media = snp_.media_state();
  }
  return media.ok() && *media == EFI_SUCCESS;
}

Undi::Code Undi::reset(Command& command) noexcept {
  const Code code = to_code(snp_.reset(FALSE));
  if (code != PXE_STATCODE_SUCCESS) return code;
  if (command.has(PXE_OPFLAGS_RESET_DISABLE_FILTERS)) snp_.clear_filters();
  if (snp_.mode().MediaPresent == FALSE) command.flags = PXE_STATFLAGS_RESET_NO_MEDIA;
  return code;
}

}  // namespace kedge::uefi
