#include "control/daemon/nts_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/keys/key_rings.h"
#include "tests/unit/keys/run_until.h"

namespace pollux::control {
namespace {

class NtsKeysTest : public testing::Test {
 protected:
  NtsKeysTest() {
    config_.nts.enabled = true;
    config_.nts.key_file = file_;
  }
  NtsKeys follow() {
    return {loop_, config_, [this](const nts::KeyRing& ring) { rings_.push_back(ring); }};
  }
  void save(unsigned rotations, double age = 0) const {
    ASSERT_TRUE(save_keys(file_, {.ring = ring_of(rotations), .age_seconds = age}, own_access()));
  }

  TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "ntskeys";
  Config config_;
  EventLoop loop_;
  std::vector<nts::KeyRing> rings_;
};

TEST_F(NtsKeysTest, DisabledReadsNothing) {
  save(0);
  config_.nts.enabled = false;
  config_.nts.key_group = "no-such-group";
  NtsKeys keys = follow();
  keys.look();
  EXPECT_TRUE(rings_.empty());
  EXPECT_FALSE(keys.warning());
  EXPECT_EQ(keys.document(), (nlohmann::json{{"enabled", false},
                                             {"key_file", file_.string()},
                                             {"trouble", nullptr},
                                             {"keys", nlohmann::json::array()},
                                             {"loaded", nullptr}}));
}

TEST_F(NtsKeysTest, PassesRingsOnAndTellsIds) {
  save(0, 100);
  NtsKeys keys = follow();
  ASSERT_EQ(rings_.size(), 1U);
  EXPECT_EQ(rings_[0], ring_of(0));
  save(1);
  EXPECT_TRUE(run_until(loop_, [this] { return rings_.size() == 2; }));
  EXPECT_EQ(rings_[1], ring_of(1));
  EXPECT_FALSE(keys.warning());
  const auto document = keys.document();
  EXPECT_TRUE(document["enabled"]);
  EXPECT_TRUE(document["trouble"].is_null());
  EXPECT_TRUE(document["loaded"].is_string());
  ASSERT_EQ(document["keys"].size(), 4U);
  EXPECT_EQ(document["keys"][2]["id"], "03030303");
  EXPECT_EQ(document["keys"][2]["use"], "current");
  EXPECT_NEAR(document["keys"][2]["age_s"].get<double>(), 0, 10);
}

TEST_F(NtsKeysTest, TroubleIsAWarningAndNoEnd) {
  NtsKeys keys = follow();
  EXPECT_EQ(keys.warning(), "NTS: " + file_.string() + ": does not exist; there are no keys yet");
  save(0);
  keys.look();
  EXPECT_FALSE(keys.warning());
  chmod(file_.c_str(), 0644);
  keys.look();
  const std::string reason =
      file_.string() + ": has mode 0644, 0600 is the most that it may have without nts.key_group";
  EXPECT_EQ(keys.warning(), "NTS: " + reason + "; the keys that were read before stay in force");
  EXPECT_EQ(keys.document()["trouble"], reason);
  EXPECT_EQ(keys.document()["keys"].size(), 4U);
  EXPECT_EQ(rings_.size(), 1U);
}

TEST_F(NtsKeysTest, UnknownGroupEndsTheStart) {
  config_.nts.key_group = "no-such-group";
  EXPECT_THROW(follow(), std::runtime_error);
}

// No octet of a key gets into what everybody may read.
TEST_F(NtsKeysTest, NoKeyInTheDocument) {
  save(0);
  const NtsKeys keys = follow();
  const std::string text = text_of(file_);
  const std::string key = text.substr(text.size() - 65, 64);
  ASSERT_EQ(key.find_first_not_of("0123456789ABCDEF"), std::string::npos);
  EXPECT_FALSE(keys.document().dump().contains(key.substr(0, 16)));
}

}  // namespace
}  // namespace pollux::control
