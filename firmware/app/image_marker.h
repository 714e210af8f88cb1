// SPDX-License-Identifier: BSD-2-Clause-Patent
// The marker: one line of text in every image, by which tools on the host know what it is without
// running it (docs/image-marker.md). kedge_efi_image() generates the file that defines it.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "driver/native_driver.h"

namespace kedge::app {

/// What the marker says, beside the ids of the drivers. Values have no spaces.
struct MarkerFacts {
  std::string_view version;
  std::string_view configuration;
  std::string_view personality;  ///< the default, if it is chosen at run time
  std::string_view choice;       ///< "fixed" or "run-time"
  std::string_view gives = {};   ///< what the firmware gets beside NICs: "rng"; empty: nothing
};

namespace marker_detail {

/// Counts, and writes as much as there is room for.
struct Writer {
  std::span<char> out;
  std::size_t bytes = 0;

  constexpr void put(std::string_view text) noexcept {
    for (const char c : text) {
      if (bytes < out.size()) out[bytes] = c;
      ++bytes;
    }
  }
  constexpr void put_id(std::uint16_t id) noexcept {
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
      put(std::string_view("0123456789abcdef").substr(id >> shift & 0xfU, 1));
    }
  }
};

}  // namespace marker_detail

/// Writes the marker with its final zero as far as it fits, and returns its size.
constexpr std::size_t write_marker(std::span<char> out, const MarkerFacts& facts,
                                   std::span<const driver::NativeDriver> drivers) noexcept {
  marker_detail::Writer writer{out};
  writer.put("KEDGE-IMAGE/1 version=");
  writer.put(facts.version);
  writer.put(" configuration=");
  writer.put(facts.configuration);
  writer.put(" personality=");
  writer.put(facts.personality);
  writer.put(" choice=");
  writer.put(facts.choice);
  if (!facts.gives.empty()) {
    writer.put(" gives=");
    writer.put(facts.gives);
  }
  std::string_view before = " ids=";
  for (const driver::NativeDriver& driver : drivers) {
    for (const driver::PciId& id : driver.ids) {
      writer.put(before);
      writer.put_id(id.vendor);
      writer.put(":");
      writer.put_id(id.device);
      before = ",";
    }
  }
  writer.put(std::string_view("\0", 1));
  return writer.bytes;
}

template <std::size_t kBytes>
consteval std::array<char, kBytes> make_marker(const MarkerFacts& facts,
                                               std::span<const driver::NativeDriver> drivers) {
  std::array<char, kBytes> marker{};
  write_marker(marker, facts, drivers);
  return marker;
}

}  // namespace kedge::app
