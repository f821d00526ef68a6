// The usual request and its neighbours: whatever differs from it in one bit comes out as the long
// way has it, which the same frame with a priority tag takes.
#include <gtest/gtest.h>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

constexpr std::size_t kTagOffset = 12;
constexpr std::size_t kTagLength = 4;

Octets with_priority_tag(const Octets& frame) {
  Octets tagged = frame;
  const Octets tag{0x81, 0x00, 0xe0, 0x00};
  tagged.insert(tagged.begin() + kTagOffset, tag.begin(), tag.end());
  return tagged;
}

Octets without_tag(Octets frame) {
  frame.erase(frame.begin() + kTagOffset, frame.begin() + kTagOffset + kTagLength);
  return frame;
}

// Runs frames both ways, with a clock that has no random bits.
class BothWays : public testing::Test {
 protected:
  BothWays() {
    auto snapshot = test::known_snapshot();
    auto fields = clock::unpack(snapshot.header);
    fields.precision = -32;
    snapshot.header = clock::pack(fields);
    runner_.publish(snapshot);
  }

  Verdict expect_same(const PolicySettings& settings, const Octets& frame, std::uint8_t good,
                      const std::string& name) {
    const PortPolicy policy{settings};
    const RunOptions options{.good_checksums = good};
    const auto untagged = runner_.run(policy, frame, options);
    const auto tagged = runner_.run(policy, with_priority_tag(frame), options);
    EXPECT_EQ(untagged.faults + tagged.faults, "") << name;
    EXPECT_EQ(name_of(untagged.verdict), name_of(tagged.verdict)) << name;
    if (untagged.verdict == Verdict::reply_plain && tagged.verdict == Verdict::reply_plain) {
      EXPECT_EQ(untagged.frame, without_tag(tagged.frame)) << name;
    }
    return untagged.verdict;
  }

  test::FrameRunner runner_;
};

// The port calls every checksum good, so that nothing but the changed bit decides.
TEST_F(BothWays, AgreeOnEveryBitOfEveryOctet) {
  for (const bool kernel_behind_port : {false, true}) {
    PolicySettings settings = server_settings();
    settings.kernel_behind_port = kernel_behind_port;
    settings.dscp = 46;
    settings.denied_source_ports = {53, 1900};
    for (const auto& request : {ipv4_request(), ipv6_request()}) {
      const Octets frame = request.build();
      std::size_t answered = 0;
      for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
        // Another EtherType can be a tag, and then the frame means something else.
        if (bit / 8 == kTagOffset || bit / 8 == kTagOffset + 1) continue;
        Octets changed = frame;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
        const auto verdict =
            expect_same(settings, changed, kAllChecksums, "bit " + std::to_string(bit));
        answered += verdict == Verdict::reply_plain ? 1 : 0;
      }
      // The message but for version and mode, and more.
      EXPECT_GT(answered, 8 * 47U);
      EXPECT_LT(answered, 8 * (frame.size() - 20));
    }
  }
}

TEST_F(BothWays, AgreeOnEveryBitWhereChecksumsDecide) {
  for (const auto& request : {ipv4_request(), ipv6_request()}) {
    const Octets frame = request.build();
    for (std::size_t bit = 8 * 14; bit < 8 * frame.size(); ++bit) {
      Octets changed = frame;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
      expect_same(server_settings(), changed, 0, "bit " + std::to_string(bit));
    }
  }
}

TEST_F(BothWays, AgreeOnEverySourcePortAndFirstOctet) {
  PolicySettings settings = server_settings();
  settings.denied_source_ports = {7, 53, 1'023, 1'900, 11'211, 65'535};
  for (unsigned port = 0; port <= 0xffff; port += port < 2'000 ? 1 : 17) {
    auto request = ipv4_request();
    request.source_port = static_cast<std::uint16_t>(port);
    expect_same(settings, request.build(), 0, "port " + std::to_string(port));
  }
  for (unsigned octet = 0; octet < 256; ++octet) {
    auto ipv4 = ipv4_request();
    ipv4.source[0] = static_cast<std::uint8_t>(octet);
    expect_same(settings, ipv4.build(), 0, "IPv4 " + std::to_string(octet));
    auto ipv6 = ipv6_request();
    ipv6.source[0] = static_cast<std::uint8_t>(octet);
    expect_same(settings, ipv6.build(), 0, "IPv6 " + std::to_string(octet));
  }
}

TEST_F(BothWays, AgreeOnEveryVersionModeAndLeap) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    for (auto request : {ipv4_request(), ipv6_request()}) {
      request.payload[0] = static_cast<std::uint8_t>(flags);
      expect_same(server_settings(), request.build(), 0, "flags " + std::to_string(flags));
    }
  }
}

}  // namespace
}  // namespace pollux::responder
