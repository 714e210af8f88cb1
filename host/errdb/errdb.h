// SPDX-License-Identifier: BSD-2-Clause-Patent
// The catalogue of all error sites: docs/errors.md is made of it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kedge::host {

struct ErrorEntry {
  const ErrorSite* site;
  std::string header;  ///< relative to firmware/
};

/// All sites of the firmware, by code within their module.
std::vector<ErrorEntry> all_errors();

/// The catalogue as Markdown: the whole content of docs/errors.md.
std::string error_catalogue();

}  // namespace kedge::host
