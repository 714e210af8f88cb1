// SPDX-License-Identifier: BSD-2-Clause-Patent
// DNS answers: names survive being written and read again; records stay inside the message.
#include "base/assert.h"
#include "wire/dns.h"

using namespace kedge;

namespace {

void check_round_trip(const wire::DnsName& name) {
  std::byte buffer[wire::DnsName::kWireMax];
  ByteWriter writer(buffer);
  name.write(writer);
  const auto written = writer.finish();
  KEDGE_ASSERT(written.ok());
  std::size_t offset = 0;
  const auto again = wire::DnsName::read(*written, offset);
  KEDGE_ASSERT(again.ok() && *again == name && offset == written->size());
  const std::string text = format("{}", name);
  if (text.find('\\') != std::string::npos) return;
  const auto parsed = wire::DnsName::parse(text);
  KEDGE_ASSERT(parsed.ok() && *parsed == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView message = std::as_bytes(std::span(data, size));
  auto view = wire::DnsAnswerView::parse(message);
  if (!view) return 0;
  check_round_trip(view->question().name);
  while (const auto record = view->next()) {
    check_round_trip(record->name);
    KEDGE_ASSERT(record->data_offset + record->data.size() <= size);
    if (const auto target = view->target(*record)) check_round_trip(*target);
  }
  return 0;
}
