#include "ptp/phc/ptp4l_client.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/phc/fake_ptp4l.h"

namespace pollux::phc {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using test::FakePtp4l;
using test::ManagementResponse;
using test::Octets;
using Replies = std::vector<Octets>;

class Ptp4lClientTest : public ::testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kStep{125};

  void step(const FakePtp4l::Change& change = {}) {
    client->poll(now);
    if (ptp4l) asked += ptp4l->serve(change);
    now += kStep;
  }
  void run_for(std::chrono::milliseconds time, const FakePtp4l::Change& change = {}) {
    for (const auto end = now + time; now < end;) step(change);
  }
  [[nodiscard]] std::optional<Ptp4lReport> report() const { return client->report(now); }

  // Applies `change` to every response for a while and expects no report of it.
  void expect_no_report(const FakePtp4l::Change& change, PeerOutcome outcome) {
    run_for(3s, change);
    EXPECT_FALSE(report());
    EXPECT_EQ(client->last_outcome(), outcome);
  }

  control::TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "ptp4l";
  std::filesystem::path own = directory.path() / "own";
  std::optional<FakePtp4l> ptp4l{std::in_place, path};
  std::optional<Ptp4lClient> client{std::in_place,
                                    Ptp4lPeer{.socket = path, .own_socket = own, .domain = 24}};
  std::chrono::steady_clock::time_point now{100h};
  std::size_t asked = 0;
};

TEST_F(Ptp4lClientTest, ReportsTheFourDataSets) {
  step();
  EXPECT_FALSE(report());
  client->poll(now);
  const auto found = report();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->taken, now);
  EXPECT_EQ(found->clock, (message::ClockIdentity{2, 0, 0, 0xff, 0xfe, 0, 0, 2}));
  EXPECT_EQ(found->sets.status.master_offset, -42ns);
  EXPECT_TRUE(found->sets.status.grandmaster_present);
  EXPECT_EQ(found->sets.current.offset_from_master, -42ns);
  EXPECT_EQ(found->sets.current.mean_path_delay, 1us);
  EXPECT_EQ(found->sets.parent.grandmaster_quality.clock_class, 6);
  EXPECT_EQ(found->sets.properties.current_utc_offset, 37);
  EXPECT_TRUE(found->sets.properties.ptp_timescale);
  EXPECT_EQ(client->last_outcome(), PeerOutcome::kAnswered);
}

TEST_F(Ptp4lClientTest, AsksOneRoundASecond) {
  run_for(10s);
  EXPECT_EQ(asked, 40U);
}

TEST_F(Ptp4lClientTest, StartsAtARandomNumber) {
  client->poll(now);
  const auto first = ptp4l->requests().front();
  client.emplace(Ptp4lPeer{.socket = path, .own_socket = own});
  client->poll(now);
  const auto second = ptp4l->requests().front();
  EXPECT_NE(test::slice(first, 20, 10), test::slice(second, 20, 10));  // sourcePortIdentity
}

TEST_F(Ptp4lClientTest, KeepsAReportForFiveSeconds) {
  run_for(1s);
  ASSERT_TRUE(report());
  EXPECT_TRUE(client->report(report()->taken + 5s));
  EXPECT_FALSE(client->report(report()->taken + 5s + 1ns));
}

TEST_F(Ptp4lClientTest, GoesRoundTheSequenceNumbers) {
  // 4 numbers a round: 20,000 rounds pass 65,536 more than once.
  std::size_t reports = 0;
  for (int i = 0; i < 20'000; ++i) {
    step();
    client->poll(now);
    if (report() && report()->taken == now) ++reports;
    now += 1s;
  }
  EXPECT_EQ(reports, 20'000U);
}

TEST_F(Ptp4lClientTest, RemovesItsSocket) {
  run_for(1s);
  EXPECT_TRUE(std::filesystem::is_socket(own));
  client.reset();
  EXPECT_FALSE(std::filesystem::exists(own));
}

TEST_F(Ptp4lClientTest, ReplacesASocketThatIsLeftOver) {
  std::optional<FakePtp4l> crashed{std::in_place, own};
  std::filesystem::rename(own, directory.path() / "kept");
  crashed.reset();
  std::filesystem::rename(directory.path() / "kept", own);
  ASSERT_TRUE(std::filesystem::is_socket(own));
  run_for(1s);
  EXPECT_TRUE(report());
}

TEST_F(Ptp4lClientTest, LeavesALivingSocketAlone) {
  {
    const FakePtp4l another{own};
    run_for(2s);
    EXPECT_FALSE(report());
    EXPECT_TRUE(std::filesystem::is_socket(own));
  }
  run_for(2s);
  EXPECT_TRUE(report());
}

TEST_F(Ptp4lClientTest, LeavesAFileAlone) {
  directory.write("own", "precious");
  run_for(2s);
  EXPECT_FALSE(report());
  client.reset();
  EXPECT_TRUE(std::filesystem::is_regular_file(own));
}

TEST_F(Ptp4lClientTest, NeedsAPathThatFits) {
  client.emplace(Ptp4lPeer{.socket = path, .own_socket = directory.path() / std::string(200, 'x')});
  run_for(1s);
  EXPECT_FALSE(report());
  EXPECT_EQ(client->last_outcome(), PeerOutcome::kAbsent);
}

TEST_F(Ptp4lClientTest, AbsentGivesNoReport) {
  ptp4l.reset();
  run_for(3s);
  EXPECT_FALSE(report());
  EXPECT_EQ(client->last_outcome(), PeerOutcome::kAbsent);
  EXPECT_FALSE(std::filesystem::exists(own));
}

TEST_F(Ptp4lClientTest, ARestartCostsNoReport) {
  run_for(1s);
  ptp4l.reset();
  run_for(2s);
  EXPECT_EQ(client->last_outcome(), PeerOutcome::kAbsent);
  EXPECT_TRUE(report());
  ptp4l.emplace(path);
  ptp4l->parent.clock_class = 7;
  run_for(2s);
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->sets.parent.grandmaster_quality.clock_class, 7);
}

TEST_F(Ptp4lClientTest, AReportExpiresWithItsPtp4l) {
  run_for(1s);
  ptp4l.reset();
  run_for(4s);
  EXPECT_TRUE(report());
  run_for(1s);
  EXPECT_FALSE(report());
}

// One that is stopped does not read either: its queue fills up, which must not block.
TEST_F(Ptp4lClientTest, AHangExpiresTheReport) {
  run_for(1s);
  ASSERT_TRUE(report());
  for (int i = 0; i < 100; ++i) {
    client->poll(now);
    now += kStep;
  }
  EXPECT_FALSE(report());
  EXPECT_EQ(client->last_outcome(), PeerOutcome::kSilent);
  run_for(2s);
  EXPECT_TRUE(report());
}

TEST_F(Ptp4lClientTest, SilenceToOneQuestionIsNoReport) {
  for (const std::uint16_t id :
       {test::kTimeStatusId, test::kCurrentId, test::kParentId, test::kTimePropertiesId})
    expect_no_report(
        [id](const ManagementResponse& good) {
          return good.id == id ? Replies{} : Replies{good.build()};
        },
        PeerOutcome::kSilent);
}

TEST_F(Ptp4lClientTest, RubbishGivesNoReport) {
  test::Random random{1};
  expect_no_report(
      [&random](const ManagementResponse&) {
        return Replies{random.octets(1 + random.below(50)), random.octets(104)};
      },
      PeerOutcome::kBad);
}

TEST_F(Ptp4lClientTest, RubbishBesideTheAnswersDoesNoHarm) {
  test::Random random{1};
  run_for(1s, [&random](const ManagementResponse& good) {
    return Replies{random.octets(104), good.build()};
  });
  EXPECT_TRUE(report());
}

TEST_F(Ptp4lClientTest, CutAndLongAnswersGiveNoReport) {
  for (const std::size_t missing : {1U, 2U, 4U, 50U})
    expect_no_report(
        [missing](const ManagementResponse& good) {
          const auto whole = good.build();
          return Replies{test::slice(whole, 0, whole.size() - missing)};
        },
        PeerOutcome::kBad);
  expect_no_report(
      [](const ManagementResponse& good) {
        auto longer = good;
        longer.data.resize(longer.data.size() + 2);
        return Replies{longer.build()};
      },
      PeerOutcome::kBad);
}

TEST_F(Ptp4lClientTest, AnErrorStatusEndsTheRound) {
  expect_no_report(
      [](const ManagementResponse& good) {
        ManagementResponse refusal = good;
        refusal.tlv_type = 2;
        refusal.id = 0x0006;  // NOT_SUPPORTED
        refusal.data = test::from_hex("2002 00000000");
        return Replies{refusal.build()};
      },
      PeerOutcome::kBad);
}

TEST_F(Ptp4lClientTest, ASecondCopyChangesNothing) {
  run_for(1s, [](const ManagementResponse& good) {
    ManagementResponse copy = good;
    if (copy.id == test::kParentId) copy.data = test::ParentFields{.clock_class = 248}.data();
    return Replies{good.build(), copy.build()};
  });
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->sets.parent.grandmaster_quality.clock_class, 6);
}

TEST_F(Ptp4lClientTest, LateAnswersChangeNothing) {
  Replies late;
  ptp4l->parent.clock_class = 248;
  run_for(1s, [&late](const ManagementResponse& good) {
    late.push_back(good.build());
    return Replies{};
  });
  ptp4l->parent.clock_class = 7;
  // Fewer than fit the queue of a Unix socket, eleven.
  run_for(1s, [&late](const ManagementResponse& good) {
    Replies all{late.back(), good.build()};
    late.pop_back();
    return all;
  });
  EXPECT_TRUE(late.empty());
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->sets.parent.grandmaster_quality.clock_class, 7);
}

TEST_F(Ptp4lClientTest, AnswersToAnotherAreNone) {
  expect_no_report(
      [](const ManagementResponse& good) {
        ManagementResponse other = good;
        other.target[3] ^= 1U;
        return Replies{other.build()};
      },
      PeerOutcome::kBad);
}

TEST_F(Ptp4lClientTest, StrangersCannotSendToIt) {
  client->poll(now);
  const auto requests = ptp4l->requests();
  ASSERT_EQ(requests.size(), 4U);
  for (const auto& request : requests)
    EXPECT_FALSE(ptp4l->send_as_stranger(ptp4l->response_to(request).build()));
  client->poll(now + kStep);
  EXPECT_FALSE(report());
}

TEST_F(Ptp4lClientTest, AnswersOfTwoClocksGiveNoReport) {
  expect_no_report(
      [](const ManagementResponse& good) {
        ManagementResponse response = good;
        if (response.id == test::kParentId) response.source[7] = 9;
        return Replies{response.build()};
      },
      PeerOutcome::kBad);
}

TEST_F(Ptp4lClientTest, AGrandmasterThatChangesDuringTheRoundGivesNoReport) {
  ptp4l->parent.grandmaster = test::from_hex("020000fffe000009");
  expect_no_report({}, PeerOutcome::kBad);
}

}  // namespace
}  // namespace pollux::phc
