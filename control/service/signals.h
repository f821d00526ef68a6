// The signals of a daemon, read in its event loop: SIGHUP to reload, SIGTERM and SIGINT to stop.
// Control thread; the loop outlives the watch.
#pragma once

#include <functional>

#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

// Of this thread and of every one that it starts from now on, so that a SignalWatch alone gets
// them. SIGPIPE is ignored.
void block_signals();

class SignalWatch {
 public:
  // Throws std::runtime_error with a sentence.
  SignalWatch(EventLoop& loop, std::function<void()> on_reload, std::function<void()> on_stop);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void on_signal();

  EventLoop& loop_;
  std::function<void()> on_reload_;
  std::function<void()> on_stop_;
  UniqueFd signals_;
};

}  // namespace pollux::control
