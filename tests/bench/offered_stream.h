// Requests of one capture file, offered at a steady rate, and the judgement of what comes back.
// Each file has clients of its own, told apart by their addresses. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/port/residence.h"

namespace pollux::bench {

class OfferedStream {
 public:
  struct Counts {
    std::uint64_t offered = 0;   // by the rate
    std::uint64_t sent = 0;      // of those: taken by the device
    std::uint64_t answered = 0;  // as they should be
    std::uint64_t naks = 0;      // NTS NAK
    std::uint64_t wrong = 0;     // answers to this stream's clients with anything wrong in them
  };

  // "NAME=RATE=FILE". Throws std::runtime_error.
  [[nodiscard]] static OfferedStream parse(const std::string& text);

  OfferedStream(std::string name, double rate, const std::filesystem::path& file);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // How many requests are to be sent to keep the rate, `seconds` after the beginning. What this
  // program was late for by more than kMostLate is not made up for: no client sends such a rush.
  [[nodiscard]] std::size_t due(double seconds) noexcept;
  // The next request, counted as offered; sent() tells that it went out. `now`: in nanoseconds, for
  // its round trip.
  [[nodiscard]] std::span<const std::byte> next(std::uint64_t now) noexcept;
  void sent(std::size_t count) noexcept { counts_.sent += count; }

  // Whether the frame is for one of this stream's clients, which is then judged and counted.
  bool take(std::span<const std::byte> frame, std::uint64_t now) noexcept;

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  // Answers by the nanoseconds since their request was last sent.
  [[nodiscard]] const port::ResidenceCounts& round_trips() const noexcept { return round_trips_; }
  void forget_counts() noexcept {
    counts_ = {};
    round_trips_ = {};
  }

  static constexpr std::uint64_t kMostLate = 64;  // requests
  [[nodiscard]] std::uint64_t taken() const noexcept {
    return counts_.answered + counts_.naks + counts_.wrong;
  }

 private:
  std::string name_;
  double rate_;
  std::vector<std::vector<std::byte>> frames_;
  std::unordered_map<std::uint64_t, std::size_t> by_client_;  // end of address and port -> frame
  std::vector<std::uint64_t> sent_at_;                        // by frame
  port::ResidenceCounts round_trips_{};
  std::size_t next_ = 0;
  std::uint64_t left_out_ = 0;
  Counts counts_;
};

}  // namespace pollux::bench
