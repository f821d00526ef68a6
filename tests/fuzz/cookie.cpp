#include "tests/fuzz/cookie.h"

#include <utility>

#include "nts/core/cookie.h"

namespace pollux::test {

namespace {

constexpr std::size_t kIdOctets = 4;
constexpr std::size_t kNonceOctets = 16;
constexpr std::size_t kHeaderOctets = kIdOctets + kNonceOctets;

std::uint64_t accepted = 0;

std::optional<CookieParts> parsed(const Octets& octets) {
  const auto cookie = nts::parse_cookie(bytes_of(octets));
  if (!cookie) return std::nullopt;
  return CookieParts{.aead = std::to_underlying(cookie->aead),
                     .key_id = cookie->key_id,
                     .nonce = octets_of(cookie->nonce),
                     .sealed = octets_of(cookie->sealed)};
}

Octets written(const Octets& cookie, std::uint32_t key_id, const Octets& nonce) {
  Octets changed = cookie;
  nts::write_cookie_header(std::as_writable_bytes(std::span{changed}).first<kHeaderOctets>(),
                           key_id, bytes_of(nonce).first<kNonceOctets>());
  return changed;
}

Octets joined(const CookieParts& parts) {
  Octets cookie;
  put32(cookie, parts.key_id);
  put(cookie, parts.nonce);
  put(cookie, parts.sealed);
  return cookie;
}

}  // namespace

CookieSubject cookie_subject() { return {.parse = parsed, .write = written}; }

std::string faults_of_cookie(const CookieSubject& subject, const Octets& cookie) {
  const unsigned aead = cookie.size() == 100 ? 15 : cookie.size() == 68 ? 30 : 0;
  const auto parts = subject.parse(cookie);
  if (parts.has_value() != (aead != 0)) return "taken or refused by another length; ";
  if (!parts) return "";
  ++accepted;
  std::string faults;
  if (parts->aead != aead) faults += "another AEAD; ";
  if (parts->nonce.size() != kNonceOctets || joined(*parts) != cookie)
    faults += "not the parts of the cookie; ";
  // A header that differs from the cookie's in every octet.
  Octets other = cookie;
  for (std::size_t i = 0; i < kHeaderOctets; ++i) other[i] = static_cast<std::uint8_t>(~other[i]);
  const auto key_id = static_cast<std::uint32_t>(get(other, 0, kIdOctets));
  if (subject.write(cookie, key_id, slice(other, kIdOctets, kNonceOctets)) != other)
    faults += "header is not written in its place; ";
  return faults;
}

std::string faults_of_input(const Octets& input) {
  static const CookieSubject subject = cookie_subject();
  return faults_of_cookie(subject, input);
}

std::uint64_t inputs_accepted() { return accepted; }

std::vector<CorpusInput> corpus_inputs() {
  Random random{1};
  return {
      {"aead_15", random.octets(100)}, {"aead_30", random.octets(68)},
      {"zeros", Octets(100)},          {"short_15", random.octets(99)},
      {"long_15", random.octets(101)}, {"short_30", random.octets(67)},
      {"long_30", random.octets(69)},  {"header", random.octets(kHeaderOctets)},
      {"ntpsecs", random.octets(104)}, {"empty", {}},
  };
}

}  // namespace pollux::test
