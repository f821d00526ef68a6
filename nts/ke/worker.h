// One thread of the server: its own listening sockets, sessions and epoll loop. Belongs to its
// thread from run() on; others may call stop() and read the counters.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "nts/core/aead.h"
#include "nts/ke/admission.h"
#include "nts/ke/context.h"
#include "nts/ke/counters.h"
#include "nts/ke/descriptor.h"
#include "nts/ke/session.h"

namespace pollux::nts {

// What the workers of a server share.
struct Shared {
  explicit Shared(const Admission::HashKey& key) : admission{{}, key} {}

  ContextSlot contexts;  // never null once the workers run
  std::mutex admission_mutex;
  Admission admission;
  std::atomic<std::size_t> open{0};  // connections of all workers
  std::atomic<std::size_t> most_open{0};
  std::atomic<std::chrono::milliseconds> deadline{};
};

class Worker {
 public:
  using Clock = std::chrono::steady_clock;

  // How long a client may take to close its end after the answer.
  static constexpr std::chrono::milliseconds kDrainTime{500};
  // A newer connection does not displace a session that is younger than this part of the deadline.
  static constexpr int kProtectedPart = 4;
  // How long running sessions may go on after stop().
  static constexpr std::chrono::milliseconds kGrace{300};
  // How long nothing is accepted after the kernel had no descriptor or memory for it.
  static constexpr std::chrono::milliseconds kAcceptPause{100};

  // Throws std::system_error where the kernel gives no descriptors.
  Worker(std::vector<Descriptor> listeners, std::unique_ptr<Aead> aead, Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run() noexcept;   // until stop()
  void stop() noexcept;  // any thread

  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  // Grows at least twice a second while it runs.
  [[nodiscard]] std::uint64_t rounds() const noexcept {
    return rounds_.load(std::memory_order_relaxed);
  }

 private:
  struct Entry;
  // In the order of their deadlines: all in one list get the same time.
  using Entries = std::list<Entry>;
  struct Entry {
    Entry(Descriptor socket, SslPtr connection, const SessionHost& host) noexcept
        : session{std::move(socket), std::move(connection), host} {}

    Session session;
    Clock::time_point protected_until;  // from being displaced
    Clock::time_point deadline;
    Entries* home = nullptr;
    Entries::iterator self;
    Session::Wants watched = Session::Wants::kNothing;
  };

  void poll();
  [[nodiscard]] int wait_milliseconds() const;
  void on_ready(int descriptor);
  void accept_some(int listener);
  [[nodiscard]] bool accept_one(int listener);
  [[nodiscard]] bool admits(const sockaddr_storage& client);
  [[nodiscard]] bool take_place();
  [[nodiscard]] bool displace();
  void begin(Descriptor socket);
  void settle(Entry& entry, Session::Wants wants);
  void enter(Entry& entry, Entries& list, std::chrono::milliseconds time);
  [[nodiscard]] bool watch(Entry& entry, Session::Wants wants) noexcept;
  void close(Entry& entry);
  void expire(Entries& list);
  void watch_listeners();
  void pause_accepting();
  void begin_to_stop();

  std::vector<Descriptor> listeners_;
  std::unique_ptr<Aead> aead_;
  Shared& shared_;
  Counters counters_;
  SessionHost host_;
  Descriptor epoll_;
  Descriptor wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rounds_{0};

  Entries active_;
  Entries draining_;  // all is said
  Entries over_;      // their descriptors stay taken until no event of this round can name them
  std::vector<Entry*> by_descriptor_;
  Clock::time_point now_;
  Clock::time_point accept_again_ = Clock::time_point::max();
  Clock::time_point end_ = Clock::time_point::max();
};

}  // namespace pollux::nts
