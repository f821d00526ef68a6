#include "control/keys/key_follower.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "control/service/log.h"

namespace pollux::control {
namespace {

// A file that was put into place, written to its end, or given other rights. Not that it is gone:
// what replaces it in two steps need not be told of.
constexpr std::uint32_t kOfFile = IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t kOfDirectory = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::size_t kEventOctets = 4096;  // more than the longest event has

}  // namespace

KeyFollower::KeyFollower(EventLoop& loop, std::filesystem::path file, KeyAccess access,
                         OnKeys on_keys, std::chrono::milliseconds interval)
    : loop_{loop},
      file_{std::move(file)},
      access_{std::move(access)},
      on_keys_{std::move(on_keys)},
      inotify_{inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  if (inotify_) loop_.add(inotify_.get(), EPOLLIN, [this](std::uint32_t) { on_events(); });
  watch();
  timer_ = loop_.call_every(interval, [this] {
    watch();
    look();
  });
}

KeyFollower::~KeyFollower() {
  loop_.cancel(timer_);
  if (inotify_) loop_.remove(inotify_.get());
}

// The same directory gives the same watch again, one that took its place another.
void KeyFollower::watch() {
  if (!inotify_) return;
  const auto directory = file_.parent_path();
  const int fresh =
      inotify_add_watch(inotify_.get(), directory.c_str(), kOfFile | kOfDirectory | IN_ONLYDIR);
  if (fresh == watch_) return;
  if (watch_ >= 0) inotify_rm_watch(inotify_.get(), watch_);
  watch_ = fresh;
}

// One read for each call: the loop calls again while there is more.
void KeyFollower::on_events() {
  alignas(inotify_event) std::array<char, kEventOctets> events;
  const ssize_t length = read(inotify_.get(), events.data(), events.size());
  if (length <= 0 || !concerns_file(events.data(), static_cast<std::size_t>(length))) return;
  watch();
  look();
}

bool KeyFollower::concerns_file(const char* events, std::size_t length) const {
  const std::string name = file_.filename();
  while (length >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, events, sizeof event);
    if (length - sizeof event < event.len) return true;
    const std::string_view padded{events + sizeof event, event.len};
    if ((event.mask & kOfFile) == 0 || padded.substr(0, padded.find('\0')) == name) return true;
    events += sizeof event + event.len;
    length -= sizeof event + event.len;
  }
  return false;
}

void KeyFollower::look() {
  auto loaded = load_keys(file_, access_);
  if (loaded) {
    take(*loaded);
  } else {
    complain(std::move(loaded.error()));
  }
}

void KeyFollower::take(const StoredKeys& fresh) {
  if (std::exchange(trouble_, std::nullopt)) log_info("{}: good again", file_.string());
  if (keys_ && keys_->file.ring == fresh.file.ring &&
      keys_->file.age_seconds == fresh.file.age_seconds) {
    return;
  }
  keys_ = fresh;
  loaded_ = std::chrono::system_clock::now();
  log_info("{}: key {:08X} seals cookies, {:08X} is the next one", file_.string(),
           fresh.file.ring.current().id, fresh.file.ring.next().id);
  on_keys_(*keys_);
}

void KeyFollower::complain(KeyTrouble trouble) {
  if (trouble_ && trouble_->sentence == trouble.sentence) return;
  trouble_ = std::move(trouble);
  log_warning("{}; {}", trouble_->sentence,
              keys_ ? "the keys that were read before stay in force" : "there are no keys yet");
}

}  // namespace pollux::control
