// The invariants of what is read from chronyd and ptp4l, for any octets. For the programs in this
// folder only.
#pragma once

#include <cstddef>

#include "tests/fuzz/harness.h"

namespace pollux::test {

// The first octet of an input chooses who reads it, the next four are the sequence number that the
// reader expects; the message follows.
inline constexpr std::size_t kPeerControlOctets = 5;
inline constexpr std::size_t kPeerReaders = 7;

}  // namespace pollux::test
