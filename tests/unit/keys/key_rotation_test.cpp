#include "control/keys/key_rotation.h"

#include <gtest/gtest.h>

namespace pollux::control {
namespace {

using namespace std::chrono_literals;
using Seconds = KeyAge::Seconds;

constexpr auto kWritten = KeyAge::Wall{} + 1'700'000'000s;
constexpr auto kSteady = KeyAge::Steady{} + 1000s;
constexpr auto kInterval = std::chrono::seconds{7 * 24h};

TEST(KeyAge, CountsAcrossARestart) {
  const KeyAge age{Seconds{100}, kWritten, kWritten + 24h, kSteady};
  EXPECT_EQ(age.at(kWritten + 24h, kSteady), Seconds{100 + 86400});
  EXPECT_EQ(age.at(kWritten + 25h, kSteady + 1h), Seconds{100 + 90000});
}

TEST(KeyAge, StepsOfTheClockMoveNothing) {
  const KeyAge age{Seconds{100}, kWritten, kWritten + 24h, kSteady};
  for (const auto step : {-1'000'000h, -24h, -1h, 1h, 1'000'000h}) {
    EXPECT_EQ(age.at(kWritten + 25h + step, kSteady + 1h), Seconds{100 + 90000}) << step.count();
  }
}

// A host without a battery: its clock begins in the past and is set by NTP a minute later.
TEST(KeyAge, ClockThatIsSetAfterTheStart) {
  const KeyAge age{Seconds{0}, kWritten, KeyAge::Wall{} + 5s, kSteady};
  EXPECT_EQ(age.at(KeyAge::Wall{} + 65s, kSteady + 60s), Seconds{60});
  EXPECT_EQ(age.at(kWritten + 72h, kSteady + 61s), Seconds{72 * 3600});
  EXPECT_EQ(age.at(kWritten + 73h, kSteady + 61s + 1h), Seconds{73 * 3600});
}

// A file from the future, which the clock never reaches.
TEST(KeyAge, FileOfTheFuture) {
  const KeyAge age{Seconds{7}, kWritten, kWritten - 1000h, kSteady};
  EXPECT_EQ(age.at(kWritten - 999h, kSteady + 1h), Seconds{7 + 3600});
  EXPECT_EQ(age.at(kWritten - 2000h, kSteady + 1h), Seconds{7 + 3600});
}

TEST(KeyRotation, DueByAge) {
  EXPECT_EQ(next_rotation(Seconds{0}, kInterval), Seconds{kInterval});
  EXPECT_EQ(next_rotation(Seconds{kInterval} - 1s, kInterval), Seconds{1});
  EXPECT_EQ(next_rotation(Seconds{kInterval}, kInterval), Seconds{0});
  EXPECT_EQ(next_rotation(Seconds{1e300}, kInterval), Seconds{0});
  EXPECT_EQ(next_rotation(Seconds{1e300}, std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace pollux::control
