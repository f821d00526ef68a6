// Tries in a child process what cannot be undone. For tests.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pollux::test {

// The exit code of a child that runs `body`; 99 where a signal ends it.
int in_child(const auto& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

// Of tests that ask every thread of the process by a signal.
class EveryThreadHears : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "a thread of ThreadSanitizer's own blocks all signals";
#endif
  }
};

}  // namespace pollux::test
