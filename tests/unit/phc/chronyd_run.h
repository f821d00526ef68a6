// A client with a fake chronyd and a clock that goes on by an eighth of a second with each call.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "ptp/phc/chronyd_client.h"
#include "tests/unit/phc/fake_chronyd.h"

namespace pollux::test {

class ChronydRun : public ::testing::Test {
 protected:
  using Change = FakeChronyd::Change;
  static constexpr std::chrono::milliseconds kStep{125};

  // One call of the client, and then the answers to it.
  void step(const Change& change = {}) {
    client.poll(now);
    if (chronyd) {
      for (const auto& request : chronyd->serve(change)) {
        ++asked;
        if (request.command == FakeChronyd::kTracking) ++rounds;
      }
    }
    now += kStep;
  }

  void run_for(std::chrono::milliseconds time, const Change& change = {}) {
    for (const auto end = now + time; now < end;) step(change);
  }

  [[nodiscard]] std::optional<phc::ChronydReport> report() const { return client.report(now); }

  std::optional<FakeChronyd> chronyd{std::in_place};
  std::uint16_t port = chronyd->port();
  phc::ChronydClient client{"127.0.0.1", port};
  std::chrono::steady_clock::time_point now{std::chrono::hours{100}};
  int rounds = 0;
  int asked = 0;
};

}  // namespace pollux::test
