// SPDX-License-Identifier: BSD-2-Clause-Patent
// errdb: prints the catalogue of error codes as Markdown.
#include <cstdio>

#include "errdb/errdb.h"

int main() {
  const std::string text = kedge::host::error_catalogue();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
