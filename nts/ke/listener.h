// The sockets that clients connect to, and the address that one came from.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "nts/ke/admission.h"
#include "nts/ke/descriptor.h"

namespace pollux::nts {

// One listening, non-blocking socket at each address (text, IPv4 or IPv6), which share their port
// with those of other calls in this process: the kernel spreads the clients. Port 0 is one that the
// kernel chooses. The kernel keeps connections back on which nothing has come, for about
// `patience`. The error is a sentence.
[[nodiscard]] std::expected<std::vector<Descriptor>, std::string> listen_at(
    std::span<const std::string> addresses, std::uint16_t port, std::chrono::milliseconds patience);

// A sentence where another process listens at one of the addresses. listen_at() would not notice
// one of the same user that shares ports as well.
[[nodiscard]] std::expected<void, std::string> expect_free(std::span<const std::string> addresses,
                                                           std::uint16_t port);

[[nodiscard]] std::uint16_t port_of(const Descriptor& socket) noexcept;

[[nodiscard]] ClientPrefix prefix_of(const sockaddr_storage& client) noexcept;

}  // namespace pollux::nts
