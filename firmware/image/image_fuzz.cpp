// SPDX-License-Identifier: BSD-2-Clause-Patent
// Files of any content: identified without harm, and always with a reason when they cannot start.
#include "base/assert.h"
#include "image/cpio.h"
#include "image/identify.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = std::as_bytes(std::span(data, size));
  const image::Identity identity = image::identify(bytes, size);
  KEDGE_ASSERT(!identity.description().empty());
  const bool startable = identity.check_startable(image::Machine::x86_64).ok();
  KEDGE_ASSERT(startable == identity.why_not_startable(image::Machine::x86_64).empty());
  KEDGE_ASSERT(!startable || identity.pe);
  if (const auto sections = image::pe_sections(bytes); sections.ok()) {
    KEDGE_ASSERT(sections->size() <= image::kPeSectionsMax);
  }
  if (const auto member = image::CpioMember::parse(as_text(bytes)); member.ok()) {
    const auto before = image::cpio_before(*member, size);
    KEDGE_ASSERT(before.ok() && before->size() % 4 == 0);
    KEDGE_ASSERT((before->size() + size + image::cpio_after(size).size()) % 4 == 0);
  }
  return 0;
}
