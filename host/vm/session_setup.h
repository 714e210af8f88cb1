// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// From options to everything a session needs, before QEMU is started.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/file.h"
#include "support/outcome.h"
#include "vm/http_server.h"
#include "vm/session.h"
#include "vm/vm.h"

namespace kedge::host {

struct SessionSetup {
  TempDir directory;
  std::unique_ptr<HttpServer> http;  // empty when nothing is served
  VmLaunch launch;
  std::string accelerator_reason;
  std::string application;  // what boots, for people
};

Outcome<SessionSetup> set_up_session(const VmOptions& options);

// Our application for an architecture: $KEDGE_DIST, beside the program that runs, ./dist.
Outcome<std::filesystem::path> find_application(Architecture architecture,
                                                std::string_view file = "kedge.efi");

}  // namespace kedge::host
