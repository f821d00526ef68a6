// Hears from the kernel that interfaces or their addresses have changed (rtnetlink(7)). Control
// thread.
#pragma once

#include <functional>

#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::control {

class InterfaceWatch {
 public:
  // `changed` is called in the loop, once for all changes that have come together; what has changed
  // is for the callee to look up. Throws std::runtime_error where the kernel tells nothing.
  InterfaceWatch(EventLoop& loop, std::function<void()> changed);
  ~InterfaceWatch();
  InterfaceWatch(const InterfaceWatch&) = delete;
  InterfaceWatch& operator=(const InterfaceWatch&) = delete;

 private:
  void on_messages();

  EventLoop& loop_;
  std::function<void()> changed_;
  UniqueFd socket_;
};

}  // namespace pollux::control
