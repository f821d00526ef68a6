#include "control/ke/certificate_keeper.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/pem_certificate.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::ke {
namespace {

using namespace std::chrono_literals;
using control::EventLoop;

class KeCertificateKeeper : public testing::Test {
 protected:
  static test::PemCertificate make(const std::string& name) {
    return test::make_certificate({.common_name = name});
  }

  // As renewal programs do it: a new file takes the place of the old one.
  void put(const std::string& file, const std::string& text) {
    const auto fresh = directory_.write(file + ".new", text);
    ::chmod(fresh.c_str(), 0600);
    std::filesystem::rename(fresh, directory_.path() / file);
  }
  void put(const test::PemCertificate& pem) {
    put("chain.pem", pem.chain);
    put("key.pem", pem.key);
  }

  [[nodiscard]] nts::CertificateFiles files() const {
    return {.chain = directory_.path() / "chain.pem", .private_key = directory_.path() / "key.pem"};
  }

  void keep(std::chrono::milliseconds interval = 1h) {
    keeper_.emplace(
        loop_, files(),
        [this](const auto& certificate) { came_.push_back(certificate->facts().subject); },
        CertificateKeeper::Pace{.settling = 50ms, .interval = interval});
  }

  [[nodiscard]] std::string in_force() const { return keeper_->certificate()->facts().subject; }

  // Runs the loop until the condition holds, five seconds at most.
  bool soon(const auto& condition) {
    const auto end = EventLoop::Clock::now() + 5s;
    while (!condition() && EventLoop::Clock::now() < end) loop_.run_once(20ms);
    return condition();
  }
  void run_for(std::chrono::milliseconds time) {
    const auto end = EventLoop::Clock::now() + time;
    while (EventLoop::Clock::now() < end) loop_.run_once(10ms);
  }

  control::TemporaryDirectory directory_;
  EventLoop loop_;
  std::vector<std::string> came_;
  std::optional<CertificateKeeper> keeper_;
};

TEST_F(KeCertificateKeeper, BadFilesAtTheStart) {
  try {
    keep();
    FAIL() << "no files, and no complaint";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), files().chain.string() + ": cannot be read: No such file or directory");
  }
}

TEST_F(KeCertificateKeeper, FollowsItsFiles) {
  put(make("one"));
  keep();
  EXPECT_EQ(in_force(), "CN=one");
  EXPECT_TRUE(came_.empty());
  put(make("two"));
  EXPECT_TRUE(soon([&] { return in_force() == "CN=two"; }));
  EXPECT_EQ(came_, std::vector<std::string>{"CN=two"});
  EXPECT_FALSE(keeper_->trouble());
}

// The old pair stays in force until the new one is whole.
TEST_F(KeCertificateKeeper, ChainAndKeyComeOneAfterTheOther) {
  put(make("one"));
  keep();
  const auto next = make("two");
  put("chain.pem", next.chain);
  EXPECT_TRUE(soon([&] { return keeper_->trouble().has_value(); }));
  EXPECT_EQ(keeper_->trouble(), files().private_key.string() +
                                    ": does not fit the first certificate of " +
                                    files().chain.string());
  EXPECT_EQ(in_force(), "CN=one");
  put("key.pem", next.key);
  EXPECT_TRUE(soon([&] { return in_force() == "CN=two"; }));
  EXPECT_FALSE(keeper_->trouble());
}

TEST_F(KeCertificateKeeper, BothWithinTheTimeForThatMakeNoTrouble) {
  put(make("one"));
  keep();
  const auto next = make("two");
  put("key.pem", next.key);
  run_for(20ms);
  put("chain.pem", next.chain);
  bool trouble = false;
  EXPECT_TRUE(soon([&] {
    trouble = trouble || keeper_->trouble();
    return in_force() == "CN=two";
  }));
  EXPECT_FALSE(trouble);
}

TEST_F(KeCertificateKeeper, MisfitAndBack) {
  const auto one = make("one");
  put(one);
  keep();
  put("key.pem", make("two").key);
  EXPECT_TRUE(soon([&] { return keeper_->trouble().has_value(); }));
  put("key.pem", one.key);
  EXPECT_TRUE(soon([&] { return !keeper_->trouble(); }));
  EXPECT_EQ(in_force(), "CN=one");
}

TEST_F(KeCertificateKeeper, FilesThatGoAndComeBack) {
  const auto one = make("one");
  put(one);
  keep();
  std::filesystem::remove(files().chain);
  EXPECT_TRUE(soon([&] { return keeper_->trouble().has_value(); }));
  EXPECT_EQ(in_force(), "CN=one");
  put("chain.pem", one.chain);
  EXPECT_TRUE(soon([&] { return !keeper_->trouble(); }));
}

// Links, of which only the target changes: there is no hint in the directory.
TEST_F(KeCertificateKeeper, LooksNowAndThenWithoutAHint) {
  const control::TemporaryDirectory elsewhere;
  const auto place = [&](const test::PemCertificate& pem) {
    elsewhere.write("chain.pem", pem.chain);
    ::chmod(elsewhere.write("key.pem", pem.key).c_str(), 0600);
  };
  place(make("one"));
  std::filesystem::create_symlink(elsewhere.path() / "chain.pem", files().chain);
  std::filesystem::create_symlink(elsewhere.path() / "key.pem", files().private_key);
  keep(200ms);
  place(make("two"));
  EXPECT_TRUE(soon([&] { return in_force() == "CN=two"; }));
}

TEST_F(KeCertificateKeeper, DirectoryThatIsReplaced) {
  const auto folder = directory_.path() / "live";
  const auto place = [&](const std::string& name) {
    const auto pem = make(name);
    directory_.write("new/chain.pem", pem.chain);
    ::chmod(directory_.write("new/key.pem", pem.key).c_str(), 0600);
    std::filesystem::remove_all(folder);
    std::filesystem::rename(directory_.path() / "new", folder);
  };
  place("one");
  keeper_.emplace(loop_, nts::CertificateFiles{folder / "chain.pem", folder / "key.pem"}, nullptr,
                  CertificateKeeper::Pace{.settling = 50ms, .interval = 200ms});
  for (const char* name : {"two", "three"}) {
    place(name);
    EXPECT_TRUE(soon([&] { return in_force() == std::string{"CN="} + name; })) << in_force();
  }
}

// What is out of date does not take the place of what is good, but of what is not good either.
TEST_F(KeCertificateKeeper, Dates) {
  const auto expired = test::make_certificate({.common_name = "old", .begins = -48h, .ends = -24h});
  put(expired);
  keep();
  EXPECT_EQ(in_force(), "CN=old") << "the clock may be wrong at the start";
  put(test::make_certificate({.common_name = "future", .begins = 24h}));
  EXPECT_TRUE(soon([&] { return in_force() == "CN=future"; }));
  put(make("good"));
  EXPECT_TRUE(soon([&] { return in_force() == "CN=good"; }));
  put(expired);
  EXPECT_TRUE(soon([&] { return keeper_->trouble().has_value(); }));
  EXPECT_NE(keeper_->trouble()->find(": the certificate expired on 2"), std::string::npos);
  EXPECT_EQ(in_force(), "CN=good");
}

// A refused one is tried again although it is the same: its time may have come.
TEST_F(KeCertificateKeeper, ItsTimeComes) {
  put(make("one"));
  keep(300ms);
  put(test::make_certificate({.common_name = "soon", .begins = 2s}));
  EXPECT_TRUE(soon([&] { return keeper_->trouble().has_value(); }));
  EXPECT_TRUE(soon([&] { return in_force() == "CN=soon"; }));
}

TEST_F(KeCertificateKeeper, LoadChangesNothing) {
  put(make("one"));
  keep();
  const control::TemporaryDirectory elsewhere;
  const auto two = make("two");
  const nts::CertificateFiles others{elsewhere.write("chain.pem", two.chain),
                                     elsewhere.write("key.pem", two.key)};
  ::chmod(others.private_key.c_str(), 0600);
  auto candidate = keeper_->load(others);
  ASSERT_TRUE(candidate) << candidate.error();
  EXPECT_EQ(in_force(), "CN=one");
  keeper_->use(std::move(*candidate));
  EXPECT_EQ(in_force(), "CN=two");
  const auto three = make("three");
  elsewhere.write("chain.pem", three.chain);
  elsewhere.write("key.pem", three.key);
  EXPECT_TRUE(soon([&] { return in_force() == "CN=three"; })) << "the new files are followed";
  EXPECT_FALSE(keeper_->load({elsewhere.path() / "none", elsewhere.path() / "none"}));
}

}  // namespace
}  // namespace pollux::ke
