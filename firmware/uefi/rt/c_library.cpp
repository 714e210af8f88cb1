// SPDX-License-Identifier: BSD-2-Clause-Patent
// The functions of the C library that the libraries we link call by name.
#include <cstdarg>
#include <cstddef>

#include "base/assert.h"
#include "uefi/rt/c_format.h"
#include "uefi/rt/string.h"

namespace rt = kedge::uefi::rt;

extern "C" {

std::size_t strlen(const char* text) noexcept {
  return rt::string_length(text);
}
std::size_t strnlen(const char* text, std::size_t count_max) noexcept {
  return rt::string_length(text, count_max);
}
int strcmp(const char* first, const char* second) noexcept {
  return rt::string_compare(first, second, static_cast<std::size_t>(-1));
}
int strncmp(const char* first, const char* second, std::size_t count_max) noexcept {
  return rt::string_compare(first, second, count_max);
}
void* memchr(const void* area, int byte, std::size_t count) noexcept {
  return const_cast<void*>(rt::find_byte(area, byte, count));
}
char* strchr(const char* text, int character) noexcept {
  return const_cast<char*>(rt::find_first(text, character));
}
char* strrchr(const char* text, int character) noexcept {
  return const_cast<char*>(rt::find_last(text, character));
}
char* strstr(const char* text, const char* wanted) noexcept {
  return const_cast<char*>(rt::find_text(text, wanted));
}
char* strncpy(char* target, const char* source, std::size_t count) noexcept {
  rt::copy_padded(target, source, count);
  return target;
}
int atoi(const char* text) noexcept {
  return rt::to_integer(text);
}

int vsnprintf(char* target, std::size_t size, const char* pattern,
              std::va_list arguments) noexcept {
  return rt::c_format(target, size, pattern, arguments);
}
int snprintf(char* target, std::size_t size, const char* pattern, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, pattern);
  const int length = rt::c_format(target, size, pattern, arguments);
  va_end(arguments);
  return length;
}

[[noreturn]] void abort() noexcept {
  kedge::assertion_failed("abort", "c_library", 0);
}
// glibc's assert macro.
[[noreturn]] void __assert_fail(const char* expression, const char* file, unsigned line,
                                const char*) noexcept {
  kedge::assertion_failed(expression, file, static_cast<int>(line));
}

}  // extern "C"
