// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/initrd.h"

#include <algorithm>
#include <cstring>

#include "image/cpio.h"

namespace kedge::app {
namespace {

/// Copies what of `part` lies at `offset`, and advances both; `offset` is within or behind it.
void copy_part(ByteView part, std::uint64_t& offset, ByteSpan& out) noexcept {
  if (offset >= part.size()) {
    offset -= part.size();
    return;
  }
  const ByteView rest = part.subspan(static_cast<std::size_t>(offset));
  const std::size_t count = std::min(rest.size(), out.size());
  if (count > 0) std::memcpy(out.data(), rest.data(), count);
  out = out.subspan(count);
  offset = 0;
}

}  // namespace

void InitrdFiles::Piece::operator()(std::uint64_t offset, ByteSpan out) const noexcept {
  copy_part(before, offset, out);
  if (offset < data->size()) {
    const std::uint64_t available = data->size() - offset;
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(available, out.size()));
    data->read(offset, out.first(count));
    out = out.subspan(count);
    offset = 0;
  } else {
    offset -= data->size();
  }
  if (!out.empty()) copy_part(after, offset, out);
}

Result<void> InitrdFiles::add(std::string_view name, std::string_view arguments,
                              const client::PageSink& data) noexcept {
  auto piece = std::make_unique<Piece>();
  piece->data = &data;
  if (!arguments.empty()) {
    KEDGE_TRY(const image::CpioMember member, image::CpioMember::parse(arguments));
    KEDGE_TRY(const std::string before, image::cpio_before(member, data.size()));
    const std::string after = image::cpio_after(data.size());
    piece->before.assign(as_byte_view(before).begin(), as_byte_view(before).end());
    piece->after.assign(as_byte_view(after).begin(), as_byte_view(after).end());
  }
  files_.push_back({name, piece->size(), *piece, true});
  pieces_.push_back(std::move(piece));
  return {};
}

}  // namespace kedge::app
