// UDP (RFC 768) and ICMP offsets. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pollux::wire {

inline constexpr std::size_t kUdpHeaderLength = 8;

namespace udp {
inline constexpr std::size_t kSourcePort = 0;
inline constexpr std::size_t kDestinationPort = 2;
inline constexpr std::size_t kLength = 4;
inline constexpr std::size_t kChecksum = 6;
}  // namespace udp

inline constexpr std::size_t kIcmpHeaderLength =
    8;  // type, code, checksum, and four octets by type

namespace icmp {
inline constexpr std::size_t kType = 0;
inline constexpr std::size_t kCode = 1;
inline constexpr std::size_t kChecksum = 2;
}  // namespace icmp

}  // namespace pollux::wire
