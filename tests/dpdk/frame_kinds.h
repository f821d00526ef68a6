// Frames of every kind that a worker tells apart, for a port of the server's addresses with VLAN
// 100, and the check of the answer that each gets. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/responder/verdict.h"
#include "tests/support/packet_builder.h"
#include "tests/support/reply_check.h"

namespace pollux::test {

struct FrameKind {
  std::string name;
  responder::Verdict verdict{};
  Frame frame;
  std::optional<Octets> whole;  // where it is no IP packet, or a broken one

  // Different for each number where it holds an NTP message: transmit timestamp and source port.
  [[nodiscard]] Octets build(std::uint64_t number) const;
};

[[nodiscard]] std::vector<FrameKind> frame_kinds(const Mac& server_mac);

// The faults of a reply to a frame with this verdict; empty: none. Receive and transmit time are
// taken from the reply: when they have to lie the caller knows.
[[nodiscard]] std::string faults_of_reply(responder::Verdict verdict, const Octets& request,
                                          const Octets& reply, const Mac& server_mac,
                                          const ServedValues& served);

}  // namespace pollux::test
