// The harness of back ends finds each of these faults with the seeds of its corpus.
#include <gtest/gtest.h>

#include <functional>

#include "nts/aead/reference.h"
#include "tests/fuzz/aead.h"

namespace pollux::test {
namespace {

// The reference back end, with something done to what comes of it.
class ChangedAead final : public nts::Aead {
 public:
  std::function<void(nts::CookieOpening&)> change_cookie_opening = [](auto&) {};
  std::function<void(const nts::CookieSealing&)> change_cookie_sealing = [](auto&) {};
  std::function<void(nts::Opening&)> change_opening = [](auto&) {};
  std::function<void(const nts::Sealing&)> change_sealing = [](auto&) {};
  bool always_done = false;

  void open_cookies(std::span<nts::CookieOpening> openings) noexcept override {
    reference_.open_cookies(openings);
    for (auto& opening : openings) change_cookie_opening(opening);
  }
  bool seal_cookies(std::span<const nts::CookieSealing> sealings) noexcept override {
    const bool done = reference_.seal_cookies(sealings);
    for (const auto& sealing : sealings) change_cookie_sealing(sealing);
    return done || always_done;
  }
  void open(std::span<nts::Opening> openings) noexcept override {
    reference_.open(openings);
    for (auto& opening : openings) change_opening(opening);
  }
  bool seal(std::span<const nts::Sealing> sealings) noexcept override {
    const bool done = reference_.seal(sealings);
    for (const auto& sealing : sealings) change_sealing(sealing);
    return done || always_done;
  }
  void fill_nonce(std::span<std::byte> nonce) noexcept override { reference_.fill_nonce(nonce); }
  [[nodiscard]] std::string_view name() const noexcept override { return "changed"; }

 private:
  nts::ReferenceAead reference_;
};

std::string faults_of(ChangedAead& changed) {
  nts::ReferenceAead reference;
  std::string faults;
  for (const auto& input : corpus_inputs())
    faults += faults_of_aead(changed, reference, input.octets);
  return faults;
}

void expect_found(ChangedAead& changed, const std::string& fault) {
  const auto faults = faults_of(changed);
  EXPECT_NE(faults.find(fault), std::string::npos) << "found only: " << faults;
}

TEST(AeadHarness, HasNothingAgainstTheReference) {
  ChangedAead unchanged;
  EXPECT_EQ(faults_of(unchanged), "");
}

TEST(AeadHarness, FindsATagThatIsNotChecked) {
  ChangedAead changed;
  changed.change_opening = [](nts::Opening& opening) { opening.good = true; };
  expect_found(changed, "opens what is not");
  ChangedAead cookies;
  cookies.change_cookie_opening = [](nts::CookieOpening& opening) { opening.good = true; };
  expect_found(cookies, "opens what is not");
}

TEST(AeadHarness, FindsPlaintextThatIsLeft) {
  ChangedAead changed;
  changed.change_opening = [](nts::Opening& opening) {
    if (!opening.good && !opening.plaintext.empty()) opening.plaintext.back() = std::byte{1};
  };
  expect_found(changed, "leaves something of what it refuses");
}

TEST(AeadHarness, FindsAnOctetThatIsSealedOtherwise) {
  ChangedAead changed;
  changed.change_sealing = [](const nts::Sealing& sealing) {
    if (sealing.sealed.size() > 16) sealing.sealed[16] ^= std::byte{1};
  };
  expect_found(changed, "messages are sealed to other octets");
  ChangedAead cookies;
  cookies.change_cookie_sealing = [](const nts::CookieSealing& sealing) {
    sealing.cookie.back() ^= std::byte{1};
  };
  expect_found(cookies, "cookies are sealed to other octets");
}

TEST(AeadHarness, FindsOneThatSaysThatAllIsSealed) {
  ChangedAead changed;
  changed.always_done = true;
  expect_found(changed, "says that it sealed all");
}

TEST(AeadHarness, FindsAWriteInFrontOfABuffer) {
  ChangedAead changed;
  changed.change_sealing = [](const nts::Sealing& sealing) {
    sealing.sealed.data()[-1] = std::byte{1};
  };
  expect_found(changed, "written in front");
}

}  // namespace
}  // namespace pollux::test
