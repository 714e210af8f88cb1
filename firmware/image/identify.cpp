// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "image/identify.h"

#include <algorithm>

#include "base/format.h"
#include "image/image_errors.h"

namespace kedge::image {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view text;
  Kind kind;
};

constexpr Magic kMagics[] = {
    {0, "\x1f\x8b"sv, Kind::gzip},          // RFC 1952 2.3.1
    {0, "\x28\xb5\x2f\xfd"sv, Kind::zstd},  // RFC 8878 3.1.1
    {0,
     "\xfd"
     "7zXZ\0"sv,
     Kind::xz},
    {0, "BZh"sv, Kind::bzip2},
    {0, "\x04\x22\x4d\x18"sv, Kind::lz4},
    {0, "\x02\x21\x4c\x18"sv, Kind::lz4},  // the legacy frame of Linux initrds
    {0, "PK\x03\x04"sv, Kind::zip},
    {0, "070701"sv, Kind::cpio},
    {0, "070702"sv, Kind::cpio},
    {0, "MSWIM\0\0\0"sv, Kind::wim},
    {0,
     "\x7f"
     "ELF"sv,
     Kind::elf},
    {0x8001, "CD001"sv, Kind::iso9660},       // ECMA-119 8.1
    {0x1fe, "\x55\xaa"sv, Kind::disk_image},  // also of FAT volumes; bzImages were found before
};

bool has_at(ByteView bytes, std::size_t offset, std::string_view text) noexcept {
  return offset < bytes.size() && as_text(bytes.subspan(offset)).starts_with(text);
}

/// HTML, whatever blank space and letter case it starts with.
bool is_web_page(ByteView bytes) noexcept {
  std::string_view text = as_text(bytes);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  for (const std::string_view start : {"<!doctype html"sv, "<html"sv, "<head"sv, "<?xml"sv}) {
    const bool matches =
        text.size() >= start.size() &&
        std::ranges::equal(start, text.substr(0, start.size()), [](char a, char b) {
          return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
        });
    if (matches) return true;
  }
  return false;
}

bool is_text(ByteView bytes) noexcept {
  constexpr std::size_t kLookedAt = 512;
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kLookedAt)));
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' ? byte != 0x7f : c == '\n' || c == '\r' || c == '\t';
  });
}

Kind kind_of(const PeInfo& pe) noexcept {
  if (pe.is_unified_kernel) return Kind::unified_kernel;
  if (pe.is_efi_application()) return Kind::efi_application;
  return pe.is_efi_driver() ? Kind::efi_driver : Kind::windows_program;
}

std::string_view name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::empty:
      return "an empty file";
    case Kind::script:
      return "a script";
    case Kind::linux_kernel:
      return "a Linux kernel";
    case Kind::unified_kernel:
      return "a unified kernel image";
    case Kind::efi_application:
      return "an EFI application";
    case Kind::efi_driver:
      return "an EFI driver";
    case Kind::windows_program:
      return "a Windows program, not made for EFI";
    case Kind::damaged_pe:
      return "a damaged PE image";
    case Kind::elf:
      return "an ELF file";
    case Kind::gzip:
      return "a gzip file";
    case Kind::zstd:
      return "a zstd file";
    case Kind::xz:
      return "an xz file";
    case Kind::bzip2:
      return "a bzip2 file";
    case Kind::lz4:
      return "an lz4 file";
    case Kind::zip:
      return "a zip file";
    case Kind::cpio:
      return "a cpio archive";
    case Kind::iso9660:
      return "an ISO image";
    case Kind::wim:
      return "a Windows image (WIM)";
    case Kind::web_page:
      return "a web page (HTML)";
    case Kind::disk_image:
      return "a disk image";
    case Kind::text:
      return "a text file";
    case Kind::unknown:
      break;
  }
  return "a file of unknown kind";
}

bool is_compressed(Kind kind) noexcept {
  return kind == Kind::gzip || kind == Kind::zstd || kind == Kind::xz || kind == Kind::bzip2 ||
         kind == Kind::lz4 || kind == Kind::zip;
}

/// Whom a kernel without EFI stub is for.
Machine machine_of(const Identity& identity) noexcept {
  if (identity.pe) return identity.pe->machine;
  if (!identity.linux_info) return Machine::unknown;
  switch (identity.linux_info->format) {
    case LinuxInfo::Format::bzimage:
      return Machine::x86_64;
    case LinuxInfo::Format::arm64_image:
      return Machine::aarch64;
    case LinuxInfo::Format::riscv_image:
      return Machine::riscv64;
    case LinuxInfo::Format::efi_zboot:
      break;
  }
  return Machine::unknown;
}

}  // namespace

bool is_script(ByteView bytes) noexcept {
  const std::string_view text = as_text(bytes);
  if (!text.starts_with("#!ipxe") && !text.starts_with("#!gpxe")) return false;
  return text.size() == 6 || " \t\r\n"sv.find(text[6]) != std::string_view::npos;
}

Identity identify(ByteView bytes, std::uint64_t file_bytes) noexcept {
  Identity identity;
  identity.file_bytes = file_bytes;
  if (file_bytes == 0) {
    identity.kind = Kind::empty;
    return identity;
  }
  if (is_script(bytes)) {
    identity.kind = Kind::script;
    return identity;
  }
  const auto pe = PeInfo::parse(bytes);
  if (pe.ok()) identity.pe = *pe;
  if (auto kernel = LinuxInfo::parse(bytes); kernel.ok()) {
    identity.linux_info = *std::move(kernel);
    identity.kind = Kind::linux_kernel;
    return identity;
  }
  if (pe.ok()) {
    identity.kind = kind_of(*pe);
    return identity;
  }
  if (pe.error() == err::image_bad_pe) {
    identity.kind = Kind::damaged_pe;
    return identity;
  }
  for (const Magic& magic : kMagics) {
    if (has_at(bytes, magic.offset, magic.text)) {
      identity.kind = magic.kind;
      return identity;
    }
  }
  if (is_web_page(bytes)) {
    identity.kind = Kind::web_page;
  } else if (is_text(bytes)) {
    identity.kind = Kind::text;
  }
  return identity;
}

std::string Identity::description() const {
  std::string text(name_of(kind));
  if (linux_info && !linux_info->version.empty()) text = "Linux " + linux_info->version;
  if (const Machine machine = machine_of(*this); machine != Machine::unknown) {
    text += format(" for {}", machine_name(machine));
  }
  if (linux_info && !linux_info->has_efi_stub()) text += ", without EFI stub";
  if (pe && pe->has_signature) text += ", signed";
  return text;
}

std::string_view Identity::type_name() const noexcept {
  switch (kind) {
    case Kind::script:
      return "script";
    case Kind::linux_kernel:
      return "Linux";
    case Kind::unified_kernel:
      return "UKI";
    case Kind::efi_application:
    case Kind::efi_driver:
      return "EFI";
    case Kind::elf:
      return "ELF";
    case Kind::gzip:
      return "gzip";
    case Kind::zstd:
      return "zstd";
    case Kind::xz:
      return "xz";
    case Kind::bzip2:
      return "bzip2";
    case Kind::lz4:
      return "lz4";
    case Kind::zip:
      return "zip";
    case Kind::cpio:
      return "cpio";
    case Kind::iso9660:
      return "ISO";
    case Kind::wim:
      return "WIM";
    case Kind::web_page:
      return "HTML";
    case Kind::text:
      return "text";
    default:
      return "";
  }
}

Result<void> Identity::check_startable(Machine machine) const noexcept {
  if (kind == Kind::empty) return fail(err::image_empty);
  if (kind == Kind::damaged_pe) return fail(err::image_bad_pe);
  if (kind == Kind::web_page) return fail(err::image_web_page);
  if (is_compressed(kind)) return fail(err::image_compressed);
  // EFI byte code runs wherever the firmware has an interpreter.
  if (const Machine made_for = machine_of(*this);
      made_for != Machine::unknown && made_for != Machine::ebc && made_for != machine) {
    return fail(err::image_other_machine, static_cast<std::uint32_t>(made_for));
  }
  if (linux_info && !linux_info->has_efi_stub()) return fail(err::image_no_efi_stub);
  if (!pe || kind == Kind::windows_program) return fail(err::image_not_efi);
  // The firmware would say only "load error".
  if (pe->file_bytes_needed > file_bytes) return fail(err::image_bad_pe);
  return {};
}

std::string Identity::why_not_startable(Machine machine) const {
  const auto check = check_startable(machine);
  if (check.ok()) return {};
  const Error& error = check.error();
  if (error == err::image_other_machine) {
    return format("{} for {}, this machine is {}", linux_info ? "kernel"sv : "image"sv,
                  machine_name(machine_of(*this)), machine_name(machine));
  }
  if (error == err::image_bad_pe && pe) {
    return format("cut off: {} bytes of at least {}", file_bytes, pe->file_bytes_needed);
  }
  if (error == err::image_compressed) {
    return format("this is {}, not an EFI image: unpack it", name_of(kind));
  }
  return format("this is {}", description());
}

bool Identity::is_initrd() const noexcept {
  return kind == Kind::cpio || (is_compressed(kind) && kind != Kind::zip);
}

}  // namespace kedge::image
