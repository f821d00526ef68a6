// Work for a back end of nts/core/aead.h, and two back ends held against each other over it. For
// tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nts/core/aead.h"
#include "tests/support/octets.h"

namespace pollux::test {

// Sealed, then, with one octet changed where `damage` says so, opened again.
struct AeadMessage {
  nts::AeadId aead = nts::AeadId::kAesSivCmac256;
  Octets key;
  Octets nonce;
  Octets associated_data;
  Octets plaintext;
  std::optional<std::size_t> damage;  // index into what was sealed, modulo its length
};
struct AeadCookie {
  nts::AeadId aead = nts::AeadId::kAesSivCmac256;
  std::size_t key = 0;  // which of the batch
  Octets header;
  Octets keys;
  std::optional<std::size_t> damage;  // behind the header
  bool is_key_unknown = false;        // when it is opened
};
struct AeadBatch {
  std::vector<nts::CookieKey> keys;
  std::vector<AeadMessage> messages;
  std::vector<AeadCookie> cookies;
};

// `count` of each kind, of every length that a packet may have and some more.
[[nodiscard]] AeadBatch random_batch(Random& random, std::size_t count);

// Where the two differ, or where one opens what is damaged, or does not what is not, or writes
// elsewhere, in words; empty: nowhere. What is neither damaged nor malformed is counted.
class AeadComparison {
 public:
  AeadComparison(nts::Aead& one, nts::Aead& other) : one_{one}, other_{other} {}

  [[nodiscard]] std::string faults_of(const AeadBatch& batch);
  [[nodiscard]] std::uint64_t opened() const { return opened_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  nts::Aead& one_;
  nts::Aead& other_;
  std::uint64_t opened_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace pollux::test
