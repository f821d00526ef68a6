#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include "control/cli/verbs.h"
#include "control/service/event_loop.h"
#include "control/service/observe.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::cli {
namespace {

using control::EventLoop;
using control::ObserveServer;
using std::chrono::milliseconds;

constexpr const char* kGoodDocument = R"({"state":"synchronised","status":"good time"})";
constexpr const char* kBadDocument = R"({"state":"unsynchronised","status":"no time yet"})";

class WaitsyncTest : public testing::Test {
 protected:
  void serve() {
    server_ = ObserveServer::open(loop_, directory_.make("polluxd") / "observe.sock", [this] {
                return std::string{synchronised ? kGoodDocument : kBadDocument};
              }).value();
  }
  void answer() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) loop_.run_once(milliseconds(10));
    });
  }
  int wait(double seconds) {
    std::ostringstream output;
    std::ostringstream errors;
    const auto begin = std::chrono::steady_clock::now();
    const int status = waitsync(socket_paths(directory_.path()),
                                std::chrono::duration<double>(seconds), {output, errors});
    took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    said = output.str();
    complained = errors.str();
    return status;
  }

  std::atomic<bool> synchronised{false};
  double took = 0;
  std::string said;
  std::string complained;

 private:
  control::TemporaryDirectory directory_;
  EventLoop loop_;
  std::unique_ptr<ObserveServer> server_;
  std::jthread thread_;
};

TEST_F(WaitsyncTest, GoodAtOnce) {
  synchronised = true;
  serve();
  answer();
  EXPECT_EQ(wait(5), kGood);
  EXPECT_EQ(said, "good time\n");
  EXPECT_LT(took, 1);
  EXPECT_EQ(wait(0), kGood);
}

TEST_F(WaitsyncTest, DegradedWhenTheTimeIsOver) {
  serve();
  answer();
  EXPECT_EQ(wait(0.5), kDegraded);
  EXPECT_EQ(complained, "polluxctl: no time yet\n");
  EXPECT_GE(took, 0.5);
  EXPECT_LT(took, 1.5);
}

TEST_F(WaitsyncTest, ErrorWhereNobodyIs) {
  EXPECT_EQ(wait(0.3), kError);
  EXPECT_NE(complained.find("is polluxd running?"), std::string::npos) << complained;
  EXPECT_GE(took, 0.3);
}

TEST_F(WaitsyncTest, SynchronisedWhileItWaits) {
  serve();
  answer();
  const std::jthread later([this] {
    std::this_thread::sleep_for(milliseconds(300));
    synchronised = true;
  });
  EXPECT_EQ(wait(5), kGood);
  EXPECT_GE(took, 0.3);
  EXPECT_LT(took, 2);
}

TEST_F(WaitsyncTest, ComesUpLate) {
  synchronised = true;
  const std::jthread later([this] {
    std::this_thread::sleep_for(milliseconds(300));
    serve();
    answer();
  });
  EXPECT_EQ(wait(5), kGood);
  EXPECT_EQ(said, "good time\n");
}

TEST_F(WaitsyncTest, SilenceEndsInTime) {
  serve();  // connections are made, nobody answers them
  EXPECT_EQ(wait(0.2), kError);
  EXPECT_LT(took, 2);
}

}  // namespace
}  // namespace pollux::cli
