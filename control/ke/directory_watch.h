// Tells that something in some directories has changed, by inotify(7). It says when to look, not
// what there is to see. Control thread; the loop outlives it.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "control/service/event_loop.h"
#include "control/service/unique_fd.h"

namespace pollux::ke {

class DirectoryWatch {
 public:
  DirectoryWatch(control::EventLoop& loop, std::function<void()> on_change);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // These from now on. Repeat it now and then: a directory may have been replaced by another one.
  // Where the kernel gives no watch there are no calls.
  void watch(const std::set<std::filesystem::path>& directories);

 private:
  void on_events();

  control::EventLoop& loop_;
  std::function<void()> on_change_;
  control::UniqueFd inotify_;
  std::set<int> watches_;
};

}  // namespace pollux::ke
