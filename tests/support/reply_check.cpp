#include "tests/support/reply_check.h"

#include <algorithm>
#include <sstream>

#include "tests/support/dissect.h"

namespace pollux::test {

namespace {

class Faults {
 public:
  void expect(bool good, const char* fault) {
    if (!good) text_ << fault << "; ";
  }
  template <typename T>
  void expect_equal(const T& got, const T& wanted, const char* what) {
    if (got != wanted) text_ << what << " is " << +got << ", not " << +wanted << "; ";
  }
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

// Mode 1 is answered with 2 (RFC 5905 §9.2), everything else that is answered with 4.
unsigned reply_mode(const NtpFields& request) { return request.mode == 1 ? 2U : 4U; }

// The Unique Identifier fields of a version 4 request (RFC 8915 §5.3).
Octets identifier_of(const Octets& message) {
  Octets found;
  if ((message[0] >> 3U & 7U) != 4) return found;
  for (std::size_t at = 48; at + 4 <= message.size();) {
    const auto length = static_cast<std::size_t>(get(message, at + 2, 2));
    if (length < 4 || at + length > message.size()) break;
    if (get(message, at, 2) == 0x0104) put(found, slice(message, at, length));
    at += length;
  }
  return found;
}

void check_link_and_ip(Faults& faults, const Dissected& request, const Dissected& reply,
                       const ReplyRules& rules) {
  faults.expect(reply.destination_mac == request.source_mac, "destination MAC is not the client's");
  faults.expect(reply.source_mac == rules.server_mac, "source MAC is not the server's");
  faults.expect(reply.tags == request.tags, "VLAN tags differ");
  faults.expect_equal(reply.ether_type, request.ether_type, "EtherType");
  faults.expect(reply.source == request.destination,
                "source address is not the one that was asked");
  faults.expect(reply.destination == request.source, "destination address is not the client's");
  faults.expect_equal(int{reply.time_to_live}, 64, "TTL");
  faults.expect_equal(int{reply.type_of_service}, rules.dscp * 4, "type of service");
  if (reply.is_ipv6) {
    faults.expect_equal(reply.ip_header_length, std::size_t{40}, "IPv6 header length");
    faults.expect_equal(reply.flow_label, std::uint32_t{0}, "flow label");
    return;
  }
  faults.expect_equal(reply.ip_header_length, std::size_t{20}, "IPv4 header length");
  faults.expect_equal(int{reply.fragment}, 0x4000, "IPv4 flags and offset");
  if (rules.checksums_left_to_port) {
    faults.expect_equal(int{reply.ip_checksum}, 0, "IPv4 checksum left to the port");
  } else {
    faults.expect(reply.ip_checksum_right, "IPv4 checksum wrong");
  }
}

void check_udp(Faults& faults, const Dissected& request, const Dissected& reply,
               const ReplyRules& rules) {
  faults.expect_equal(reply.source_port, request.destination_port, "source port");
  faults.expect_equal(reply.destination_port, request.source_port, "destination port");
  faults.expect_equal(std::size_t{reply.udp_length}, reply.upper.size(), "UDP length");
  if (rules.checksums_left_to_port) {
    const auto pseudo = pseudo_header(reply.source, reply.destination, 17, reply.udp_length);
    faults.expect_equal(reply.udp_checksum, reference_sum(pseudo), "UDP pseudo header sum");
    return;
  }
  faults.expect(reply.udp_checksum != 0, "no UDP checksum");
  faults.expect(reply.udp_checksum_right, "UDP checksum wrong");
}

// How far `stamp` is behind the last multiple of the precision before `served`, in units of the
// precision; modulo 2^64, so that an era boundary is no boundary. Three units of NTP time are for
// keeping T1, T2 and T3 apart.
std::uint64_t quanta_behind(std::uint64_t stamp, std::uint64_t served, int precision) {
  const std::uint64_t quantum = std::uint64_t{1} << std::clamp(32 + precision, 0, 32);
  const std::uint64_t behind = stamp - served / quantum * quantum;
  return behind < quantum + 3 ? 0 : behind / quantum;
}

void check_stamps(Faults& faults, const NtpFields& request, const NtpFields& reply,
                  const ServedValues& served) {
  // A stay too short for the precision may be prolonged, so that T3 comes after T2.
  const bool short_stay = quanta_behind(served.transmit, served.receive, served.precision) == 0;
  faults.expect(quanta_behind(reply.receive, served.receive, served.precision) == 0,
                "T2 is not the served receive time");
  faults.expect(
      quanta_behind(reply.transmit, served.transmit, served.precision) <= (short_stay ? 1U : 0U),
      "T3 is not the served transmit time");
  faults.expect(static_cast<std::int64_t>(reply.transmit - reply.receive) > 0,
                "T3 is not after T2");
  faults.expect(reply.receive != request.transmit, "T2 equals T1");
  faults.expect(reply.transmit != request.transmit, "T3 equals T1");
}

void check_ntp(Faults& faults, const Dissected& request, const Dissected& reply,
               const ServedValues& served) {
  const NtpFields asked = request.ntp();
  const NtpFields said = reply.ntp();
  faults.expect_equal(said.version, asked.version, "version");
  faults.expect_equal(said.mode, reply_mode(asked), "mode");
  faults.expect_equal(said.poll, asked.poll, "poll");
  faults.expect_equal(said.origin, asked.transmit, "origin");
  faults.expect_equal(said.leap, served.leap, "leap indicator");
  faults.expect_equal(said.stratum, served.stratum, "stratum");
  faults.expect_equal(int{static_cast<std::int8_t>(said.precision)}, served.precision, "precision");
  faults.expect_equal(said.root_delay, served.root_delay, "root delay");
  faults.expect_equal(said.root_dispersion, served.root_dispersion, "root dispersion");
  faults.expect_equal(said.reference_id, served.reference_id, "reference id");
  faults.expect_equal(said.reference, served.reference, "reference timestamp");
  check_stamps(faults, asked, said, served);
  faults.expect(
      slice(reply.payload, 48, reply.payload.size() - 48) == identifier_of(request.payload),
      "what follows the header is not the Unique Identifier that was asked with, or nothing");
}

}  // namespace

std::string faults_of_ntp_reply(const Octets& request, const Octets& reply,
                                const ReplyRules& rules) {
  const auto asked = dissect(request);
  const auto said = dissect(reply);
  if (!asked || asked->payload.size() < 48) return "the request holds no NTP message";
  if (!said || said->payload.size() < 48) return "the reply holds no NTP message";
  Faults faults;
  faults.expect(reply.size() <= request.size(), "reply longer than the request");
  faults.expect_equal(said->ip_end, reply.size(), "end of the IP packet");
  check_link_and_ip(faults, *asked, *said, rules);
  check_udp(faults, *asked, *said, rules);
  check_ntp(faults, *asked, *said, rules.served);
  return faults.text();
}

std::string faults_of_echo_reply(const Octets& request, const Octets& reply,
                                 const ReplyRules& rules) {
  const auto asked = dissect(request);
  const auto said = dissect(reply);
  if (!asked || !said) return "not IP packets";
  Faults faults;
  faults.expect(reply.size() <= request.size(), "reply longer than the request");
  faults.expect_equal(said->ip_end, reply.size(), "end of the IP packet");
  check_link_and_ip(faults, *asked, *said, rules);
  Octets wanted = asked->upper;
  wanted[0] = said->is_ipv6 ? 129 : 0;
  Octets got = said->upper;
  const bool right =
      said->is_ipv6 ? upper_checksum_right(*said, 58, got) : reference_sum(got) == 0xffff;
  faults.expect(right, "ICMP checksum wrong");
  set16(wanted, 2, 0);
  set16(got, 2, 0);
  faults.expect(got == wanted, "not the data that was sent");
  return faults.text();
}

std::string faults_of_arp_reply(const Octets& request, const Octets& reply, const Mac& server_mac) {
  const std::size_t header = request.size() >= 14 && get(request, 12, 2) != kTypeArp ? 18 : 14;
  if (request.size() < header + 28) return "the request is too short";
  Octets wanted = slice(request, 0, header + 28);
  std::copy_n(request.begin() + 6, 6, wanted.begin());
  std::copy_n(server_mac.begin(), 6, wanted.begin() + 6);
  set16(wanted, header + 6, 2);
  const auto arp = request.begin() + static_cast<std::ptrdiff_t>(header);
  const auto answer = wanted.begin() + static_cast<std::ptrdiff_t>(header);
  std::copy_n(server_mac.begin(), 6, answer + 8);
  std::copy_n(arp + 24, 4, answer + 14);
  std::copy_n(arp + 8, 10, answer + 18);
  return reply == wanted ? "" : "got " + to_hex(reply) + ", not " + to_hex(wanted);
}

std::string faults_of_advertisement(const Octets& request, const Octets& reply,
                                    const ReplyRules& rules) {
  const auto asked = dissect(request);
  const auto said = dissect(reply);
  if (!asked || !said || asked->upper.size() < 24) return "not neighbour discovery";
  const bool tentative = asked->source == address("::");
  const Octets target = slice(asked->upper, 8, 16);
  const Octets all_nodes = address("ff02::1");
  Octets wanted{136, 0, 0, 0, tentative ? std::uint8_t{0x20} : std::uint8_t{0x60}, 0, 0, 0};
  put(wanted, target);
  put(wanted, link_address_option(2, rules.server_mac));
  Octets got = said->upper;

  Faults faults;
  faults.expect(upper_checksum_right(*said, 58, got), "ICMPv6 checksum wrong");
  if (got.size() >= 4) set16(got, 2, 0);
  faults.expect(got == wanted, ("advertisement is " + to_hex(got)).c_str());
  faults.expect(said->source == target, "source address is not the target");
  faults.expect(said->destination == (tentative ? all_nodes : asked->source),
                "destination address");
  faults.expect(said->destination_mac == (tentative ? multicast_mac(all_nodes) : asked->source_mac),
                "destination MAC");
  faults.expect(said->source_mac == rules.server_mac, "source MAC is not the server's");
  faults.expect(said->tags == asked->tags, "VLAN tags differ");
  faults.expect_equal(int{said->time_to_live}, 255, "hop limit");
  faults.expect_equal(int{said->type_of_service}, rules.dscp * 4, "traffic class");
  faults.expect_equal(said->ip_header_length, std::size_t{40}, "IPv6 header length");
  faults.expect_equal(said->ip_end, reply.size(), "end of the IP packet");
  return faults.text();
}

}  // namespace pollux::test
