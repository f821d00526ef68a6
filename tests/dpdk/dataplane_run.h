// A data plane with a clock, and the waiting that tests of it need. Main thread only.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/port/dataplane.h"
#include "tests/dpdk/live_clock.h"

namespace pollux::test {

inline constexpr std::chrono::seconds kPatience{20};

// False where `done` did not become true in time.
[[nodiscard]] bool wait_until(const std::function<bool()>& done);

// A port with the server's addresses of tests/support and VLAN 100.
[[nodiscard]] port::PortSettings server_port(const std::string& name, const std::string& device);

// A data plane with every worker of this program on these ports.
[[nodiscard]] port::DataplaneSettings settings_for(std::vector<port::PortSettings> ports);

// Stops the workers of `dataplane`, which has been started.
void stop_and_join(port::Dataplane& dataplane);

class DataplaneRun {
 public:
  // Publishes the time and opens the ports; what concerns the counter is filled in.
  explicit DataplaneRun(port::DataplaneSettings settings);
  ~DataplaneRun() { stop(); }

  void start();
  void stop();

  [[nodiscard]] LiveClock& clock() { return clock_; }
  [[nodiscard]] port::Dataplane& dataplane() { return dataplane_; }
  [[nodiscard]] port::DataplaneReport report() const { return dataplane_.report(); }

  // Frames that the workers have done with.
  [[nodiscard]] std::uint64_t packets() const;
  [[nodiscard]] bool wait_for_packets(std::uint64_t count) const;

  // Sum over the workers.
  [[nodiscard]] std::uint64_t verdicts(responder::Verdict verdict) const;

 private:
  LiveClock clock_;
  bool started_ = false;
  port::Dataplane dataplane_;
};

// The device that reads requests.pcap of a directory and writes replies.pcap there.
[[nodiscard]] std::string pcap_device(const std::filesystem::path& directory);

}  // namespace pollux::test
