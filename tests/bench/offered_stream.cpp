#include "tests/bench/offered_stream.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "dataplane/wire/be.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ntp_header.h"
#include "dataplane/wire/udp.h"
#include "tests/support/pcap_file.h"

namespace pollux::bench {

namespace {

// A UDP datagram in an untagged frame, over IPv4 without options or over IPv6.
struct Datagram {
  std::span<const std::byte> source;
  std::span<const std::byte> destination;
  std::span<const std::byte> udp;

  [[nodiscard]] std::span<const std::byte> message() const {
    return udp.subspan(wire::kUdpHeaderLength);
  }
};

std::optional<Datagram> parse(std::span<const std::byte> frame) {
  constexpr std::size_t kIp = wire::kEthernetHeaderLength;
  constexpr std::size_t kLeast = wire::kUdpHeaderLength + wire::kNtpHeaderLength;
  if (frame.size() < kIp + wire::kIpv4HeaderLength + kLeast) return std::nullopt;
  const bool is_ipv4 = wire::load_be16(frame.data() + 2 * wire::kMacLength) == wire::kEtherTypeIpv4;
  const std::size_t header = is_ipv4 ? wire::kIpv4HeaderLength : wire::kIpv6HeaderLength;
  const std::size_t address = is_ipv4 ? 4 : 16;
  const std::size_t source = kIp + (is_ipv4 ? wire::ipv4::kSource : wire::ipv6::kSource);
  if (frame.size() < kIp + header + kLeast) return std::nullopt;
  const auto udp = frame.subspan(kIp + header);
  const std::size_t length = wire::load_be16(udp.data() + wire::udp::kLength);
  if (length < kLeast || length > udp.size()) return std::nullopt;
  return Datagram{.source = frame.subspan(source, address),
                  .destination = frame.subspan(source + address, address),
                  .udp = udp.first(length)};
}

std::uint64_t client_key(std::span<const std::byte> address, const std::byte* port) {
  return std::uint64_t{wire::load_be32(address.last(4).data())} << 16U | wire::load_be16(port);
}

bool is_checksum_right(const Datagram& datagram) {
  wire::Sum sum{std::uint64_t{wire::swap_be(std::uint16_t{wire::kProtocolUdp})} +
                wire::swap_be(static_cast<std::uint16_t>(datagram.udp.size()))};
  sum.add(datagram.source.data(), datagram.source.size());
  sum.add(datagram.destination.data(), datagram.destination.size());
  sum.add(datagram.udp.data(), datagram.udp.size());
  return wire::is_valid(sum);
}

// From the server that was asked, to this client's question: RFC 5905 §7.3, §8.
bool is_reply_to(const Datagram& reply, const Datagram& request) {
  constexpr unsigned kModeMask = 7;
  constexpr unsigned kServerMode = 4;
  const auto answer = reply.message();
  const auto question = request.message();
  return std::ranges::equal(reply.source, request.destination) &&
         std::ranges::equal(reply.destination, request.source) &&
         std::ranges::equal(reply.udp.first(2), request.udp.subspan(2, 2)) &&
         (std::to_integer<unsigned>(answer[0]) & kModeMask) == kServerMode &&
         std::ranges::equal(answer.subspan(wire::ntp::kOriginTimestamp, 8),
                            question.subspan(wire::ntp::kTransmitTimestamp, 8)) &&
         is_checksum_right(reply);
}

// RFC 8915 §5.7: stratum 0, kiss code NTSN.
bool is_nak(std::span<const std::byte> message) {
  return message[1] == std::byte{0} &&
         wire::load_be32(message.data() + wire::ntp::kReferenceId) == 0x4e54'534eU;
}

}  // namespace

OfferedStream OfferedStream::parse(const std::string& text) {
  const std::size_t first = text.find('=');
  const std::size_t second = text.find('=', first + 1);
  if (first == std::string::npos || second == std::string::npos)
    throw std::runtime_error("'" + text + "' is not NAME=RATE=FILE");
  return {text.substr(0, first), std::stod(text.substr(first + 1, second - first - 1)),
          text.substr(second + 1)};
}

OfferedStream::OfferedStream(std::string name, double rate, const std::filesystem::path& file)
    : name_{std::move(name)}, rate_{rate} {
  for (const auto& octets : test::read_pcap_file(file)) {
    const auto bytes = test::bytes_of(octets);
    const auto request = bench::parse(bytes);
    if (!request) throw std::runtime_error(file.string() + ": a frame that is no NTP request");
    by_client_.emplace(client_key(request->source, request->udp.data()), frames_.size());
    frames_.emplace_back(bytes.begin(), bytes.end());
  }
  if (frames_.empty()) throw std::runtime_error(file.string() + ": no frames");
  sent_at_.resize(frames_.size());
}

std::size_t OfferedStream::due(double seconds) noexcept {
  const auto wanted = static_cast<std::uint64_t>(rate_ * seconds);
  const std::uint64_t done = counts_.offered + left_out_;
  if (wanted <= done) return 0;
  const std::uint64_t late = std::min(wanted - done, kMostLate);
  left_out_ = wanted - late - counts_.offered;
  return late;
}

std::span<const std::byte> OfferedStream::next(std::uint64_t now) noexcept {
  ++counts_.offered;
  sent_at_[next_] = now;
  const auto& frame = frames_[next_];
  next_ = next_ + 1 == frames_.size() ? 0 : next_ + 1;
  return frame;
}

bool OfferedStream::take(std::span<const std::byte> frame, std::uint64_t now) noexcept {
  const auto reply = bench::parse(frame);
  if (!reply) return false;
  const auto known = by_client_.find(
      client_key(reply->destination, reply->udp.data() + wire::udp::kDestinationPort));
  if (known == by_client_.end()) return false;
  const auto& request_frame = frames_[known->second];
  const auto request = bench::parse(request_frame);
  if (!is_reply_to(*reply, *request)) {
    ++counts_.wrong;
  } else if (is_nak(reply->message())) {
    ++counts_.naks;
  } else if (frame.size() == request_frame.size()) {
    ++counts_.answered;
    ++round_trips_[port::residence_step(now - sent_at_[known->second])];
  } else {
    ++counts_.wrong;
  }
  return true;
}

}  // namespace pollux::bench
