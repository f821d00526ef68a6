// Judges an NTP reply by the request alone, without the code under test: everything that behaviour
// asks of an answered request. Pure; for tests and fuzzers only.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/octets.h"
#include "tests/support/packet_builder.h"

namespace pollux::test {

// What the clock says, which the reply has to carry.
struct ServedValues {
  unsigned leap = 0;
  std::uint8_t stratum = 0;
  int precision = 0;
  std::uint32_t root_delay = 0;
  std::uint32_t root_dispersion = 0;
  std::uint32_t reference_id = 0;
  std::uint64_t reference = 0;
  std::uint64_t receive = 0;  // before the bits below the precision are made random
  std::uint64_t transmit = 0;
};

struct ReplyRules {
  ServedValues served;
  Mac server_mac = kServerMac;
  std::uint8_t dscp = 0;
  bool checksums_left_to_port = false;  // IPv4: 0; UDP: sum of the pseudo header
};

// Every fault of `reply` as an answer to `request`, both whole frames, a sentence each; empty:
// none.
[[nodiscard]] std::string faults_of_ntp_reply(const Octets& request, const Octets& reply,
                                              const ReplyRules& rules);

// The same for a ping (RFC 792, RFC 4443): turned round, same data, right checksums.
[[nodiscard]] std::string faults_of_echo_reply(const Octets& request, const Octets& reply,
                                               const ReplyRules& rules);

// And for an ARP request (RFC 826) that asked for an address of `rules.server_mac`.
[[nodiscard]] std::string faults_of_arp_reply(const Octets& request, const Octets& reply,
                                              const Mac& server_mac);

// And for a neighbour solicitation (RFC 4861 §7.2.4).
[[nodiscard]] std::string faults_of_advertisement(const Octets& request, const Octets& reply,
                                                  const ReplyRules& rules);

}  // namespace pollux::test
