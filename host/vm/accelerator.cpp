// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/accelerator.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

constexpr std::size_t kX86RomBytes = 65536;
constexpr std::size_t kX86CodeOffset = 0xf000;
constexpr std::size_t kX86ResetOffset = 0xfff0;
// isa-debug-exit ends QEMU with (value << 1) | 1.
constexpr int kX86ProofExitCode = (0x2a << 1) | 1;
constexpr Duration kProbeTimeout = std::chrono::seconds(5);

// What every firmware does first: real mode, protected mode, the FPU, SSE. Linked at 0xfffff000.
constexpr std::array<std::uint8_t, 104> kX86Code = {
    0xfa,                                            // cli
    0xfc,                                            // cld
    0x2e, 0x66, 0x0f, 0x01, 0x16, 0x60, 0xf0,        // lgdtl %cs:gdtr
    0x0f, 0x20, 0xc0,                                // movl %cr0, %eax
    0x0c, 0x01,                                      // orb $1, %al
    0x0f, 0x22, 0xc0,                                // movl %eax, %cr0
    0x66, 0xea, 0x19, 0xf0, 0xff, 0xff, 0x08, 0x00,  // ljmpl $8, $protected
    0xb8, 0x10, 0x00, 0x00, 0x00,                    // protected: movl $0x10, %eax
    0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0,              // movl %eax, %ds, %es, %ss
    0xdb, 0xe3,                                      // fninit
    0xd9, 0x2d, 0x66, 0xf0, 0xff, 0xff,              // fldcw control_word
    0x0f, 0x20, 0xe0,                                // movl %cr4, %eax
    0x0d, 0x00, 0x02, 0x00, 0x00,                    // orl $0x200 (OSFXSR), %eax
    0x0f, 0x22, 0xe0,                                // movl %eax, %cr4
    0x0f, 0x28, 0xc8,                                // movaps %xmm0, %xmm1
    0xb0, 0x2a,                                      // movb $0x2a, %al
    0x66, 0xba, 0x01, 0x05,                          // movw $0x501, %dx
    0xee,                                            // outb %al, %dx
    0xeb, 0xfe,                                      // jmp .
    0x90, 0x90, 0x90, 0x90, 0x90,                    // (align)
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // descriptor table: null,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x9b, 0xcf, 0x00,  // flat code,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x93, 0xcf, 0x00,  // flat data
    0x17, 0x00, 0x48, 0xf0, 0xff, 0xff,              // gdtr
    0x7f, 0x03,                                      // control_word
};

// PSCI SYSTEM_OFF (Arm DEN 0022, 5.1.9) ends QEMU with exit code 0.
constexpr std::array<std::uint8_t, 16> kArmCode = {
    0x00, 0x01, 0x80, 0x52,  // mov w0, #8
    0x00, 0x80, 0xb0, 0x72,  // movk w0, #0x8400, lsl #16
    0x02, 0x00, 0x00, 0xd4,  // hvc #0
    0x00, 0x00, 0x00, 0x14,  // b .
};

std::string x86_rom() {
  std::string rom(kX86RomBytes, '\xff');
  std::ranges::copy(kX86Code, rom.begin() + kX86CodeOffset);
  constexpr auto kDisplacement = static_cast<std::uint16_t>(kX86CodeOffset - (kX86ResetOffset + 3));
  rom[kX86ResetOffset] = '\xe9';  // jmp near
  rom[kX86ResetOffset + 1] = static_cast<char>(kDisplacement & 0xff);
  rom[kX86ResetOffset + 2] = static_cast<char>(kDisplacement >> 8);
  return rom;
}

std::string first_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  // QEMU's explanation comes first, an assertion or a register dump after it.
  return text.substr(0, text.find('\n'));
}

}  // namespace

Outcome<void> prove_accelerator(Architecture architecture, Accelerator accelerator) {
  const bool x86 = architecture == Architecture::x86_64;
  const bool kvm = accelerator == Accelerator::kvm;
  KEDGE_HOST_TRY(const TempDir directory, TempDir::create("kedge-kvm-"));
  const auto rom = directory.path() / "probe.rom";
  KEDGE_HOST_CHECK(
      write_file(rom, x86 ? x86_rom() : std::string(kArmCode.begin(), kArmCode.end())));

  ProcessSpec spec;
  spec.output = directory.path() / "log";
  spec.arguments = {qemu_program(architecture),
                    "-no-user-config",
                    "-nodefaults",
                    "-machine",
                    x86 ? "q35" : "virt",
                    "-accel",
                    kvm ? "kvm" : "tcg",
                    "-cpu",
                    kvm ? "host" : "max",
                    "-m",
                    "64",
                    "-display",
                    "none",
                    "-no-reboot",
                    "-bios",
                    rom.string()};
  if (x86) {
    spec.arguments.insert(spec.arguments.end(),
                          {"-device", "isa-debug-exit,iobase=0x501,iosize=1"});
  }
  KEDGE_HOST_TRY(Process process, Process::start(spec));
  const auto status = process.wait_until(after(kProbeTimeout));
  if (!status) return failure("the test guest did not get anywhere");
  if (status->signal == 0 && status->code == (x86 ? kX86ProofExitCode : 0)) return {};
  const auto log = read_file(spec.output);
  const std::string said = log ? first_line(*log) : std::string();
  return failure(fmt::format("the test guest ended with {}{}{}", status->describe(),
                             said.empty() ? "" : ": ", said));
}

AcceleratorChoice choose_accelerator(Architecture architecture) {
  if (architecture != host_architecture()) {
    return {.reason =
                fmt::format("the guest is {}, this machine is {}", architecture_name(architecture),
                            architecture_name(host_architecture()))};
  }
  const FileDescriptor device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!device.valid()) {
    return {.reason = errno_failure("cannot open /dev/kvm").error().what};
  }
  const auto proof = prove_accelerator(architecture, Accelerator::kvm);
  if (!proof) {
    return {.reason = fmt::format("/dev/kvm is there but does not work: {}", proof.error().what)};
  }
  return {.accelerator = Accelerator::kvm, .reason = {}};
}

}  // namespace kedge::host
