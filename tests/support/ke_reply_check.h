// Judges a server's answer in NTS key establishment by RFC 8915 §4, without a line of the code
// under test. Pure; for tests only.
#pragma once

#include <string>

#include "tests/support/ke_messages.h"

namespace pollux::test {

// What a server's answer may have beside what the request asks for.
struct KeReplyRules {
  std::string server;  // empty: no record for it
  unsigned port = 123;
  std::size_t cookies = 8;
};

// Every rule that an answer to a complete request breaks, in words; empty: none.
[[nodiscard]] std::string faults_of_ke_reply(const KeVerdict& request, const Octets& reply,
                                             const KeReplyRules& rules);

// The same for one that says that the request was refused.
[[nodiscard]] std::string faults_of_ke_error(unsigned error, const Octets& reply);

}  // namespace pollux::test
