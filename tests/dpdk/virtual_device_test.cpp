// Ports that the data plane makes itself from a device string.
#include <gtest/gtest.h>

#include <thread>

#include "tests/dpdk/dataplane_run.h"
#include "tests/dpdk/frame_kinds.h"
#include "tests/support/pcap_file.h"
#include "tests/unit/control/temporary_directory.h"

namespace pollux::test {
namespace {

using responder::Verdict;

// Frames of zeros as fast as the worker takes them.
TEST(NullDevice, AnswersNothingAndCountsEverything) {
  DataplaneRun run{settings_for({server_port("null", "net_null0")})};
  run.start();
  std::this_thread::sleep_for(std::chrono::seconds{1});
  run.stop();
  const auto report = run.report();
  const auto& worker = report.workers.at(0);
  EXPECT_FALSE(worker.running);
  EXPECT_GT(worker.packets, 10'000U);
  EXPECT_EQ(worker.verdicts[index(Verdict::drop_station)], worker.packets);
  EXPECT_EQ(report.ports.at(0).driver, "net_null");
  EXPECT_EQ(report.ports.at(0).rx_packets, worker.packets);
  EXPECT_EQ(report.ports.at(0).tx_packets, 0U);
  EXPECT_EQ(report.buffers_in_use, 0U);
}

// The driver counts its ports in the last octet of their addresses.
Mac next_capture_address(const std::filesystem::path& directory) {
  write_pcap_file(directory / "requests.pcap", {});
  const DataplaneRun run{settings_for({server_port("pcap", pcap_device(directory))})};
  Mac mac = run.report().ports.at(0).mac.octets;
  ++mac.back();
  return mac;
}

TEST(CaptureDevice, WritesAReplyForEveryRequest) {
  const control::TemporaryDirectory directory;
  const Mac server_mac = next_capture_address(directory.path());
  const auto kinds = frame_kinds(server_mac);
  std::vector<const FrameKind*> answered;
  std::vector<Octets> frames;
  std::vector<Octets> requests;
  for (std::uint64_t number = 0; number < 10 * kinds.size(); ++number) {
    const auto& kind = kinds[number % kinds.size()];
    frames.push_back(kind.build(number));
    if (!is_reply(kind.verdict)) continue;
    answered.push_back(&kind);
    requests.push_back(frames.back());
  }
  write_pcap_file(directory.path() / "requests.pcap", frames);
  ServedValues served;
  {
    DataplaneRun run{settings_for({server_port("pcap", pcap_device(directory.path()))})};
    ASSERT_EQ(run.report().ports.at(0).mac.octets, server_mac);
    run.start();
    ASSERT_TRUE(run.wait_for_packets(frames.size()));
    served = run.clock().served();
  }
  const auto replies = read_pcap_file(directory.path() / "replies.pcap");
  ASSERT_EQ(replies.size(), requests.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(faults_of_reply(answered[i]->verdict, requests[i], replies[i], server_mac, served),
              "")
        << answered[i]->name;
  }
}

// Made and removed with the data plane, so that the same string works again.
TEST(VirtualDevice, IsRemovedWithTheDataPlane) {
  for (int i = 0; i < 3; ++i) {
    DataplaneRun run{settings_for({server_port("null", "net_null0,size=90")})};
    run.start();
    EXPECT_TRUE(run.wait_for_packets(1));
  }
}

}  // namespace
}  // namespace pollux::test
