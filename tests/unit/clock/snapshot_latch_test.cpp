#include "ptp/clock/snapshot_latch.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>
#include <vector>

namespace pollux::clock {
namespace {

using Words = std::array<std::uint64_t, sizeof(Snapshot) / sizeof(std::uint64_t)>;

std::uint64_t word_of(std::uint64_t number, std::size_t index) {
  return (number + 1) * 0x9e37'79b9'7f4a'7c15 * (2 * index + 1);
}

// A snapshot in which every word tells which one it belongs to.
Snapshot numbered(std::uint64_t number) {
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = word_of(number, i);
  auto snapshot = std::bit_cast<Snapshot>(words);
  snapshot.updates = number;
  return snapshot;
}

bool is_whole(const Snapshot& snapshot) {
  const auto wanted = std::bit_cast<Words>(numbered(snapshot.updates));
  return std::bit_cast<Words>(snapshot) == wanted;
}

TEST(SnapshotLatch, NothingBeforeTheFirstPublish) {
  const SnapshotLatch latch;
  Snapshot copy = numbered(7);
  std::uint64_t seen = 0;
  EXPECT_FALSE(latch.refresh(copy, seen));
  EXPECT_EQ(seen, 0U);
  EXPECT_EQ(copy.updates, 7U);
  EXPECT_EQ(latch.sequence(), 0U);
}

TEST(SnapshotLatch, GivesTheNewestOnce) {
  SnapshotLatch latch;
  Snapshot copy;
  std::uint64_t seen = 0;
  for (std::uint64_t number = 1; number < 10; ++number) {
    latch.publish(numbered(number * 2));
    latch.publish(numbered(number * 2 + 1));
    EXPECT_TRUE(latch.refresh(copy, seen));
    EXPECT_EQ(copy.updates, number * 2 + 1);
    EXPECT_TRUE(is_whole(copy));
    EXPECT_FALSE(latch.refresh(copy, seen));
  }
  EXPECT_EQ(latch.sequence(), 18U);
}

TEST(SnapshotLatch, ReadersDoNotDisturbEachOther) {
  SnapshotLatch latch;
  latch.publish(numbered(1));
  Snapshot first;
  Snapshot second;
  std::uint64_t seen_first = 0;
  std::uint64_t seen_second = 0;
  EXPECT_TRUE(latch.refresh(first, seen_first));
  latch.publish(numbered(2));
  EXPECT_TRUE(latch.refresh(second, seen_second));
  EXPECT_EQ(first.updates, 1U);
  EXPECT_EQ(second.updates, 2U);
}

TEST(SnapshotLatch, AMixtureOfTwoSnapshotsWouldBeNoticed) {
  for (std::size_t cut = 1; cut < Words{}.size(); ++cut) {
    auto words = std::bit_cast<Words>(numbered(100));
    const auto newer = std::bit_cast<Words>(numbered(101));
    std::copy_n(newer.begin(), cut, words.begin());
    EXPECT_FALSE(is_whole(std::bit_cast<Snapshot>(words))) << cut;
  }
}

// What readers saw while somebody wrote.
struct Seen {
  std::uint64_t reads = 0;
  std::uint64_t torn = 0;
  std::uint64_t backward = 0;
};

Seen read_until(const SnapshotLatch& latch, const std::atomic<bool>& stop,
                std::atomic<int>& satisfied) {
  constexpr std::uint64_t kEnough = 1'000;
  Seen result;
  Snapshot copy;
  std::uint64_t seen = 0;
  std::uint64_t newest = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    if (!latch.refresh(copy, seen)) continue;
    if (++result.reads == kEnough) ++satisfied;
    if (!is_whole(copy)) ++result.torn;
    if (copy.updates < newest) ++result.backward;
    newest = copy.updates;
  }
  return result;
}

TEST(SnapshotLatch, NeverTornWhileTheWriterRunsAtFullSpeed) {
  SnapshotLatch latch;
  std::atomic<bool> stop{false};
  std::atomic<int> satisfied{0};
  std::array<Seen, 2> results;
  {
    std::vector<std::jthread> readers;
    for (auto& result : results) {
      readers.emplace_back([&] { result = read_until(latch, stop, satisfied); });
    }
    // Long enough for every reader to come through often, however busy the machine is.
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [start] { return std::chrono::steady_clock::now() - start; };
    for (std::uint64_t number = 1; elapsed() < std::chrono::milliseconds{500} ||
                                   (satisfied < 2 && elapsed() < std::chrono::seconds{60});
         ++number) {
      latch.publish(numbered(number));
      // Now and then slow enough for readers to come through between two publishes.
      if (number % 1'024 == 0) std::this_thread::sleep_for(std::chrono::microseconds{20});
    }
    stop = true;
  }
  for (const auto& result : results) {
    EXPECT_GE(result.reads, 1'000U);
    EXPECT_EQ(result.torn, 0U);
    EXPECT_EQ(result.backward, 0U);
  }
}

// A signal handler holds a thread wherever it happens to be.
std::atomic<int> held{0};
std::atomic<int> let_go{0};

void hold(int) {
  const int number = held.fetch_add(1) + 1;
  while (let_go.load() < number) {
  }
}

// Calls `step` again and again in a thread of its own that can be stopped half-way.
template <typename Step>
class HeldThread {
 public:
  explicit HeldThread(Step step) : step_{std::move(step)} {
    struct sigaction action{};
    action.sa_handler = hold;
    sigaction(SIGUSR1, &action, nullptr);
  }
  void stop_somewhere() {
    const int before = held;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    while (held == before) std::this_thread::yield();
  }
  // Returns when the thread has come to the end of a step.
  void go_on() {
    const std::uint64_t before = steps_;
    let_go = held.load();
    while (steps_ < before + 2) std::this_thread::yield();
  }

 private:
  Step step_;
  std::atomic<std::uint64_t> steps_{0};
  std::jthread thread_{[this](const std::stop_token& token) {
    while (!token.stop_requested()) {
      step_();
      ++steps_;
    }
  }};
};

TEST(SnapshotLatch, AWriterStoppedHalfWayBlocksNobody) {
  SnapshotLatch latch;
  std::uint64_t number = 0;
  HeldThread writer{[&] { latch.publish(numbered(++number)); }};
  writer.go_on();
  for (int i = 0; i < 100; ++i) {
    writer.stop_somewhere();
    Snapshot copy;
    std::uint64_t seen = 0;
    EXPECT_TRUE(latch.refresh(copy, seen));
    EXPECT_TRUE(is_whole(copy));
    EXPECT_EQ(seen, latch.sequence());
    writer.go_on();
  }
}

// The slot is overwritten, once or more, while the reader stands in the middle of it.
TEST(SnapshotLatch, AReaderStoppedHalfWayNeverTakesAMixture) {
  SnapshotLatch latch;
  latch.publish(numbered(1));
  std::atomic<std::uint64_t> torn{0};
  HeldThread reader{[&] {
    Snapshot copy;
    std::uint64_t seen = 0;
    if (latch.refresh(copy, seen) && !is_whole(copy)) ++torn;
  }};
  std::uint64_t number = 1;
  for (int i = 0; i < 150; ++i) {
    reader.stop_somewhere();
    for (int publishes = 1 + i % 4; publishes > 0; --publishes) latch.publish(numbered(++number));
    reader.go_on();
  }
  EXPECT_EQ(torn, 0U);
}

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace
}  // namespace pollux::clock
