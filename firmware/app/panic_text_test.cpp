// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/panic_text.h"

#include <gtest/gtest.h>

#include <climits>

namespace kedge {
namespace {

TEST(PanicText, IsOneLineThatAPersonCanReport) {
  std::string text;
  StringSink sink(text);
  put_bug(sink, "Kedge has a bug", "ok()", "result.h", INT_MAX);
  EXPECT_EQ(text, "\nKedge has a bug: ok() (result.h:2147483647). Please report this line.\n");
}

TEST(PanicText, IsCutOffWhereThereIsNoRoom) {
  char buffer[24];
  BufferSink sink(buffer);
  put_bug(sink, "Kedge has a bug", "a long expression", "file.cpp", 1);
  EXPECT_EQ(sink.text(), "\nKedge has a bug: a long");
}

}  // namespace
}  // namespace kedge
