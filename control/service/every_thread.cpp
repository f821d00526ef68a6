#include "control/service/every_thread.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace pollux::control {
namespace {

// What the handler does; written by in_every_thread() before it sends the signal.
struct Request {
  std::atomic<int (*)(const void*)> call{nullptr};
  std::atomic<const void*> argument{nullptr};
  std::atomic<pid_t> thread{0};   // who shall do it
  std::atomic<bool> done{false};  // written by that thread
  std::atomic<int> error{0};      // the same
};
Request request;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): a handler's

void on_signal(int /*number*/) {
  const int kept = errno;
  if (request.thread.load() == gettid()) {
    request.error.store(request.call.load()(request.argument.load()));
    request.done.store(true);
  }
  errno = kept;
}

std::vector<pid_t> all_threads() {
  using Directory = std::filesystem::directory_iterator;
  std::vector<pid_t> threads;
  std::error_code error;
  for (Directory entry{"/proc/self/task", error}; !error && entry != Directory{};
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t thread = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), thread).ec == std::errc{})
      threads.push_back(thread);
  }
  return threads;
}

bool is_gone(pid_t thread, int signal) {
  return tgkill(getpid(), thread, signal) != 0 && errno == ESRCH;
}

// Gives 0 or an errno.
int ask(pid_t thread) {
  request.done.store(false);
  request.error.store(0);
  request.thread.store(thread);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  if (is_gone(thread, SIGRTMAX)) return 0;
  while (!request.done.load()) {
    if (is_gone(thread, 0)) return 0;
    if (std::chrono::steady_clock::now() > deadline) return ETIMEDOUT;
    std::this_thread::sleep_for(std::chrono::microseconds{50});
  }
  return request.error.load();
}

// Gives 0 or an errno. A thread may have been made by one that was asked later.
int ask_all(std::set<pid_t> asked) {
  for (bool found = true; found;) {
    found = false;
    const auto threads = all_threads();
    if (threads.empty()) return ENOENT;
    for (const pid_t thread : threads) {
      if (!asked.insert(thread).second) continue;
      found = true;
      if (const int error = ask(thread); error != 0) return error;
    }
  }
  return 0;
}

}  // namespace

int in_every_thread(int (*call)(const void*), const void* argument) {
  if (const int error = call(argument); error != 0) return error;
  request.call.store(call);
  request.argument.store(argument);
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  if (sigaction(SIGRTMAX, &action, &before) != 0) return errno;
  const int error = ask_all({gettid()});
  request.thread.store(0);
  // One that has not answered may do so yet, and then shall not die of it.
  if (error == 0) sigaction(SIGRTMAX, &before, nullptr);
  return error;
}

}  // namespace pollux::control
