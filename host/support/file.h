// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// File descriptors that close themselves, temporary directories that remove themselves, and whole
// small files in one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "support/outcome.h"

namespace kedge::host {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// Both ends are close-on-exec stream sockets.
Outcome<std::pair<FileDescriptor, FileDescriptor>> make_socket_pair();

// A directory under $TMPDIR (or /tmp), removed with its contents by the destructor unless kept.
class TempDir {
 public:
  static Outcome<TempDir> create(std::string_view prefix);
  // Wraps a directory that the caller chose (created when missing) and never removes it.
  static Outcome<TempDir> adopt(std::filesystem::path path);

  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})), keep_(other.keep_) {}
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }
  void keep() { keep_ = true; }

 private:
  TempDir(std::filesystem::path path, bool keep) : path_(std::move(path)), keep_(keep) {}

  std::filesystem::path path_;
  bool keep_ = false;
};

Outcome<std::string> read_file(const std::filesystem::path& path);
// At most the first `bytes` bytes.
Outcome<std::string> read_file_head(const std::filesystem::path& path, std::size_t bytes);
Outcome<void> write_file(const std::filesystem::path& path, std::string_view content);
// A sparse file of zeros.
Outcome<void> create_empty_file(const std::filesystem::path& path, std::uint64_t bytes);

}  // namespace kedge::host
