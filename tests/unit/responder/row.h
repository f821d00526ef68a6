// One line of a table of behaviour: a frame, what becomes of it, and for answers the whole reply
// judged by the independent checker. For the tests beside this file only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/frame_runner.h"
#include "tests/support/known_clock.h"
#include "tests/support/packet_builder.h"
#include "tests/support/reply_check.h"

namespace pollux::responder {

using test::ipv4_request;
using test::ipv6_request;
using test::NtpFields;
using test::Octets;
using test::run_frame;
using test::RunOptions;
using test::server_settings;

struct Row {
  std::string name;
  Octets frame;
  Verdict verdict;
};

inline std::string name_of(Verdict verdict) { return std::string{info(verdict).name}; }

// What the reply has to follow under these settings.
inline test::ReplyRules rules_for(const PolicySettings& settings, const RunOptions& options = {}) {
  return {.served = test::known_values(options.received, options.sent),
          .server_mac = settings.mac.octets,
          .dscp = settings.dscp,
          .checksums_left_to_port = settings.transmit_checksums};
}

inline void expect_row(const Row& row, const PolicySettings& settings = server_settings(),
                       const RunOptions& options = {}) {
  const auto result = run_frame(settings, row.frame, options);
  EXPECT_EQ(name_of(result.verdict), name_of(row.verdict)) << row.name;
  EXPECT_EQ(result.faults, "") << row.name;
  if (result.verdict != row.verdict) return;
  const auto rules = rules_for(settings, options);
  if (row.verdict == Verdict::reply_plain) {
    EXPECT_EQ(test::faults_of_ntp_reply(row.frame, result.frame, rules), "") << row.name;
  } else if (row.verdict == Verdict::reply_echo) {
    EXPECT_EQ(test::faults_of_echo_reply(row.frame, result.frame, rules), "") << row.name;
  } else if (row.verdict == Verdict::reply_neighbor) {
    EXPECT_EQ(test::faults_of_advertisement(row.frame, result.frame, rules), "") << row.name;
  } else if (row.verdict == Verdict::reply_arp) {
    EXPECT_EQ(test::faults_of_arp_reply(row.frame, result.frame, rules.server_mac), "") << row.name;
  }
}

inline void expect_rows(const std::vector<Row>& rows,
                        const PolicySettings& settings = server_settings(),
                        const RunOptions& options = {}) {
  for (const auto& row : rows) expect_row(row, settings, options);
}

// The same change made to a request of either family.
template <typename Change>
std::vector<Row> both_families(const std::string& name, Verdict verdict, Change change) {
  auto ipv4 = ipv4_request();
  auto ipv6 = ipv6_request();
  change(ipv4);
  change(ipv6);
  return {{name + ", IPv4", ipv4.build(), verdict}, {name + ", IPv6", ipv6.build(), verdict}};
}

}  // namespace pollux::responder
