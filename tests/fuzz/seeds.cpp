#include "tests/fuzz/seeds.h"

#include "tests/support/packet_builder.h"

namespace pollux::test {

namespace {

Octets identifier(std::size_t body) { return extension_field(0x0104, body + 4); }

Octets concat(std::initializer_list<Octets> pieces) {
  Octets all;
  for (const auto& piece : pieces) put(all, piece);
  return all;
}

Octets with_trailer(Frame frame, const Octets& trailer) {
  put(frame.payload, trailer);
  return frame.build();
}

Octets tagged(Frame frame, std::vector<Tag> tags) {
  frame.tags = std::move(tags);
  return frame.build();
}

Octets with_options(Frame frame, const char* options) {
  frame.ipv4_options = from_hex(options);
  return frame.build();
}

Octets extended(Frame frame, std::uint8_t first, const Octets& extensions) {
  frame.first_extension = first;
  frame.ipv6_extensions = extensions;
  return frame.build();
}

void add_ntp(std::vector<Seed>& all, const std::string& family, const Frame& usual) {
  const auto request = [&usual](const NtpFields& fields) {
    Frame frame = usual;
    frame.payload = ntp_message(fields);
    return frame;
  };
  const auto add = [&](const std::string& name, const Octets& frame) {
    all.push_back({family + "_" + name, frame});
  };
  for (unsigned version = 1; version <= 5; ++version) {
    add("v" + std::to_string(version), request({.version = version}).build());
  }
  add("symmetric", request({.version = 3, .mode = 1}).build());
  add("v1_mode0", request({.version = 1, .mode = 0}).build());
  add("control", request({.mode = 6}).build());
  add("identifier", with_trailer(usual, identifier(32)));
  add("fields", with_trailer(usual, concat({extension_field(7, 16), identifier(64),
                                            extension_field(8, 28)})));
  add("mac", with_trailer(usual, Octets(20, 0x0e)));
  add("crypto_nak", with_trailer(usual, Octets(4)));
  Octets many;
  for (int i = 0; i < 17; ++i) put(many, extension_field(9, 28));
  add("many_fields", with_trailer(usual, many));
  add("priority_tag", tagged(usual, {{kTypeVlan, 0xe000}}));
  add("vlan", tagged(usual, {{kTypeVlan, 100}}));
  add("qinq", tagged(usual, {{kTypeServiceVlan, 200}, {kTypeVlan, 100}}));
  Frame padded = usual;
  padded.trailer = Octets(18, 0xdd);
  add("trailer", padded.build());
  Frame partial = usual;
  partial.udp_checksum = UdpChecksum::kPseudoHeaderOnly;
  add("partial_checksum", partial.build());
  Frame none = usual;
  none.udp_checksum = UdpChecksum::kZero;
  add("no_checksum", none.build());
  Frame other_port = usual;
  other_port.destination_port = 12'345;
  add("port_12345", other_port.build());
  add("ping", echo_request(usual, Octets(56, 0x5a)).build());
  add("ping_empty", echo_request(usual, {}).build());
}

void add_ipv4(std::vector<Seed>& all) {
  const Frame usual = ipv4_request();
  all.push_back({"ipv4_router_alert", with_options(usual, "94040000")});
  all.push_back({"ipv4_source_route", with_options(usual, "8307040a00000100")});
  all.push_back(
      {"ipv4_longest_options",
       with_options(
           usual,
           "0101010101010101010101010101010101010101010101010101010101010101010101010101010a")});
  all.push_back({"ipv4_options_identifier", [&] {
                   Frame frame = usual;
                   frame.ipv4_options = Octets(12, 1);
                   return with_trailer(frame, identifier(32));
                 }()});
  Frame fragment = usual;
  fragment.fragment = 0x2000;
  all.push_back({"ipv4_fragment", fragment.build()});
  Frame second = usual;
  second.destination = address("198.51.100.7");
  all.push_back({"ipv4_second_address", second.build()});
  all.push_back({"arp", arp_frame()});
  all.push_back(
      {"arp_unicast_tagged", arp_frame({.destination_mac = kServerMac, .tags = {{kTypeVlan, 0}}})});
}

void add_ipv6(std::vector<Seed>& all) {
  const Frame usual = ipv6_request();
  all.push_back({"ipv6_hop_by_hop", extended(usual, 0, options_header(17))});
  all.push_back(
      {"ipv6_destination_options", extended(usual, 60, options_header(17, from_hex("1e02aabb")))});
  all.push_back({"ipv6_atomic_fragment", extended(usual, 44, from_hex("1100000012345678"))});
  all.push_back({"ipv6_fragment", extended(usual, 44, from_hex("1100000112345678"))});
  all.push_back({"ipv6_routing", extended(usual, 43, from_hex("1100040000000000"))});
  all.push_back({"ipv6_chain",
                 extended(usual, 0,
                          concat({options_header(60), options_header(43),
                                  from_hex("2c00040000000000"), from_hex("1100000012345678")}))});
  all.push_back({"ipv6_ping_extended", [&] {
                   Frame frame = usual;
                   frame.first_extension = 60;
                   frame.ipv6_extensions = options_header(58);
                   return echo_request(frame, Octets(20)).build();
                 }()});
  const Octets client = address("2001:db8::10");
  const Octets server = address("2001:db8::1");
  const Octets option = link_address_option(1, kClientMac);
  all.push_back({"neighbor", solicitation(client, server, option).build()});
  all.push_back({"neighbor_no_option", solicitation(client, server, {}).build()});
  all.push_back({"neighbor_tentative", solicitation(address("::"), server, {}).build()});
  Frame unicast = solicitation(client, server, option);
  unicast.destination = server;
  unicast.destination_mac = kServerMac;
  unicast.upper = icmpv6_with_checksum(*unicast.upper, client, server);
  all.push_back({"neighbor_unicast", unicast.build()});
  unicast.first_extension = 60;
  unicast.ipv6_extensions = options_header(58);
  all.push_back({"neighbor_extended", unicast.build()});
}

}  // namespace

std::vector<Seed> seeds() {
  std::vector<Seed> all;
  add_ntp(all, "ipv4", ipv4_request());
  add_ntp(all, "ipv6", ipv6_request());
  add_ipv4(all);
  add_ipv6(all);
  return all;
}

}  // namespace pollux::test
