// Valid NTP requests for the benchmarks, one after another from different clients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/responder/port_policy.h"

namespace pollux::bench {

enum class Shape { kIpv4, kIpv6 };

// The address and MAC that sample requests are sent to.
[[nodiscard]] responder::PolicySettings sample_policy();

// An NTPv4 request of client `number`; no two have the same transmit timestamp.
[[nodiscard]] std::vector<std::byte> sample_request(std::uint32_t number);

// Such a request, or another message of that client, in an Ethernet frame.
[[nodiscard]] std::vector<std::byte> sample_frame(Shape shape, std::uint32_t number);
[[nodiscard]] std::vector<std::byte> sample_frame(Shape shape, std::uint32_t number,
                                                  std::span<const std::byte> message);

}  // namespace pollux::bench
