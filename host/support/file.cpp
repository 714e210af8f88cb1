// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace kedge::host {

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Outcome<std::pair<FileDescriptor, FileDescriptor>> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_failure("cannot create a socket pair");
  }
  return std::pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Outcome<TempDir> TempDir::create(std::string_view prefix) {
  const char* base = std::getenv("TMPDIR");
  std::string name = fmt::format("{}/{}XXXXXX", base != nullptr ? base : "/tmp", prefix);
  if (::mkdtemp(name.data()) == nullptr) {
    return errno_failure(fmt::format("cannot create the temporary directory {}", name),
                         "check that TMPDIR names a directory you may write to");
  }
  return TempDir(name, false);
}

Outcome<TempDir> TempDir::adopt(std::filesystem::path path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return failure(
        fmt::format("cannot create the directory {}: {}", path.string(), error.message()));
  }
  return TempDir(std::move(path), true);
}

TempDir::~TempDir() {
  if (path_.empty() || keep_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Outcome<std::string> read_file_head(const std::filesystem::path& path, std::size_t bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno_failure(fmt::format("cannot open {}", path.string()));
  std::string content;
  std::array<char, 65536> buffer{};
  while (content.size() < bytes) {
    const std::size_t wanted = std::min(buffer.size(), bytes - content.size());
    const ssize_t count = ::read(file.get(), buffer.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_failure(fmt::format("cannot read {}", path.string()));
    if (count == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return content;
}

Outcome<std::string> read_file(const std::filesystem::path& path) {
  return read_file_head(path, std::numeric_limits<std::size_t>::max());
}

Outcome<void> write_file(const std::filesystem::path& path, std::string_view content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.valid()) return errno_failure(fmt::format("cannot create {}", path.string()));
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_failure(fmt::format("cannot write {}", path.string()));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Outcome<void> create_empty_file(const std::filesystem::path& path, std::uint64_t bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.valid() || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) {
    return errno_failure(fmt::format("cannot create {} of {} bytes", path.string(), bytes));
  }
  return {};
}

}  // namespace kedge::host
