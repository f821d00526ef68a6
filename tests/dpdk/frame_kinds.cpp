#include "tests/dpdk/frame_kinds.h"

#include <algorithm>
#include <utility>

#include "tests/support/dissect.h"

namespace pollux::test {

namespace {

using responder::Verdict;

class Kinds {
 public:
  explicit Kinds(const Mac& server_mac) : server_mac_{server_mac} {}

  // The usual request of either family with one change.
  template <typename Change>
  void add_both(const std::string& name, Verdict verdict, Change change) {
    add(name + ", IPv4", verdict, ipv4_request(), change);
    add(name + ", IPv6", verdict, ipv6_request(), change);
  }
  template <typename Change>
  void add(const std::string& name, Verdict verdict, Frame frame, Change change) {
    frame.destination_mac = server_mac_;
    change(frame);
    kinds_.push_back({name, verdict, std::move(frame), std::nullopt});
  }
  void add_whole(const std::string& name, Verdict verdict, Octets frame) {
    kinds_.push_back({name, verdict, {}, std::move(frame)});
  }

  // An NTP request of which only the first octets came.
  void add_cut(const std::string& name, Verdict verdict, Frame frame, std::size_t length) {
    frame.destination_mac = server_mac_;
    add_whole(name, verdict, slice(frame.build(), 0, length));
  }

  [[nodiscard]] std::vector<FrameKind> take() { return std::move(kinds_); }

 private:
  Mac server_mac_;
  std::vector<FrameKind> kinds_;
};

void add_answered(Kinds& kinds) {
  for (unsigned version = 1; version <= 4; ++version) {
    kinds.add_both("version " + std::to_string(version), Verdict::reply_plain,
                   [=](Frame& frame) { frame.payload = ntp_message({.version = version}); });
  }
  kinds.add_both("symmetric", Verdict::reply_plain,
                 [](Frame& frame) { frame.payload = ntp_message({.version = 3, .mode = 1}); });
  kinds.add_both("VLAN", Verdict::reply_plain,
                 [](Frame& frame) { frame.tags = {{kTypeVlan, 100}}; });
  kinds.add_both("priority tag", Verdict::reply_plain,
                 [](Frame& frame) { frame.tags = {{kTypeVlan, 0xe000}}; });
  kinds.add_both("two tags", Verdict::reply_plain,
                 [](Frame& frame) { frame.tags = {{kTypeServiceVlan, 100}, {kTypeVlan, 100}}; });
  kinds.add_both("identifier", Verdict::reply_plain,
                 [](Frame& frame) { put(frame.payload, extension_field(0x0104, 36)); });
  kinds.add_both("identifier after another field", Verdict::reply_plain, [](Frame& frame) {
    put(frame.payload, extension_field(0x0007, 16));
    put(frame.payload, extension_field(0x0104, 68));
  });
  kinds.add_both("trailer", Verdict::reply_plain,
                 [](Frame& frame) { frame.trailer = Octets(18, 0xdd); });
  kinds.add("IPv4 option", Verdict::reply_plain, ipv4_request(),
            [](Frame& frame) { frame.ipv4_options = from_hex("94040000"); });
  kinds.add("40 octets of IPv4 options and identifier in a VLAN", Verdict::reply_plain,
            ipv4_request(), [](Frame& frame) {
              frame.ipv4_options = Octets(40, 1);
              frame.tags = {{kTypeVlan, 100}};
              put(frame.payload, extension_field(0x0104, 36));
            });
  kinds.add("IPv6 extension headers", Verdict::reply_plain, ipv6_request(), [](Frame& frame) {
    frame.first_extension = 0;
    frame.ipv6_extensions = options_header(60);
    put(frame.ipv6_extensions, options_header(17));
  });
}

void add_host_replies(Kinds& kinds) {
  kinds.add_whole("ARP", Verdict::reply_arp, arp_frame());
  kinds.add_whole("ARP in a VLAN", Verdict::reply_arp, arp_frame({.tags = {{kTypeVlan, 100}}}));
  kinds.add_both("ping", Verdict::reply_echo,
                 [](Frame& frame) { frame = echo_request(frame, Octets(56, 0x5a)); });
  const Octets client = address("2001:db8::10");
  const Octets server = address("2001:db8::1");
  kinds.add_whole("solicitation", Verdict::reply_neighbor,
                  solicitation(client, server, link_address_option(1, kClientMac)).build());
  kinds.add_whole("solicitation that has to grow", Verdict::reply_neighbor,
                  solicitation(client, server, {}).build());
}

void add_dropped_below_ntp(Kinds& kinds) {
  kinds.add_cut("nothing but a link header", Verdict::drop_truncated, ipv4_request(), 14);
  kinds.add_cut("half an IPv6 header", Verdict::drop_truncated, ipv6_request(), 34);
  kinds.add_cut("less than a link header", Verdict::drop_truncated, ipv4_request(), 13);
  kinds.add_both("other VLAN", Verdict::drop_vlan,
                 [](Frame& frame) { frame.tags = {{kTypeVlan, 7}}; });
  kinds.add_both("other station", Verdict::drop_station,
                 [](Frame& frame) { frame.destination_mac = kOtherMac; });
  kinds.add_both("other EtherType", Verdict::drop_ether_type,
                 [](Frame& frame) { frame.ether_type = 0x88cc; });
  kinds.add("IPv4 checksum", Verdict::drop_ip_checksum, ipv4_request(),
            [](Frame& frame) { frame.wrong_ip_checksum = true; });
  kinds.add("source route", Verdict::drop_source_route, ipv4_request(),
            [](Frame& frame) { frame.ipv4_options = from_hex("8307040a00000100"); });
  kinds.add("fragment", Verdict::drop_fragment, ipv4_request(),
            [](Frame& frame) { frame.fragment = 0x2000; });
  kinds.add("other IPv4 destination", Verdict::drop_destination, ipv4_request(),
            [](Frame& frame) { frame.destination = address("192.0.2.77"); });
  kinds.add("our own source", Verdict::drop_source, ipv6_request(),
            [](Frame& frame) { frame.source = frame.destination; });
  kinds.add_both("other protocol", Verdict::drop_protocol,
                 [](Frame& frame) { frame.protocol = 132; });
  kinds.add_both("other port", Verdict::drop_port,
                 [](Frame& frame) { frame.destination_port = 124; });
  kinds.add_both("UDP checksum", Verdict::drop_udp_checksum,
                 [](Frame& frame) { frame.udp_checksum = UdpChecksum::kWrong; });
}

void add_dropped_ntp(Kinds& kinds) {
  const auto with_message = [](const NtpFields& fields) {
    return [fields](Frame& frame) { frame.payload = ntp_message(fields); };
  };
  kinds.add_both("version 5", Verdict::drop_version5, with_message({.version = 5}));
  kinds.add_both("version 7", Verdict::drop_version, with_message({.version = 7}));
  kinds.add_both("server's mode", Verdict::drop_mode, with_message({.mode = 4}));
  kinds.add_both("short message", Verdict::drop_short,
                 [](Frame& frame) { frame.payload.resize(47); });
  kinds.add_both("authentication code", Verdict::drop_mac_unsupported,
                 [](Frame& frame) { put(frame.payload, Octets(20, 0x0e)); });
  kinds.add_whole("ARP for another", Verdict::drop_host_packet,
                  arp_frame({.target = address("192.0.2.77")}));
}

}  // namespace

Octets FrameKind::build(std::uint64_t number) const {
  if (whole) return *whole;
  Frame numbered = frame;
  if (!frame.upper && frame.payload.size() >= 48) {
    Octets timestamp;
    put64(timestamp, 0x5eed'0000'0000'0000U + number);
    std::ranges::copy(timestamp, numbered.payload.begin() + 40);
    numbered.source_port = static_cast<std::uint16_t>(1024 + number % 60'000);
  }
  return numbered.build();
}

std::vector<FrameKind> frame_kinds(const Mac& server_mac) {
  Kinds kinds{server_mac};
  add_answered(kinds);
  add_host_replies(kinds);
  add_dropped_below_ntp(kinds);
  kinds.add_both("denied source port", Verdict::drop_source_port, [](Frame& frame) {
    frame.source_port = 53;
    frame.upper = frame.upper_layer();
  });
  add_dropped_ntp(kinds);
  return kinds.take();
}

std::string faults_of_reply(Verdict verdict, const Octets& request, const Octets& reply,
                            const Mac& server_mac, const ServedValues& served) {
  ReplyRules rules{.served = served, .server_mac = server_mac};
  if (verdict == Verdict::reply_arp) return faults_of_arp_reply(request, reply, server_mac);
  if (verdict == Verdict::reply_neighbor) return faults_of_advertisement(request, reply, rules);
  if (verdict == Verdict::reply_echo) return faults_of_echo_reply(request, reply, rules);
  const auto dissected = dissect(reply);
  if (!dissected || dissected->payload.size() < 48) return "the reply holds no NTP message";
  rules.served.receive = dissected->ntp().receive;
  rules.served.transmit = dissected->ntp().transmit;
  return faults_of_ntp_reply(request, reply, rules);
}

}  // namespace pollux::test
