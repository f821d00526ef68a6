// Offers requests of capture files (see write_pcap) to a responder through a DPDK port, each file
// at a rate of its own, and looks at every reply. One thread, one queue.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/offered_stream.h"
#include "tests/bench/traffic_port.h"

namespace {

using namespace pollux::bench;

// Asks now and then until the responder answers: a link that is up may not carry anything yet.
void wait_for_answers(TrafficPort& port, OfferedStream& stream) {
  constexpr double kPause = 0.01;
  constexpr double kPatience = 10;
  constexpr double kLastReplies = 0.1;
  double next = 0;
  bool answered = false;
  const Stopwatch watch;
  for (double end = kPatience; watch.seconds() < end;) {
    if (!answered && watch.seconds() > next) {
      port.send(stream, 1);
      next += kPause;
    }
    const bool any =
        port.receive([&stream](std::span<const std::byte> frame, std::uint64_t received) {
          stream.take(frame, received);
        });
    if (any && !answered) end = watch.seconds() + kLastReplies;
    answered |= any;
  }
  if (!answered) throw std::runtime_error("no answers");
  stream.forget_counts();
}

// Until the time is over, and then until replies stop coming.
void run(TrafficPort& port, std::vector<OfferedStream>& streams, double seconds) {
  constexpr double kLastReplies = 0.2;
  const Stopwatch watch;
  double now = 0;
  double last_reply = 0;
  while (now < seconds || now < last_reply + kLastReplies) {
    for (OfferedStream& stream : streams) {
      if (now < seconds) port.send(stream, stream.due(now));
    }
    const auto take = [&streams](std::span<const std::byte> frame, std::uint64_t received) {
      for (OfferedStream& stream : streams)
        if (stream.take(frame, received)) return;
    };
    const bool any = port.receive(take);
    now = watch.seconds();
    if (any) last_reply = now;
  }
}

// Pairs: the least round trip of a step in nanoseconds, and answers.
nlohmann::json round_trips(const OfferedStream& stream) {
  auto steps = nlohmann::json::array();
  for (std::size_t i = 0; i < stream.round_trips().size(); ++i) {
    if (const std::uint64_t answers = stream.round_trips()[i]; answers != 0)
      steps.push_back({pollux::port::residence_floor(i), answers});
  }
  return steps;
}

nlohmann::json document_of(const OfferedStream& stream) {
  const OfferedStream::Counts& counts = stream.counts();
  return {{"offered", counts.offered},   {"sent", counts.sent},
          {"answered", counts.answered}, {"naks", counts.naks},
          {"wrong", counts.wrong},       {"round_trip_ns", round_trips(stream)}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string device;
  unsigned cpu = 0;
  bool hugepages = false;
  double seconds = 3;
  std::vector<std::string> offers;
  CLI::App app{"offers requests to a responder and looks at every reply; one JSON object"};
  app.add_option("--device", device, "DPDK device string")->required();
  app.add_option("--cpu", cpu, "where to run");
  app.add_flag("--hugepages", hugepages);
  app.add_option("--seconds", seconds)->check(CLI::Range(0.1, 3600.0));
  app.add_option("offers", offers,
                 "NAME=RATE=FILE: name, requests a second, capture file; no two files with "
                 "the same clients")
      ->required();
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<OfferedStream> streams;
    for (const std::string& offer : offers) streams.push_back(OfferedStream::parse(offer));
    TrafficPort port{device, cpu, hugepages};
    wait_for_answers(port, streams.front());
    port.forget_received();
    run(port, streams, seconds);
    nlohmann::json result;
    for (const OfferedStream& stream : streams) result[stream.name()] = document_of(stream);
    result["strangers"] =
        port.received() -
        std::transform_reduce(streams.begin(), streams.end(), std::uint64_t{0}, std::plus{},
                              [](const OfferedStream& stream) { return stream.taken(); });
    result["seconds"] = seconds;
    std::puts(result.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_generator: %s\n", error.what());
    return 1;
  }
  return 0;
}
