// The invariants of requests for keys and of the answers to them, for any octets. For the programs
// in this folder only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/harness.h"
#include "tests/support/ke_messages.h"
#include "tests/support/ke_reply_check.h"

namespace pollux::test {

// The first octets of an input say how the others, the request, come: the sizes of as many reads,
// and a last one of what is left.
inline constexpr std::size_t kKeControlOctets = 4;

[[nodiscard]] Octets make_ke_input(const Octets& sizes, const Octets& request);

// What is tested, so that a test can put something wrong in its place.
struct KeSubject {
  // What the server makes of the reads.
  std::function<KeVerdict(const std::vector<Octets>& reads)> read;
  // The whole records in front of `octets`, taken apart and written again.
  std::function<Octets(const Octets& octets)> rewrite;
  // The answer to a request that is complete or refused.
  std::function<Octets(const KeVerdict& request, const KeReplyRules& rules)> answer;
};

[[nodiscard]] KeSubject ke_subject();
[[nodiscard]] std::string faults_of_ke_input(const KeSubject& subject, const Octets& input);

}  // namespace pollux::test
