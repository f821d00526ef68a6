// From the operations of nts/core/aead.h to lanes of the back end on ipsec-mb. Pure; the memory is
// the caller's.
#pragma once

#include "nts/aead/imb_gcm_siv.h"
#include "nts/aead/imb_siv.h"
#include "nts/aead/lanes.h"

namespace pollux::nts {

template <typename Lane>
[[nodiscard]] Lane lane_of(const Opening& opening) noexcept {
  const Sealed parts{opening.aead, opening.sealed};
  Lane lane;
  lane.secret = opening.key;
  lane.associated_data = opening.associated_data;
  lane.nonce = opening.nonce;
  lane.in = parts.text;
  lane.out = opening.plaintext.data();
  lane.tag = load_block(parts.tag.data());
  return lane;
}

template <typename Lane>
[[nodiscard]] Lane lane_of(const Sealing& sealing) noexcept {
  Lane lane;
  lane.secret = sealing.key;
  lane.associated_data = sealing.associated_data;
  lane.nonce = sealing.nonce;
  lane.in = sealing.plaintext;
  lane.out = Sealed{sealing.aead, sealing.sealed}.text.data();
  return lane;
}

[[nodiscard]] inline ImbSivLane lane_of(const CookieOpening& opening,
                                        const ImbCookieKey& key) noexcept {
  const Sealed parts{AeadId::kAesSivCmac256, opening.cookie.sealed};
  return {.nonce = opening.cookie.nonce,
          .in = parts.text,
          .out = opening.keys.data(),
          .key = &key.siv,
          .sum = key.sum,
          .tag = load_block(parts.tag.data())};
}

[[nodiscard]] inline ImbSivLane lane_of(const CookieSealing& sealing,
                                        const ImbCookieKey& key) noexcept {
  return {.nonce = sealing.cookie.subspan(kCookieIdLength, kCookieNonceLength),
          .in = sealing.keys,
          .out = sealing.cookie.data() + kCookieHeaderLength + kTagLength,
          .key = &key.siv,
          .sum = key.sum,
          .tag = zero_block()};
}

}  // namespace pollux::nts
