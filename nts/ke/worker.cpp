#include "nts/ke/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <new>
#include <system_error>

#include "nts/ke/listener.h"

namespace pollux::nts {

namespace {

constexpr int kAcceptsAtOnce = 8;  // a handshake each; then the sessions get their turn
constexpr std::size_t kEventsAtOnce = 64;
constexpr std::chrono::milliseconds kLongestWait{500};

Descriptor checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error{errno, std::generic_category(), what};
  return Descriptor{descriptor};
}

bool control(const Descriptor& epoll, int operation, int descriptor, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = descriptor}};
  return ::epoll_ctl(epoll.get(), operation, descriptor, &event) == 0;
}

// What accept(2) tells of one connection, not of this process.
bool concerns_one_connection(int error) {
  constexpr std::array kErrors{EINTR,        ECONNABORTED, EPROTO,      EPERM,
                               ENETDOWN,     ENOPROTOOPT,  EHOSTDOWN,   ENONET,
                               EHOSTUNREACH, EOPNOTSUPP,   ENETUNREACH, ETIMEDOUT};
  return std::ranges::find(kErrors, error) != kErrors.end();
}

}  // namespace

Worker::Worker(std::vector<Descriptor> listeners, std::unique_ptr<Aead> aead, Shared& shared)
    : listeners_{std::move(listeners)},
      aead_{std::move(aead)},
      shared_{shared},
      host_{.contexts = shared.contexts, .aead = *aead_, .counters = counters_},
      epoll_{checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      wake_{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")} {
  if (!control(epoll_, EPOLL_CTL_ADD, wake_.get(), EPOLLIN))
    throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
}

Worker::~Worker() { shared_.open.fetch_sub(active_.size() + draining_.size()); }

void Worker::stop() noexcept {
  stopping_.store(true);
  static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void Worker::run() noexcept {
  now_ = Clock::now();
  watch_listeners();
  while (now_ < end_) {
    poll();
    if (end_ != Clock::time_point::max() && active_.empty() && draining_.empty()) return;
  }
}

void Worker::poll() {
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 wait_milliseconds());
  now_ = Clock::now();
  rounds_.fetch_add(1, std::memory_order_relaxed);
  for (int i = 0; i < count; ++i) on_ready(events[static_cast<std::size_t>(i)].data.fd);
  expire(draining_);
  expire(active_);
  over_.clear();
  if (now_ >= accept_again_) watch_listeners();
  if (stopping_.load() && end_ == Clock::time_point::max()) begin_to_stop();
}

int Worker::wait_milliseconds() const {
  auto next = std::min(accept_again_, end_);
  for (const Entries* list : {&active_, &draining_}) {
    if (!list->empty()) next = std::min(next, list->front().deadline);
  }
  const auto now = Clock::now();
  next = std::min(next, now + kLongestWait);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::max<std::int64_t>(wait, 0));
}

void Worker::on_ready(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (descriptor == wake_.get()) {
    std::uint64_t ignored = 0;
    static_cast<void>(::eventfd_read(descriptor, &ignored));
  } else if (index < by_descriptor_.size() && by_descriptor_[index] != nullptr) {
    Entry& entry = *by_descriptor_[index];
    settle(entry, entry.session.advance());
  } else if (std::ranges::find(listeners_, descriptor, &Descriptor::get) != listeners_.end()) {
    accept_some(descriptor);
  }
}

void Worker::accept_some(int listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    if (!accept_one(listener)) return;
  }
}

// False when there is nothing more to be had now.
bool Worker::accept_one(int listener) {
  sockaddr_storage client{};
  socklen_t length = sizeof client;
  Descriptor socket{::accept4(listener, reinterpret_cast<sockaddr*>(&client), &length,
                              SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!socket) {
    if (errno == EAGAIN) return false;
    if (concerns_one_connection(errno)) return true;
    pause_accepting();
    return false;
  }
  counters_.add(Count::kAccepted);
  if (!admits(client)) {
    counters_.add(Count::kRefusedAdmission);
    return true;
  }
  if (!take_place()) {
    counters_.add(Count::kRefusedConnections);
    return true;
  }
  begin(std::move(socket));
  return accept_again_ == Clock::time_point::max();
}

bool Worker::admits(const sockaddr_storage& client) {
  const std::scoped_lock lock{shared_.admission_mutex};
  return shared_.admission.admit(prefix_of(client), now_.time_since_epoch());
}

bool Worker::take_place() {
  if (shared_.open.fetch_add(1) < shared_.most_open || displace()) return true;
  shared_.open.fetch_sub(1);
  return false;
}

// At the cap, the one that has waited longest goes, so that connections on which nothing happens
// keep nobody out. A session that is as quick as sessions are is safe from this.
bool Worker::displace() {
  for (Entries* list : {&draining_, &active_}) {
    if (list->empty() || now_ < list->front().protected_until) continue;
    if (list == &active_) counters_.add(Count::kDisplaced);
    close(list->front());
    return true;
  }
  return false;
}

void Worker::begin(Descriptor socket) {
  const auto context = shared_.contexts.load();
  const auto index = static_cast<std::size_t>(socket.get());
  try {
    if (by_descriptor_.size() <= index) by_descriptor_.resize(index + 1);
    active_.emplace_back(std::move(socket), context->certificate->new_connection(), host_);
  } catch (const std::bad_alloc&) {
    shared_.open.fetch_sub(1);
    pause_accepting();
    return;
  }
  Entry& entry = active_.back();
  entry.self = std::prev(active_.end());
  entry.home = &active_;
  by_descriptor_[index] = &entry;
  if (entry.session.over()) pause_accepting();  // no memory for TLS
  enter(entry, active_, shared_.deadline);
  settle(entry, entry.session.advance());
}

void Worker::enter(Entry& entry, Entries& list, std::chrono::milliseconds time) {
  list.splice(list.end(), *entry.home, entry.self);
  entry.home = &list;
  entry.deadline = now_ + time;
  entry.protected_until = now_ + time / kProtectedPart;
}

void Worker::settle(Entry& entry, Session::Wants wants) {
  if (wants == Session::Wants::kNothing || !watch(entry, wants)) {
    close(entry);
  } else if (entry.session.said_all() && entry.home != &draining_) {
    enter(entry, draining_, kDrainTime);
  }
}

bool Worker::watch(Entry& entry, Session::Wants wants) noexcept {
  if (entry.watched == wants) return true;
  const bool is_new = entry.watched == Session::Wants::kNothing;
  entry.watched = wants;
  return control(epoll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, entry.session.socket(),
                 wants == Session::Wants::kToRead ? EPOLLIN : EPOLLOUT);
}

void Worker::close(Entry& entry) {
  by_descriptor_[static_cast<std::size_t>(entry.session.socket())] = nullptr;
  shared_.open.fetch_sub(1);
  over_.splice(over_.end(), *entry.home, entry.self);
}

void Worker::expire(Entries& list) {
  while (!list.empty() && list.front().deadline <= now_)
    settle(list.front(), list.front().session.expire());
}

void Worker::watch_listeners() {
  accept_again_ = Clock::time_point::max();
  for (const Descriptor& listener : listeners_) {
    if (!control(epoll_, EPOLL_CTL_ADD, listener.get(), EPOLLIN)) pause_accepting();
  }
}

void Worker::pause_accepting() {
  if (accept_again_ != Clock::time_point::max()) return;
  counters_.add(Count::kAcceptPauses);
  for (const Descriptor& listener : listeners_) control(epoll_, EPOLL_CTL_DEL, listener.get(), 0);
  accept_again_ = now_ + kAcceptPause;
}

void Worker::begin_to_stop() {
  listeners_.clear();
  accept_again_ = Clock::time_point::max();
  end_ = now_ + kGrace;
}

}  // namespace pollux::nts
