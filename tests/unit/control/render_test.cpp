#include "control/cli/render.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "control/cli/document.h"
#include "tests/unit/control/sample_document.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

// A newline goes before the text.
constexpr const char* kStatusScreen = R"(
pollux 0.1.0, pid 1234, up 1 d 2 h 3 min

State         synchronised
              serving the system clock at stratum 3
Clock         system clock, trusted by configuration (trust = true), LOCKED
Stratum       3
Reference     127.127.1.1, updated 2026-11-22 10:00:00 UTC
Error bound   1.500 ms
Root          delay 0 s, dispersion 1.000 ms
Leap          none
Offset        1.000 ns against the source, 100.000 ms ago
Frequency     -1.234 ppm

Requests      12,346 /s received, 1.0 /s answered
Since start   1,234,567 received, 1,234,560 answered, 7 dropped
NTS           keys loaded 2026-11-22 10:00:00 UTC, current 9E919B6E

Port  Link          Received       Sent  Addresses
wan   up, 10 Gb/s  1,234,567  1,234,560  192.0.2.1/24, 2001:db8::1/64

Worker  CPU  State     Busy    Packets
0         1  running  3.1 %  1,234,567
1        12  STOPPED  0.0 %          0

Warnings
  one
  two
)";

constexpr const char* kServerstatsScreen = R"(
Answered         Count  Meaning
reply_plain  1,234,560  answered without extensions

Left to the kernel  Count  Meaning
kernel_other           12  not for Pollux

Dropped    Count  Meaning
drop_mode      7  neither a client nor symmetric

Answered by        Count
IPv4           1,000,000
IPv6             234,560
NTP version 1          0
NTP version 2          0
NTP version 3         60
NTP version 4  1,234,500
)";

constexpr const char* kWorkersScreen = R"(
Worker  CPU  Idle  Running   Busy    Packets       Polls  Busy polls  Cycles/packet  Mean burst
0         1  poll  yes      3.1 %  1,234,567  99,999,999           9             95         1.1
1        12  poll  NO       0.0 %          0           0           0            0.0         0.0
)";

constexpr const char* kPortsScreen = R"(
wan: link up, 10 Gb/s
  Device      net_af_packet0 (net_af_packet), 02:00:00:00:00:01
  Addresses   192.0.2.1/24, 2001:db8::1/64
  VLANs       100
  Set-up      queues 1, rss none, checksum software, host stack none
  RX stamps   none
  Received    1,234,567 packets, 111.11 MB; 0 missed, 0 errors, 0 without buffer
  Sent        1,234,560 packets, 111.11 MB; 0 errors, 0 ring full
)";

constexpr const char* kTrackingScreen = R"(
Reference ID      : 7F7F0101 (127.127.1.1)
Stratum           : 3
Ref time (UTC)    : Sun Nov 22 10:00:00 2026
System time       : 0.000000001 seconds fast of served time
Last offset       : +0.000000001 seconds
RMS offset        : 0.000000045 seconds
Frequency         : 1.234 ppm fast
Residual freq     : +0.002 ppm
Skew              : 0.015 ppm
Root delay        : 0.000000000 seconds
Root dispersion   : 0.001000000 seconds
Update interval   : 0.125 seconds
Leap status       : Normal
State             : LOCKED
Source            : system
Error bound       : 1.500 ms
Unconfirmed step  : 0 s
Sigma             : 7.000 ns
Read window       : 80.000 ns
Holdover age      : 0 s
TAI - UTC         : 37 s
)";

constexpr const char* kSourcesScreen = R"(
   Clock             State     Voters  Scale    Offset     Bound     Sigma     Window  Samples  Failures
   eth0 (/dev/ptp0)  absent    none    auto          -         -         -          -        0        12
*  system            tracking  none    utc    1.000 ns  1.500 ms  7.000 ns  80.000 ns   12,345         0

eth0: /dev/ptp0: the clock is unplugged

Voter        Stratum       Offset      Bound  Judgement
192.0.2.7          2   100.000 us  12.000 ms  agrees
2001:db8::7        3  -250.000 ms   3.000 ms  FALSETICKER
192.0.2.8          0          0 s        0 s  not usable

chronyd: answered
ptp4l: answered, poor clock class
)";

TEST(Render, Tracking) { EXPECT_EQ(render_tracking(sample_document()), kTrackingScreen + 1); }

TEST(Render, TrackingOfAnotherVersion) {
  json document = sample_document();
  document["clock"].erase("reference_id_hex");
  document["clock"]["reference_time"] = "some day";
  document["clock"]["source"] = "";
  const std::string text = render_tracking(document);
  EXPECT_TRUE(text.starts_with("Reference ID      : 127.127.1.1\n")) << text;
  EXPECT_NE(text.find("Ref time (UTC)    : some day\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Source            : -\n"), std::string::npos) << text;
}

TEST(Render, Sources) { EXPECT_EQ(render_sources(sample_document()), kSourcesScreen + 1); }

TEST(Render, SourcesWithoutVotersAndPeers) {
  json document = sample_document();
  for (const char* key : {"voters", "peers"}) document["clock"].erase(key);
  document["clock"]["sources"].erase(0);
  EXPECT_EQ(std::ranges::count(render_sources(document), '\n'), 2);
}

TEST(Render, Status) { EXPECT_EQ(render_status(sample_document()), kStatusScreen + 1); }

TEST(Render, StatusOfAnUntrustedClock) {
  json document = sample_document();
  document["clock"]["trusted"] = false;
  EXPECT_NE(render_status(document).find("Clock         system clock, LOCKED\n"),
            std::string::npos);
}

TEST(Render, StatusWithoutNts) {
  json document = sample_document();
  document["nts"]["keys"] = json::array();
  EXPECT_NE(render_status(document).find("NTS           no keys\n"), std::string::npos);
  document["nts"]["enabled"] = false;
  EXPECT_EQ(render_status(document).find("NTS"), std::string::npos);
}

TEST(Render, Serverstats) {
  EXPECT_EQ(render_serverstats(sample_document()), kServerstatsScreen + 1);
}

TEST(Render, Workers) { EXPECT_EQ(render_workers(sample_document()), kWorkersScreen + 1); }

TEST(Render, Ports) { EXPECT_EQ(render_ports(sample_document()), kPortsScreen + 1); }

TEST(Render, PortWithAKernelsInterface) {
  json document = sample_document();
  document["ports"][0]["kernel"] = json::parse(
      R"({"interface":"plx0","to_kernel":12345,"from_kernel":678,"dropped_to":9,"dropped_from":0})");
  const std::string line = "  Kernel      plx0: 12,345 to it, 9 dropped; 678 from it, 0 dropped\n";
  EXPECT_EQ(render_ports(document), (kPortsScreen + 1) + line);
}

std::string render_all(const json& document) {
  return render_status(document) + render_serverstats(document) + render_workers(document) +
         render_ports(document) + render_tracking(document) + render_sources(document);
}

TEST(Render, NothingAtAll) {
  for (const char* text : {"{}", "[]", "null", "1", "\"x\""}) {
    const json document = json::parse(text);
    EXPECT_NE(render_status(document).find("State         -\n"), std::string::npos);
    EXPECT_FALSE(render_all(document).empty());
    EXPECT_TRUE(is_degraded(document));
  }
}

void collect(const json& node, const json::json_pointer& at,
             std::vector<json::json_pointer>& pointers) {
  pointers.push_back(at);
  for (const auto& [key, value] : node.items()) {
    if (node.is_structured()) {
      collect(value, node.is_array() ? at / std::stoul(key) : at / key, pointers);
    }
  }
}

// Whatever node of the document is of another type, nothing throws.
TEST(Render, EveryNodeReplaced) {
  const std::array<json, 8> others = {json(nullptr),  json(true),        json(-1),
                                      json(1e300),    json("\x1b[2J\n"), json::array({1, "x"}),
                                      json{{"a", 1}}, json(UINT64_MAX)};
  std::vector<json::json_pointer> pointers;
  collect(sample_document(), json::json_pointer(), pointers);
  for (const auto& pointer : pointers) {
    for (const json& other : others) {
      json document = sample_document();
      document[pointer] = other;
      const std::string text = render_all(document);
      EXPECT_EQ(text.find('\x1b'), std::string::npos) << pointer;
      static_cast<void>(is_degraded(document));
    }
  }
}

TEST(Render, Degraded) {
  json document = sample_document();
  EXPECT_FALSE(is_degraded(document));
  document["ports"][0]["link_up"] = false;
  EXPECT_TRUE(is_degraded(document));
  document = sample_document();
  document["state"] = "unsynchronised";
  EXPECT_TRUE(is_degraded(document));
}

}  // namespace
}  // namespace pollux::cli
