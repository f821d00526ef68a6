#include "tests/dpdk/own_network.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pollux::test {

// Without root a user namespace gives the right, where the system allows those.
std::string enter_own_network() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return std::string{"no network namespace: "} + std::strerror(errno);
  const int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (tun < 0) return std::string{"/dev/net/tun: "} + std::strerror(errno);
  close(tun);
  return "";
}

}  // namespace pollux::test
