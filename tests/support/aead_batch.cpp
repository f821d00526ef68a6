#include "tests/support/aead_batch.h"

#include <algorithm>
#include <array>

#include "tests/support/fenced_memory.h"

namespace pollux::test {

namespace {

using nts::AeadId;

constexpr std::size_t kMostOperations = 64;
constexpr std::size_t kPiecesForEach = 6;

struct Outcome {
  bool all_sealed = false;
  bool all_minted = false;
  bool intact = false;
  std::vector<Octets> sealed;
  std::vector<Octets> minted;
  std::vector<bool> good;  // messages and then cookies
  std::vector<Octets> opened;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

FencedMemory& memory() {
  static FencedMemory fenced{kMostOperations * kPiecesForEach};
  return fenced;
}

std::span<std::byte> placed(const Octets& octets) {
  const auto piece = memory().take(octets.size());
  std::ranges::copy(std::as_bytes(std::span{octets}), piece.begin());
  return piece;
}

std::span<std::byte> filled(std::size_t length) { return placed(Octets(length, 0xee)); }

void do_damage(std::span<std::byte> octets, std::optional<std::size_t> damage) {
  if (damage) octets[*damage % octets.size()] ^= std::byte{1} << static_cast<int>(*damage % 8);
}

bool is_well_formed(const AeadMessage& message) {
  return message.key.size() == nts::key_length(message.aead) &&
         (message.aead == AeadId::kAes128GcmSiv ? message.nonce.size() == 12
                                                : !message.nonce.empty());
}

bool is_well_formed(const AeadCookie& cookie) {
  return cookie.keys.size() == 2 * nts::key_length(cookie.aead);
}

void run_messages(nts::Aead& back_end, const AeadBatch& batch, Outcome& outcome) {
  std::vector<nts::Sealing> sealings;
  std::vector<std::span<std::byte>> sealed;
  for (const AeadMessage& message : batch.messages) {
    sealed.push_back(filled(message.plaintext.size() + nts::kTagLength));
    sealings.push_back({.aead = message.aead,
                        .key = placed(message.key),
                        .associated_data = placed(message.associated_data),
                        .nonce = placed(message.nonce),
                        .plaintext = placed(message.plaintext),
                        .sealed = sealed.back()});
  }
  outcome.all_sealed = back_end.seal(sealings);
  std::vector<nts::Opening> openings;
  for (std::size_t i = 0; i < sealings.size(); ++i) {
    outcome.sealed.push_back(octets_of(sealed[i]));
    do_damage(sealed[i], batch.messages[i].damage);
    openings.push_back({.aead = sealings[i].aead,
                        .key = sealings[i].key,
                        .associated_data = sealings[i].associated_data,
                        .nonce = sealings[i].nonce,
                        .sealed = sealed[i],
                        .plaintext = filled(batch.messages[i].plaintext.size())});
  }
  back_end.open(openings);
  for (const nts::Opening& opening : openings) {
    outcome.good.push_back(opening.good);
    outcome.opened.push_back(octets_of(opening.plaintext));
  }
}

void run_cookies(nts::Aead& back_end, const AeadBatch& batch, Outcome& outcome) {
  std::vector<nts::CookieSealing> sealings;
  for (const AeadCookie& cookie : batch.cookies) {
    const auto octets = filled(nts::cookie_length(cookie.aead));
    std::ranges::copy(std::as_bytes(std::span{cookie.header}), octets.begin());
    sealings.push_back({.key = &batch.keys[cookie.key],
                        .aead = cookie.aead,
                        .keys = placed(cookie.keys),
                        .cookie = octets});
  }
  outcome.all_minted = back_end.seal_cookies(sealings);
  std::vector<nts::CookieOpening> openings;
  for (std::size_t i = 0; i < sealings.size(); ++i) {
    const auto& cookie = batch.cookies[i];
    outcome.minted.push_back(octets_of(sealings[i].cookie));
    do_damage(sealings[i].cookie.subspan(nts::kCookieIdLength), cookie.damage);
    openings.push_back({.key = cookie.is_key_unknown ? nullptr : sealings[i].key,
                        .cookie = *nts::parse_cookie(sealings[i].cookie),
                        .keys = filled(2 * nts::kLongestKey)});
  }
  back_end.open_cookies(openings);
  for (const nts::CookieOpening& opening : openings) {
    outcome.good.push_back(opening.good);
    outcome.opened.push_back(octets_of(opening.keys));
  }
}

Outcome run(nts::Aead& back_end, const AeadBatch& batch) {
  Outcome outcome;
  run_messages(back_end, batch, outcome);
  run_cookies(back_end, batch, outcome);
  outcome.intact = memory().release();
  return outcome;
}

bool is_zero(const Octets& octets) {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

std::string differences(const Outcome& one, const Outcome& other) {
  std::string faults;
  if (one.all_sealed != other.all_sealed || one.all_minted != other.all_minted)
    faults += "one of them says that it sealed all; ";
  if (one.sealed != other.sealed) faults += "messages are sealed to other octets; ";
  if (one.minted != other.minted) faults += "cookies are sealed to other octets; ";
  if (one.good != other.good) faults += "one of them opens what the other refuses; ";
  if (one.opened != other.opened) faults += "opened to other octets; ";
  return faults;
}

// What one back end must do with an operation, whatever another does.
std::string faults_of_opening(bool should_open, bool good, const Octets& opened,
                              const Octets& expected) {
  if (good != should_open) return should_open ? "refuses what is good; " : "opens what is not; ";
  if (should_open && opened != expected) return "opens to something else; ";
  return should_open || is_zero(opened) ? "" : "leaves something of what it refuses; ";
}

}  // namespace

std::string AeadComparison::faults_of(const AeadBatch& batch) {
  const Outcome outcome = run(one_, batch);
  std::string faults = differences(outcome, run(other_, batch));
  if (!outcome.intact) faults += "written in front of a buffer; ";
  std::size_t index = 0;
  const auto check = [&](bool is_sound, bool should_open, Octets expected, const Octets& sealed) {
    const Octets& opened = outcome.opened[index];
    expected.resize(opened.size());
    faults += faults_of_opening(should_open, outcome.good[index], opened, expected);
    if (!is_sound && !is_zero(sealed)) faults += "leaves something where it cannot seal; ";
    ++(outcome.good[index++] ? opened_ : refused_);
  };
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    const AeadMessage& message = batch.messages[i];
    check(is_well_formed(message), is_well_formed(message) && !message.damage, message.plaintext,
          outcome.sealed[i]);
  }
  for (std::size_t i = 0; i < batch.cookies.size(); ++i) {
    const AeadCookie& cookie = batch.cookies[i];
    check(is_well_formed(cookie),
          is_well_formed(cookie) && !cookie.damage && !cookie.is_key_unknown, cookie.keys,
          outcome.minted[i]);
  }
  return faults;
}

namespace {

std::size_t random_length(Random& random) {
  constexpr std::array<std::size_t, 16> kSpecial{0,  0,   1,   15,  16,  17,   31,   32,
                                                 33, 104, 156, 188, 956, 1535, 1536, 1537};
  if (random.chance(2)) return kSpecial[random.below(kSpecial.size())];
  return random.below(random.chance(8) ? 1700 : 300);
}

std::optional<std::size_t> random_damage(Random& random) {
  if (!random.chance(4)) return std::nullopt;
  return random.below(5000);
}

AeadMessage random_message(Random& random) {
  AeadMessage message{.aead = random.chance(3) ? AeadId::kAes128GcmSiv : AeadId::kAesSivCmac256};
  const bool is_siv = message.aead == AeadId::kAesSivCmac256;
  const std::size_t nonce = is_siv ? 16 : 12;
  message.key = random.octets(nts::key_length(message.aead) - (random.chance(40) ? 1 : 0));
  message.nonce = random.octets(random.chance(5) ? random.below(40) : nonce);
  message.associated_data = random.octets(random_length(random));
  message.plaintext = random.octets(random_length(random));
  message.damage = random_damage(random);
  return message;
}

AeadCookie random_cookie(Random& random, const std::vector<nts::CookieKey>& keys) {
  AeadCookie cookie{.aead = random.chance(3) ? AeadId::kAes128GcmSiv : AeadId::kAesSivCmac256,
                    .key = random.below(keys.size()),
                    .is_key_unknown = random.chance(20)};
  put32(cookie.header, keys[cookie.key].id);
  put(cookie.header, random.octets(nts::kCookieNonceLength));
  cookie.keys = random.octets(2 * nts::key_length(cookie.aead) - (random.chance(40) ? 1 : 0));
  cookie.damage = random_damage(random);
  return cookie;
}

}  // namespace

AeadBatch random_batch(Random& random, std::size_t count) {
  AeadBatch batch;
  for (std::size_t i = 1 + random.below(6); i > 0; --i) {
    batch.keys.push_back({.id = static_cast<std::uint32_t>(random.below(8))});
    std::ranges::copy(bytes_of(random.octets(nts::kCookieKeyLength)),
                      batch.keys.back().key.begin());
  }
  for (std::size_t i = 0; i < count; ++i) {
    batch.messages.push_back(random_message(random));
    batch.cookies.push_back(random_cookie(random, batch.keys));
  }
  return batch;
}

}  // namespace pollux::test
