// What cannot work is refused with a sentence that names it, and leaves nothing behind.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/ring_port.h"

namespace pollux::test {
namespace {

std::string refusal_of(const port::DataplaneSettings& settings) {
  try {
    DataplaneRun run{settings};
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

void expect_in_refusal(const port::DataplaneSettings& settings,
                       const std::vector<std::string>& words) {
  const std::string refusal = refusal_of(settings);
  EXPECT_FALSE(refusal.empty());
  for (const auto& word : words) {
    EXPECT_NE(refusal.find(word), std::string::npos) << word << " is not in: " << refusal;
  }
}

class Refusal : public testing::Test {
 protected:
  // A refusal is no reason to refuse what is right.
  void TearDown() override {
    EXPECT_EQ(refusal_of(settings_for({server_port("good", "net_null0")})), "");
  }
};

TEST_F(Refusal, OfTooFewBuffersSaysHowManyAreNeeded) {
  auto settings = settings_for({server_port("wan", "net_null0")});
  settings.buffers = 799;
  expect_in_refusal(settings, {"memory.mbufs = 799", "1 ports", "1 workers", "need 800"});
  settings.buffers = 800;
  EXPECT_EQ(refusal_of(settings), "");
}

TEST_F(Refusal, OfMoreBuffersThanMemory) {
  auto settings = settings_for({server_port("wan", "net_null0")});
  settings.buffers = 4'194'304;
  expect_in_refusal(settings, {"4194304", "memory.megabytes", "memory.mbufs"});
}

TEST_F(Refusal, OfADeviceThatIsNotThere) {
  expect_in_refusal(settings_for({server_port("wan", "net_nothing0")}),
                    {"port wan", "net_nothing0"});
  expect_in_refusal(settings_for({server_port("wan", "0000:7f:1f.7")}), {"port wan", "0000:7f"});
}

TEST_F(Refusal, OfADeviceStringThatSaysNothing) {
  for (const char* nonsense :
       {"", ",", "=", ",,,=,", "a b c", "\xff\xfe", "net_null7,nonsense=1",
        "net_pcap7,rx_pcap=/does/not/exist.pcap", "net_af_packet7,iface=pollux-no-such"}) {
    expect_in_refusal(settings_for({server_port("wan", nonsense)}), {"port wan", nonsense});
  }
}

// The device can be made but not used: it must not be found by the next port of that name.
TEST_F(Refusal, OfADeviceThatCannotBeSetUpRemovesIt) {
  expect_in_refusal(settings_for({server_port("wan", "net_null7,size=0")}),
                    {"port wan", "receive queue 0"});
  EXPECT_EQ(refusal_of(settings_for({server_port("wan", "net_null7")})), "");
}

TEST_F(Refusal, OfTheSecondPortLeavesTheFirstUsable) {
  RingPort ring{"rings"};
  expect_in_refusal(
      settings_for({server_port("lan", ring.device()), server_port("wan", "net_nothing0")}),
      {"port wan"});
}

TEST_F(Refusal, OfADeviceThatAnotherPortHas) {
  expect_in_refusal(
      settings_for({server_port("lan", "net_null3"), server_port("wan", "net_null3,size=90")}),
      {"port wan"});
}

}  // namespace
}  // namespace pollux::test
