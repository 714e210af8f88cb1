// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/payload.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "support/file.h"
#include "support/process.h"
#include "tests/e2e/rig/packages.h"
#include "vm/boot_media.h"

namespace kedge::host::e2e {
namespace {

constexpr std::string_view kProofWord = "kedge-e2e-userland";
constexpr std::uint64_t kPatternWordBytes = 16;

// The tokens are cut in two, so that neither the script nor a log of it looks like the proof.
constexpr std::string_view kInit = R"(#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
command_line=missing
for word in $(/bin/busybox cat /proc/cmdline); do
  case $word in
    kedge.token=*) command_line=${word#*=} ;;
  esac
done
second=$(/bin/busybox cat /second-token)
big=none
if [ -e /big ]; then
  big=$(/bin/busybox md5sum /big)
  big=${big%% *}
fi
echo
echo "@PROOF@ initrd=@FIRST@@REST@ second=$second cmdline=$command_line big=$big."
/bin/busybox poweroff -f
)";

std::string_view debian_architecture(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "amd64" : "arm64";
}

Outcome<std::filesystem::path> find_busybox(Architecture architecture) {
  std::filesystem::path path = "/bin/busybox";
  if (architecture != host_architecture()) {
    path = package_directory(fmt::format("own-{}", debian_architecture(architecture)),
                             "busybox-static") /
           "bin" / "busybox";
  }
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  return failure(fmt::format("{} is missing", path.string()), "run tools/deps");
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

// Every 16 bytes say where they belong: a piece that is lost, doubled or moved changes the sum.
std::string make_big_file(std::uint64_t bytes, std::string_view token) {
  std::string content;
  content.reserve(bytes + kPatternWordBytes);
  const auto salt = std::stoull(std::string(token), nullptr, 16);
  for (std::uint64_t offset = 0; offset < bytes; offset += kPatternWordBytes) {
    std::uint64_t words[2] = {offset, (offset ^ salt) * 0x9e3779b97f4a7c15};
    content.append(reinterpret_cast<const char*>(words), sizeof words);
  }
  content.resize(bytes);
  return content;
}

Outcome<std::string> md5_of(const std::filesystem::path& file) {
  KEDGE_HOST_TRY(const auto output, run_tool({.arguments = {"md5sum", file.string()}}));
  return output.substr(0, output.find(' '));
}

}  // namespace

std::string random_token() {
  std::uint64_t value = 0;
  while (::getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return fmt::format("{:016x}", value);
}

void InitrdWriter::add_directory(std::string_view name) {
  add({.name = name, .mode = S_IFDIR | 0755}, {});
}

void InitrdWriter::add_file(std::string_view name, std::string_view content, bool executable) {
  add({.name = name, .mode = S_IFREG | (executable ? 0755U : 0644U)}, content);
}

void InitrdWriter::add_device(std::string_view name, unsigned major, unsigned minor) {
  add({.name = name, .mode = S_IFCHR | 0600, .major = major, .minor = minor}, {});
}

void InitrdWriter::add(const Entry& entry, std::string_view content) {
  constexpr unsigned kNone = 0;
  archive_ += fmt::format(
      "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
      next_inode_++, entry.mode, kNone, kNone, 1, kNone, content.size(), kNone, kNone, entry.major,
      entry.minor, entry.name.size() + 1, kNone);
  archive_ += entry.name;
  archive_ += '\0';
  pad();
  archive_ += content;
  pad();
}

void InitrdWriter::pad() {
  constexpr std::size_t kAlignment = 4;
  archive_.append((kAlignment - archive_.size() % kAlignment) % kAlignment, '\0');
}

std::string InitrdWriter::finish() {
  add({.name = "TRAILER!!!"}, {});
  return std::move(archive_);
}

Outcome<std::filesystem::path> find_kernel(Architecture architecture) {
  const std::string name = std::string(debian_architecture(architecture));
  const auto directory = package_directory("own-" + name, "linux-image-" + name) / "boot";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().filename().string().starts_with("vmlinuz-")) return entry.path();
  }
  return failure(fmt::format("there is no kernel in {}", directory.string()), "run tools/deps");
}

Outcome<Payload> make_payload(Architecture architecture, const std::filesystem::path& directory,
                              const PayloadOptions& options) {
  KEDGE_HOST_TRY(const auto kernel, find_kernel(architecture));
  KEDGE_HOST_TRY(const auto busybox_file, find_busybox(architecture));
  KEDGE_HOST_TRY(const std::string busybox, read_file(busybox_file));
  const std::string first = random_token();
  const std::string second = random_token();
  const std::string command_line = random_token();
  const auto kernel_copy = directory / "vmlinuz";
  const auto initrd_file = directory / "initrd.img";
  const auto second_file = directory / "second.img";

  std::error_code error;
  std::filesystem::copy_file(kernel, kernel_copy, error);
  if (error) return failure(fmt::format("cannot copy {}: {}", kernel.string(), error.message()));
  std::filesystem::permissions(kernel_copy, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add, error);

  std::string init(kInit);
  replace(init, "@PROOF@", kProofWord);
  replace(init, "@FIRST@", first.substr(0, 8) + "\"\"");
  replace(init, "@REST@", first.substr(8));
  InitrdWriter initrd;
  for (const char* name : {"bin", "dev", "proc"}) initrd.add_directory(name);
  constexpr unsigned kConsoleMajor = 5;
  initrd.add_device("dev/console", kConsoleMajor, 1);
  initrd.add_file("bin/busybox", busybox, true);
  initrd.add_file("init", init, true);
  KEDGE_HOST_CHECK(write_file(initrd_file, initrd.finish()));

  std::string big = "none";
  InitrdWriter extra;
  extra.add_file("second-token", second + "\n");
  if (options.big_file_bytes > 0) {
    const std::string content = make_big_file(options.big_file_bytes, second);
    const auto plain = directory / "big";
    KEDGE_HOST_CHECK(write_file(plain, content));
    KEDGE_HOST_TRY(big, md5_of(plain));
    std::filesystem::remove(plain, error);
    extra.add_file("big", content);
  }
  KEDGE_HOST_CHECK(write_file(second_file, extra.finish()));

  const bool x86 = architecture == Architecture::x86_64;
  return Payload{
      .kernel = kernel_copy,
      .initrd = initrd_file,
      .second_initrd = second_file,
      // panic=-1: a kernel that finds no userland resets at once, which ends the VM.
      // no_timer_check: Linux tests the timer interrupt against the wall clock, and gives up where
      // a busy machine emulates it too slowly.
      .command_line =
          fmt::format("{} panic=-1 kedge.token={}",
                      x86 ? "console=ttyS0 no_timer_check" : "console=ttyAMA0", command_line),
      .proof = Pattern::literal(fmt::format("{} initrd={} second={} cmdline={} big={}.", kProofWord,
                                            first, second, command_line, big))};
}

Outcome<NextBootOption> make_next_boot_option(const std::filesystem::path& directory) {
  const std::string token = random_token();
  const auto config = directory / "next.cfg";
  const auto application = directory / "next.efi";
  NextBootOption next{.image = directory / "next.img",
                      .proof = Pattern::literal("next-boot-option " + token)};
  KEDGE_HOST_CHECK(write_file(config, fmt::format("echo next-boot-option {}\nhalt\n", token)));
  KEDGE_HOST_TRY(
      [[maybe_unused]] const auto output,
      run_tool({.arguments = {"grub-mkimage", "-O", "x86_64-efi", "-p", "/EFI/BOOT", "-c",
                              config.string(), "-o", application.string(), "echo", "halt"}}));
  KEDGE_HOST_CHECK(
      make_fat_image(next.image, boot_media_files(Architecture::x86_64, application, {})));
  return next;
}

}  // namespace kedge::host::e2e
