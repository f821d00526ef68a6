// Valid NTP requests for the benchmarks, one after another from different clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/responder/port_policy.h"

namespace pollux::bench {

enum class Shape { kIpv4, kIpv6 };

// The address and MAC that sample requests are sent to.
[[nodiscard]] responder::PolicySettings sample_policy();

// One NTPv4 client request in an Ethernet frame, from client `number`.
[[nodiscard]] std::vector<std::byte> sample_frame(Shape shape, std::uint32_t number);

}  // namespace pollux::bench
