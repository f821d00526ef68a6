// A chronyd that is not there, does not answer, or answers what it should not.
#include <gtest/gtest.h>

#include "tests/unit/phc/chronyd_run.h"

namespace pollux::phc {
namespace {

using namespace std::chrono_literals;
using test::ChronyRequest;
using test::FakeChronyd;
using test::Octets;
using test::SourceFields;
using Replies = std::vector<Octets>;

using ChronydTroubleTest = test::ChronydRun;

TEST_F(ChronydTroubleTest, AbsentGivesNoReport) {
  chronyd.reset();
  run_for(3s);
  EXPECT_FALSE(report());
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kAbsent);
}

TEST_F(ChronydTroubleTest, AnAddressThatIsNoneGivesNoReport) {
  ChronydClient nowhere{"localhost", port};
  nowhere.poll(now);
  EXPECT_FALSE(nowhere.report(now));
  EXPECT_EQ(nowhere.last_outcome(), PeerOutcome::kAbsent);
}

TEST_F(ChronydTroubleTest, ARestartCostsNoReport) {
  run_for(1s);
  ASSERT_TRUE(report());
  chronyd.reset();
  run_for(2s);
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kAbsent);
  EXPECT_TRUE(report());
  chronyd.emplace(port);
  chronyd->tracking.stratum = 9;
  run_for(2s);
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->stratum, 9);
}

TEST_F(ChronydTroubleTest, AReportExpiresWithItsChronyd) {
  run_for(1s);
  chronyd.reset();
  run_for(4s);
  EXPECT_TRUE(report());
  run_for(1s);
  EXPECT_FALSE(report());
}

TEST_F(ChronydTroubleTest, SilenceEndsARoundAndExpiresTheReport) {
  run_for(1s);
  ASSERT_TRUE(report());
  const auto hang = [](const ChronyRequest&, const Octets&) { return Replies{}; };
  run_for(2500ms, hang);
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kSilent);
  EXPECT_TRUE(report());
  run_for(3s, hang);
  EXPECT_FALSE(report());
}

TEST_F(ChronydTroubleTest, SilenceToOneQuestionIsNoReport) {
  for (const std::uint16_t command :
       {FakeChronyd::kTracking, FakeChronyd::kCount, FakeChronyd::kSource}) {
    run_for(3s, [command](const ChronyRequest& request, const Octets& good) {
      return request.command == command ? Replies{} : Replies{good};
    });
    EXPECT_FALSE(report()) << command;
    EXPECT_EQ(client.last_outcome(), PeerOutcome::kSilent) << command;
  }
}

TEST_F(ChronydTroubleTest, ComesBackAfterAHang) {
  run_for(3s, [](const ChronyRequest&, const Octets&) { return Replies{}; });
  run_for(2s);
  EXPECT_TRUE(report());
}

TEST_F(ChronydTroubleTest, RubbishGivesNoReport) {
  test::Random random{1};
  run_for(3s, [&random](const ChronyRequest&, const Octets& good) {
    return Replies{
        {}, random.octets(1 + random.below(40)), random.octets(good.size()), random.octets(1'400)};
  });
  EXPECT_FALSE(report());
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kBad);
}

TEST_F(ChronydTroubleTest, RubbishBesideTheAnswersDoesNoHarm) {
  test::Random random{1};
  run_for(1s, [&random](const ChronyRequest&, const Octets& good) {
    return Replies{random.octets(good.size()), good, random.octets(3)};
  });
  EXPECT_TRUE(report());
}

TEST_F(ChronydTroubleTest, ACutAnswerGivesNoReport) {
  for (const std::size_t missing : {1U, 4U, 40U, 70U}) {
    run_for(2s, [missing](const ChronyRequest& request, const Octets& good) {
      if (request.command != FakeChronyd::kSource) return Replies{good};
      return Replies{test::slice(good, 0, good.size() - missing)};
    });
    EXPECT_FALSE(report()) << missing;
  }
}

TEST_F(ChronydTroubleTest, ALongAnswerGivesNoReport) {
  run_for(2s, [](const ChronyRequest&, Octets good) {
    good.push_back(0);
    return Replies{good};
  });
  EXPECT_FALSE(report());
}

TEST_F(ChronydTroubleTest, ASecondCopyChangesNothing) {
  chronyd->sources = {{.stratum = 2}, {.stratum = 4}};
  run_for(1s, [](const ChronyRequest& request, const Octets& good) {
    // The copy of a source claims another stratum.
    Octets copy = good;
    if (request.command == FakeChronyd::kSource) test::set16(copy, 28 + 22, 9);
    return Replies{good, copy};
  });
  ASSERT_TRUE(report());
  ASSERT_EQ(report()->source_count, 2U);
  EXPECT_EQ(report()->sources[0].stratum, 2);
  EXPECT_EQ(report()->sources[1].stratum, 4);
}

TEST_F(ChronydTroubleTest, LateAnswersChangeNothing) {
  std::vector<Octets> late;
  chronyd->tracking.stratum = 9;
  run_for(1s, [&late](const ChronyRequest&, const Octets& good) {
    late.push_back(good);
    return Replies{};
  });
  chronyd->tracking.stratum = 3;
  run_for(1s, [&late](const ChronyRequest&, const Octets& good) {
    Replies all = late;
    all.push_back(good);
    return all;
  });
  EXPECT_FALSE(late.empty());
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->stratum, 3);
}

TEST_F(ChronydTroubleTest, OnlyLateAnswersGiveNoReport) {
  std::vector<Octets> late;
  run_for(6s, [&late](const ChronyRequest&, const Octets& good) {
    late.push_back(good);
    if (late.size() < 3) return Replies{};
    const Octets old = late.front();
    late.erase(late.begin());
    return Replies{old};
  });
  EXPECT_FALSE(report());
}

TEST_F(ChronydTroubleTest, AnswersOfStrangersChangeNothing) {
  client.poll(now);
  for (const auto& request : chronyd->requests())
    chronyd->send_as_stranger(chronyd->reply_to(request).build());
  now += kStep;
  client.poll(now);
  EXPECT_TRUE(chronyd->requests().empty());  // nothing moved the round on
}

TEST_F(ChronydTroubleTest, AnotherSequenceGivesNoReport) {
  run_for(3s, [](const ChronyRequest& request, Octets good) {
    const auto wrong = request.sequence ^ 0x8000'0000U;
    test::set16(good, 16, wrong >> 16U);
    return Replies{good};
  });
  EXPECT_FALSE(report());
}

TEST_F(ChronydTroubleTest, ARefusalEndsTheRound) {
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{1, 2, 4, 18, 19}) {
    run_for(1s, [status](const ChronyRequest& request, const Octets&) {
      return Replies{test::ChronyReply{
          .command = request.command, .type = 1, .status = status, .sequence = request.sequence}
                         .build()};
    });
    EXPECT_FALSE(report());
    EXPECT_EQ(client.last_outcome(), PeerOutcome::kBad);
  }
}

TEST_F(ChronydTroubleTest, FewerSourcesThanSaidGiveNoReport) {
  chronyd->sources = {{}, {}};
  run_for(3s, [this](const ChronyRequest& request, const Octets& good) {
    if (request.command != FakeChronyd::kCount) return Replies{good};
    return Replies{test::source_count_reply(request.sequence, 3).build()};
  });
  EXPECT_FALSE(report());
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kBad);
}

TEST_F(ChronydTroubleTest, AListThatChangesDuringTheRoundGivesNoReport) {
  chronyd->sources = {{}, {}};
  std::uint32_t answers = 0;
  run_for(3s, [&answers](const ChronyRequest& request, const Octets& good) {
    if (request.command != FakeChronyd::kCount) return Replies{good};
    // First 1 and then 2 in each round.
    return Replies{test::source_count_reply(request.sequence, 1 + answers++ % 2).build()};
  });
  EXPECT_GT(answers, 2U);
  EXPECT_FALSE(report());
  EXPECT_EQ(client.last_outcome(), PeerOutcome::kBad);
}

TEST_F(ChronydTroubleTest, ABillionSourcesAreSixteen) {
  chronyd->sources.assign(16, SourceFields{});
  run_for(1s, [](const ChronyRequest& request, const Octets& good) {
    if (request.command != FakeChronyd::kCount) return Replies{good};
    return Replies{test::source_count_reply(request.sequence, 0xffff'ffff).build()};
  });
  ASSERT_TRUE(report());
  EXPECT_EQ(report()->source_count, 16U);
}

TEST_F(ChronydTroubleTest, AFloodDoesNotHoldTheCaller) {
  client.poll(now);
  const auto asked_now = chronyd->requests();
  for (int i = 0; i < 100; ++i) chronyd->send(Octets(40));
  for (const auto& request : asked_now) chronyd->send(chronyd->reply_to(request).build());
  now += kStep;
  client.poll(now);
  EXPECT_TRUE(chronyd->requests().empty());  // the answers are behind the first 64
  now += kStep;
  client.poll(now);
  EXPECT_FALSE(chronyd->requests().empty());
}

}  // namespace
}  // namespace pollux::phc
