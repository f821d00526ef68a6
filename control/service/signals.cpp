#include "control/service/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <utility>

namespace pollux::control {

namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

SignalWatch::SignalWatch(EventLoop& loop, std::function<void()> on_reload,
                         std::function<void()> on_stop)
    : loop_{loop}, on_reload_{std::move(on_reload)}, on_stop_{std::move(on_stop)} {
  const sigset_t set = watched_signals();
  signals_ = UniqueFd{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
  if (!signals_) throw std::runtime_error("the kernel gives no signal descriptor");
  loop_.add(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
}

SignalWatch::~SignalWatch() { loop_.remove(signals_.get()); }

void SignalWatch::on_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) {
      on_reload_();
    } else {
      on_stop_();
    }
  }
}

}  // namespace pollux::control
