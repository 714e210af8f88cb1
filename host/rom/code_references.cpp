// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/code_references.h"

#include <array>

namespace kedge::host {
namespace {

// x86_64: `lea r64, [rip + disp32]` (REX.W 8D /r).
unsigned count_lea(ByteView code, std::uint32_t code_address, std::uint32_t target) {
  constexpr std::size_t kInstructionBytes = 7;
  unsigned count = 0;
  for (std::size_t i = 0; i + kInstructionBytes <= code.size(); ++i) {
    const unsigned rex = std::to_integer<unsigned>(code[i]) & 0xfbU;
    const unsigned operation = std::to_integer<unsigned>(code[i + 1]);
    const unsigned mod_rm = std::to_integer<unsigned>(code[i + 2]) & 0xc7U;
    if (rex != 0x48 || operation != 0x8d || mod_rm != 0x05) continue;
    ByteReader reader(code.subspan(i + 3, 4));
    const auto next = static_cast<std::uint32_t>(code_address + i + kInstructionBytes);
    count += next + reader.le32() == target ? 1 : 0;
  }
  return count;
}

// aarch64 (Arm ARM, C4.1): addresses come from ADR, or from ADRP with the rest in an ADD or in a
// load's offset, and compilers reach neighbours of one object from the same register. So the values
// of registers that are addresses of the image are kept, as if the code ran straight on.
class AddressTracker {
 public:
  explicit AddressTracker(std::uint64_t target) : target_(target) {}

  void step(std::uint64_t address, std::uint32_t instruction) {
    instruction_ = instruction;
    if (is(0x9f000000, 0x90000000)) {  // ADRP
      set(rd(), (address & ~std::uint64_t{0xfff}) + (adr_offset() << 12));
    } else if (is(0x9f000000, 0x10000000)) {  // ADR
      make(rd(), address + adr_offset());
    } else if (is(0xff800000, 0x91000000)) {  // ADD (immediate)
      const unsigned shift = bit(22) ? 12 : 0;
      make(rd(), moved(rn(), std::uint64_t{field(10, 12)} << shift));
    } else if (is(0xffe0ffe0, 0xaa0003e0)) {  // MOV (register)
      set(rd(), value(field(16, 5)));
    } else if (is(0x3b000000, 0x18000000)) {  // LDR (literal)
      use(address + (signed_field(5, 19) << 2));
      loaded(rd());
    } else if (is(0x3b000000, 0x39000000)) {  // load or store, unsigned offset
      use(moved(rn(), std::uint64_t{field(10, 12)} << access_shift()));
      if (is_single_load()) loaded(rd());
    } else if (is(0x3b200000, 0x38000000)) {  // load or store: 9 bits of offset, or indexed
      const bool indexed = bit(10);
      if (!indexed) use(moved(rn(), signed_field(12, 9)));
      if (indexed) forget(rn());
      if (is_single_load()) loaded(rd());
    } else if (is(0x3a000000, 0x28000000)) {  // pair
      const unsigned shift = bit(26) ? 2 + field(30, 2) : 2 + (field(30, 2) >> 1);
      if (!bit(23)) {
        use(moved(rn(), signed_field(15, 7) << shift));
      } else {
        forget(rn());
      }
      if (bit(22)) {
        loaded(rd());
        loaded(field(10, 5));
      }
    } else if (is(0xfc000000, 0x94000000) || is(0xfffffc1f, 0xd63f0000)) {  // BL, BLR
      for (unsigned i = 0; i <= kCallClobbersLast; ++i) forget(i);
    } else if (is(0xffffffff, 0xd65f03c0)) {  // RET
      known_ = {};
    } else if (!is(0x1c000000, 0x14000000)) {  // anything but branches and system instructions
      forget(rd());
    }
  }
  unsigned count() const { return count_; }

 private:
  using Value = std::optional<std::uint64_t>;
  static constexpr unsigned kCallClobbersLast = 18;  // AAPCS64, 6.1.1

  bool is(std::uint32_t mask, std::uint32_t bits) const { return (instruction_ & mask) == bits; }
  bool bit(unsigned at) const { return (instruction_ >> at & 1) != 0; }
  std::uint32_t field(unsigned at, unsigned bits) const {
    return instruction_ >> at & ((1U << bits) - 1);
  }
  std::uint64_t signed_field(unsigned at, unsigned bits) const {
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    return (std::uint64_t{field(at, bits)} ^ sign) - sign;
  }
  unsigned rd() const { return field(0, 5); }
  unsigned rn() const { return field(5, 5); }
  std::uint64_t adr_offset() const { return (signed_field(5, 19) << 2) + field(29, 2); }
  // Vector registers have sixteen bytes where the size says one and the operation's upper bit is
  // set.
  unsigned access_shift() const { return bit(26) && bit(23) ? 4 : field(30, 2); }
  bool is_single_load() const { return bit(26) ? bit(22) : field(22, 2) != 0; }

  Value value(unsigned index) const { return index < known_.size() ? known_[index] : Value(); }
  Value moved(unsigned index, std::uint64_t distance) const {
    const Value base = value(index);
    return base ? Value(*base + distance) : Value();
  }
  void set(unsigned index, Value value) {
    if (index < known_.size()) known_[index] = value;
  }
  void forget(unsigned index) { set(index, std::nullopt); }
  void loaded(unsigned index) {
    if (!bit(26)) forget(index);  // else it is a vector register
  }
  void use(Value address) { count_ += address == target_ ? 1 : 0; }
  void make(unsigned index, Value address) {
    use(address);
    set(index, address);
  }

  std::uint64_t target_;
  std::uint32_t instruction_ = 0;
  std::array<Value, 31> known_{};  // the number 31 is the stack pointer or zero
  unsigned count_ = 0;
};

unsigned count_aarch64(ByteView code, std::uint32_t code_address, std::uint32_t target) {
  AddressTracker tracker(target);
  ByteReader reader(code);
  while (reader.remaining() >= 4) {
    const std::uint64_t address = std::uint64_t{code_address} + reader.offset();
    tracker.step(address, reader.le32());
  }
  return tracker.count();
}

}  // namespace

std::optional<unsigned> count_references(image::Machine machine, ByteView code,
                                         std::uint32_t code_address, std::uint32_t target) {
  if (machine == image::Machine::x86_64) return count_lea(code, code_address, target);
  if (machine == image::Machine::aarch64) return count_aarch64(code, code_address, target);
  return std::nullopt;
}

}  // namespace kedge::host
