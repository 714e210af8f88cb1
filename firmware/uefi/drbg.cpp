// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/drbg.h"

#include <algorithm>

namespace kedge::uefi {
namespace {

Sha256::Digest hmac(ByteView key, ByteView data) noexcept {
  HmacSha256 mac(key);
  mac.update(data);
  return mac.finish();
}

}  // namespace

void HmacDrbg::update(ByteView data) noexcept {
  for (const std::byte round : {std::byte{0}, std::byte{1}}) {
    if (round == std::byte{1} && data.empty()) return;
    HmacSha256 mac(key_);
    mac.update(value_);
    mac.update(ByteView(&round, 1));
    mac.update(data);
    key_ = mac.finish();
    value_ = hmac(key_, value_);
  }
}

void HmacDrbg::instantiate(ByteView seed) noexcept {
  key_.fill(std::byte{0});
  value_.fill(std::byte{1});
  reseed(seed);
}

void HmacDrbg::reseed(ByteView entropy) noexcept {
  update(entropy);
  requests_ = 0;
}

void HmacDrbg::generate(ByteSpan out) noexcept {
  // One request gives at most 2^19 bits (table 2).
  constexpr std::size_t kRequestMax = 65536;
  while (!out.empty()) {
    ByteSpan request = out.first(std::min(out.size(), kRequestMax));
    out = out.subspan(request.size());
    while (!request.empty()) {
      value_ = hmac(key_, value_);
      const std::size_t count = std::min(request.size(), value_.size());
      std::copy_n(value_.begin(), count, request.begin());
      request = request.subspan(count);
    }
    update({});
    ++requests_;
  }
}

}  // namespace kedge::uefi
