// Numbers that another process cannot guess, for the sequence numbers of questions to daemons.
#pragma once

#include <sys/random.h>

#include <cstdint>

namespace pollux::phc {

// 0 where the kernel has none to give, which it always has after boot.
inline std::uint32_t random_number() noexcept {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) return 0;
  return number;
}

}  // namespace pollux::phc
