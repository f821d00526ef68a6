#include "nts/core/key_ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "tests/support/any_ring.h"

namespace pollux::nts {
namespace {

using test::any_entropy;
using test::any_ring;
using test::Random;

TEST(KeyRing, HasAKeyInEveryPlace) {
  Random random{1};
  std::array<KeyRing::KeyEntropy, kRingKeys> entropy;
  for (auto& one : entropy) one = any_entropy(random);
  const auto ring = KeyRing::from_entropy(entropy);
  const auto keys = ring.keys();
  std::set<std::uint32_t> places;
  for (std::size_t i = 0; i < kRingKeys; ++i) {
    EXPECT_EQ(keys[i].key, entropy[i].key);
    EXPECT_EQ(keys[i].id >> 2U, entropy[i].id >> 2U);
    places.insert(keys[i].id % 4);
  }
  EXPECT_EQ(places.size(), 4U);
  EXPECT_EQ(ring.current(), keys[2]);
  EXPECT_EQ(ring.next(), keys[3]);
}

TEST(KeyRing, FindsEveryKeyByItsIdAndNoOther) {
  Random random{2};
  for (int round = 0; round < 1'000; ++round) {
    const auto ring = any_ring(random);
    for (const auto& key : ring.keys()) {
      const auto* found = ring.find(key.id);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(*found, key);
      EXPECT_EQ(ring.find(key.id ^ 1U << random.below(32)), nullptr);
    }
  }
}

TEST(KeyRing, SaysWhatAKeyIsFor) {
  Random random{3};
  auto ring = any_ring(random);
  for (int round = 0; round < 9; ++round) {
    const auto keys = ring.keys();
    EXPECT_EQ(ring.use_of(keys[0]), KeyUse::kOld);
    EXPECT_EQ(ring.use_of(keys[1]), KeyUse::kOld);
    EXPECT_EQ(ring.use_of(keys[2]), KeyUse::kCurrent);
    EXPECT_EQ(ring.use_of(keys[3]), KeyUse::kNext);
    EXPECT_EQ(ring.use_of(ring.current()), KeyUse::kCurrent);
    EXPECT_EQ(ring.use_of(ring.next()), KeyUse::kNext);
    ring = ring.rotated(any_entropy(random));
  }
}

TEST(KeyRing, RotatesByOneKey) {
  Random random{4};
  auto ring = any_ring(random);
  for (int round = 0; round < 9; ++round) {
    const auto entropy = any_entropy(random);
    const auto before = ring.keys();
    const auto rotated = ring.rotated(entropy);
    const auto after = rotated.keys();
    EXPECT_EQ(ring.keys(), before);
    EXPECT_EQ(after[0], before[1]);
    EXPECT_EQ(after[1], before[2]);
    EXPECT_EQ(after[2], before[3]);
    EXPECT_EQ(after[3].key, entropy.key);
    EXPECT_EQ(after[3].id, (entropy.id & ~3U) | (before[3].id + 1) % 4);
    EXPECT_EQ(rotated.find(before[0].id), nullptr);
    ring = rotated;
  }
}

// A cookie opens after two rotations; a server that got the ring one rotation late opens what
// another seals.
TEST(KeyRing, KeepsAKeyForTwoRotations) {
  Random random{5};
  const auto ring = any_ring(random);
  const CookieKey sealing = ring.current();
  auto later = ring;
  for (int rotations = 1; rotations <= 3; ++rotations) {
    later = later.rotated(any_entropy(random));
    EXPECT_EQ(later.find(sealing.id) != nullptr, rotations <= 2) << rotations;
    EXPECT_EQ(ring.find(later.current().id) != nullptr, rotations <= 1) << rotations;
  }
}

TEST(KeyRing, IsMadeOfItsOwnKeys) {
  Random random{6};
  auto ring = any_ring(random);
  for (int round = 0; round < 9; ++round) {
    const auto again = KeyRing::from_keys(ring.keys());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, ring);
    EXPECT_EQ(again->current(), ring.current());
    ring = ring.rotated(any_entropy(random));
    EXPECT_NE(*again, ring);
  }
}

TEST(KeyRing, IsNotMadeOfKeysOutOfPlace) {
  const auto made = [](std::array<std::uint32_t, kRingKeys> ids) {
    std::array<CookieKey, kRingKeys> keys;
    for (std::size_t i = 0; i < kRingKeys; ++i) keys[i].id = ids[i];
    return KeyRing::from_keys(keys).has_value();
  };
  EXPECT_TRUE(made({0, 1, 2, 3}));
  EXPECT_TRUE(made({3, 0, 1, 2}));
  EXPECT_TRUE(made({0xffff'ffff, 0xffff'fffc, 0x11, 0x22}));
  EXPECT_FALSE(made({0, 1, 2, 2}));
  EXPECT_FALSE(made({0, 2, 1, 3}));
  EXPECT_FALSE(made({1, 0, 3, 2}));
  EXPECT_FALSE(made({4, 4, 4, 4}));
  EXPECT_FALSE(made({0, 1, 2, 7 + 1}));
}

TEST(KeyRing, LeavesNoKeyInMemory) {
  Random random{7};
  alignas(KeyRing) std::array<std::byte, sizeof(KeyRing)> storage{};
  auto* ring = std::construct_at(reinterpret_cast<KeyRing*>(storage.data()), any_ring(random));
  // Through a volatile pointer: what stands there is of no object any more.
  const auto holds_key = [&storage](const CookieKey& key) {
    const volatile std::byte* memory = storage.data();
    for (std::size_t at = 0; at + kCookieKeyLength <= storage.size(); ++at) {
      std::size_t same = 0;
      while (same < kCookieKeyLength && memory[at + same] == key.key[same]) ++same;
      if (same == kCookieKeyLength) return true;
    }
    return false;
  };
  const auto keys = ring->keys();
  for (const auto& key : keys) EXPECT_TRUE(holds_key(key));
  std::destroy_at(ring);
  for (const auto& key : keys) EXPECT_FALSE(holds_key(key));
}

}  // namespace
}  // namespace pollux::nts
