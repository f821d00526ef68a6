// Takes requests through the reader of nts/core, in the pieces that a test wants. For tests only.
#pragma once

#include <utility>
#include <vector>

#include "nts/core/ke_request.h"
#include "tests/support/ke_messages.h"

namespace pollux::test {

[[nodiscard]] inline KeVerdict verdict_of(const nts::KeRequestReader& reader) {
  switch (reader.state()) {
    case nts::KeRequestReader::State::kIncomplete:
      return {};
    case nts::KeRequestReader::State::kRefused:
      return {.state = KeState::kRefused, .error = std::to_underlying(reader.error())};
    default:
      break;
  }
  const auto& request = reader.request();
  KeVerdict verdict{.state = KeState::kComplete,
                    .offers_ntpv4 = request.offers_ntpv4,
                    .compliant = request.compliant_gcm_siv_exporter,
                    .server = std::string{request.server}};
  if (request.aead) verdict.aead = std::to_underlying(*request.aead);
  return verdict;
}

[[nodiscard]] inline KeVerdict read_request(const std::vector<Octets>& reads) {
  nts::KeRequestReader reader;
  // The reader keeps what it needs: each read is gone when the next one comes.
  for (const Octets& read : reads) {
    const Octets passing = read;
    reader.take(bytes_of(passing));
  }
  return verdict_of(reader);
}

}  // namespace pollux::test
