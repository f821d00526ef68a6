#include "control/ke/directory_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace pollux::ke {

namespace {

// Names appear, change and go; a link may be what is replaced.
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR;
constexpr std::size_t kEventOctets = 4096;  // more than the longest event has

}  // namespace

DirectoryWatch::DirectoryWatch(control::EventLoop& loop, std::function<void()> on_change)
    : loop_{loop},
      on_change_{std::move(on_change)},
      inotify_{inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  if (inotify_) loop_.add(inotify_.get(), EPOLLIN, [this](std::uint32_t) { on_events(); });
}

DirectoryWatch::~DirectoryWatch() {
  if (inotify_) loop_.remove(inotify_.get());
}

// The same directory gives the same watch again.
void DirectoryWatch::watch(const std::set<std::filesystem::path>& directories) {
  if (!inotify_) return;
  std::set<int> fresh;
  for (const auto& directory : directories) {
    const int added = inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
    if (added >= 0) fresh.insert(added);
  }
  for (const int old : watches_) {
    if (!fresh.contains(old)) inotify_rm_watch(inotify_.get(), old);
  }
  watches_ = std::move(fresh);
}

// One read for each call: the loop calls again while there is more.
void DirectoryWatch::on_events() {
  alignas(inotify_event) std::array<char, kEventOctets> events;
  if (read(inotify_.get(), events.data(), events.size()) > 0) on_change_();
}

}  // namespace pollux::ke
