// The invariants of the responder for any octets: what the fuzzer, the corpus test and the random
// driver run. For the programs in this folder only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/harness.h"
#include "tests/support/octets.h"

namespace pollux::test {

// The first octets of an input choose the policy and how many frames follow; each frame has two
// octets of length before it, and the last one takes what is left.
inline constexpr std::size_t kControlOctets = 4;

// An input of one frame.
[[nodiscard]] Octets make_input(const Octets& control, const Octets& frame);

// How many frames of all inputs so far were answered, so that a driver can tell that it is not
// idle.
[[nodiscard]] std::uint64_t frames_seen();
[[nodiscard]] std::uint64_t frames_answered();

}  // namespace pollux::test
