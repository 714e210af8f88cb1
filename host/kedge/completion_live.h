// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Completion by what is there at this moment: domains, their interfaces and disks.
#pragma once

#include <string>
#include <vector>

#include "kedge/completion.h"

namespace kedge::host {

/// What an unfinished command line says about its domain.
struct NamedDomain {
  std::string name;     // the first positional argument; empty: none yet
  std::string connect;  // value of --connect
};

/// Goes through the words behind the program's name; the last one is being typed, and counts for
/// nothing.
NamedDomain find_domain(const CompletionCommand& program, const std::vector<std::string>& words);

/// `list` is "domains", "interfaces" or "devices"; interfaces come as number, alias and MAC
/// address, devices behind what stands before the last comma of the last word. Empty when libvirt
/// or the file cannot be read: completion is silent.
std::vector<std::string> live_values(const std::string& list, const NamedDomain& named,
                                     const std::vector<std::string>& words);

}  // namespace kedge::host
