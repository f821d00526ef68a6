#include "tests/bench/sample_frames.h"

#include <algorithm>
#include <bit>

#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/udp.h"

namespace pollux::bench {

namespace {

// The address that net_pcap gives to its first port.
constexpr wire::MacAddress kServerMac{{0x02, 0x70, 0x63, 0x61, 0x70, 0x00}};
constexpr wire::MacAddress kClientMac{{0x02, 0, 0, 0, 0, 0x02}};
constexpr wire::Ipv4Address kServerIpv4{{198, 18, 0, 1}};
constexpr wire::Ipv6Address kServerIpv6{
    {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

template <typename Octets>
void put(std::byte* to, const Octets& octets) {
  std::ranges::transform(octets, to, [](std::uint8_t octet) { return std::byte{octet}; });
}

void fill_ipv4(std::byte* ip, std::uint32_t client, std::size_t udp_length) {
  wire::store_be16(ip, 0x4500);
  wire::store_be16(ip + wire::ipv4::kTotalLength,
                   static_cast<std::uint16_t>(wire::kIpv4HeaderLength + udp_length));
  wire::store_be16(ip + wire::ipv4::kFragment, wire::ipv4::kDontFragment);
  wire::store_be16(ip + wire::ipv4::kTimeToLive, 57U << 8U | wire::kProtocolUdp);
  wire::store_be32(ip + wire::ipv4::kSource, 0xc612'0000U | (client & 0xffffU) | 0x1'0000U);
  put(ip + wire::ipv4::kDestination, kServerIpv4.octets);
  wire::Sum sum;
  sum.add(ip, wire::kIpv4HeaderLength);
  wire::store(ip + wire::ipv4::kChecksum, sum.checksum());
}

void fill_ipv6(std::byte* ip, std::uint32_t client, std::size_t udp_length) {
  wire::store_be32(ip, 0x6000'0000U);
  wire::store_be32(ip + wire::ipv6::kPayloadLength,
                   static_cast<std::uint32_t>(udp_length << 16U | wire::kProtocolUdp << 8U | 57U));
  put(ip + wire::ipv6::kSource, kServerIpv6.octets);
  wire::store_be32(ip + wire::ipv6::kSource + 12, 0x1'0000U + client);
  put(ip + wire::ipv6::kDestination, kServerIpv6.octets);
}

}  // namespace

responder::PolicySettings sample_policy() {
  return {.mac = kServerMac,
          .ipv4 = {{kServerIpv4, 15}},
          .ipv6 = {{kServerIpv6, 64}},
          .denied_source_ports = {7, 17, 19, 53, 111, 389, 1900, 11211}};
}

std::vector<std::byte> sample_request(std::uint32_t number) {
  std::vector<std::byte> message(wire::kNtpHeaderLength);
  wire::store_be32(message.data(), 0x2300'06ecU);
  wire::store_be64(message.data() + wire::ntp::kTransmitTimestamp,
                   0x9e37'79b9'7f4a'7c15U * (number + 1));
  return message;
}

std::vector<std::byte> sample_frame(Shape shape, std::uint32_t number) {
  return sample_frame(shape, number, sample_request(number));
}

std::vector<std::byte> sample_frame(Shape shape, std::uint32_t number,
                                    std::span<const std::byte> message) {
  const bool is_ipv4 = shape == Shape::kIpv4;
  const std::size_t ip_length = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  const auto udp_length = static_cast<std::uint16_t>(wire::kUdpHeaderLength + message.size());
  std::vector<std::byte> frame(wire::kEthernetHeaderLength + ip_length + udp_length);
  wire::store_mac(frame.data(), kServerMac);
  wire::store_mac(frame.data() + wire::kMacLength, kClientMac);
  wire::store_be16(frame.data() + 2 * wire::kMacLength,
                   is_ipv4 ? wire::kEtherTypeIpv4 : wire::kEtherTypeIpv6);
  std::byte* ip = frame.data() + wire::kEthernetHeaderLength;
  is_ipv4 ? fill_ipv4(ip, number, udp_length) : fill_ipv6(ip, number, udp_length);

  std::byte* udp = ip + ip_length;
  wire::store_be16(udp + wire::udp::kSourcePort,
                   static_cast<std::uint16_t>(20'000 + number % 40'000));
  wire::store_be16(udp + wire::udp::kDestinationPort, wire::kNtpPort);
  wire::store_be16(udp + wire::udp::kLength, udp_length);
  std::ranges::copy(message, udp + wire::kUdpHeaderLength);

  wire::Sum sum{std::uint64_t{wire::swap_be(std::uint16_t{wire::kProtocolUdp})} +
                wire::swap_be(udp_length)};
  const std::size_t addresses = is_ipv4 ? wire::ipv4::kSource : wire::ipv6::kSource;
  sum.add(ip + addresses, ip_length - addresses);
  sum.add(udp, udp_length);
  wire::store(udp + wire::udp::kChecksum, sum.udp_checksum());
  return frame;
}

}  // namespace pollux::bench
