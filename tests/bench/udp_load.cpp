// Asks a server on the kernel's network the requests of a capture file (see write_pcap) as fast as
// it answers them, from a few sockets with a bounded number of requests in flight, and looks at
// every reply. Prints one JSON object.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/pcap_file.h"

namespace {

using Clock = std::chrono::steady_clock;
using pollux::test::Octets;

constexpr std::size_t kBatch = 32;
constexpr std::size_t kNtpHeader = 48;
constexpr std::size_t kLongest = 2048;
constexpr std::size_t kIpv4Payload = 14 + 20 + 8;

struct Counts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;  // as long as the request, mode 4, a stratum
  std::uint64_t wrong = 0;     // NAKs among them
  std::uint64_t lost = 0;      // given up after kPatience
};

// One socket and what it asked.
class Asker {
 public:
  Asker(const sockaddr_in& server, const std::vector<Octets>& messages, std::size_t window)
      : messages_{messages},
        window_{window},
        socket_{socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)} {
    constexpr int kBuffer = 4 << 20;
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
    if (socket_ < 0 ||
        connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
      throw std::runtime_error("no socket to the server");
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() { close(socket_); }

  [[nodiscard]] int descriptor() const { return socket_; }
  void ask(Counts& counts);
  void listen(Counts& counts);

 private:
  static constexpr std::chrono::milliseconds kPatience{200};

  void judge(std::span<const std::uint8_t> reply, Counts& counts) const;

  const std::vector<Octets>& messages_;
  std::size_t window_;
  int socket_;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  Clock::time_point last_reply_ = Clock::now();
};

void Asker::ask(Counts& counts) {
  if (in_flight_ > 0 && Clock::now() - last_reply_ > kPatience) {
    counts.lost += in_flight_;
    in_flight_ = 0;
    last_reply_ = Clock::now();
  }
  std::array<mmsghdr, kBatch> batch{};
  std::array<iovec, kBatch> parts{};
  const std::size_t count = std::min(kBatch, window_ - in_flight_);
  if (count == 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    const Octets& message = messages_[(next_ + i) % messages_.size()];
    parts[i] = {.iov_base = const_cast<std::uint8_t*>(message.data()), .iov_len = message.size()};
    batch[i].msg_hdr.msg_iov = &parts[i];
    batch[i].msg_hdr.msg_iovlen = 1;
  }
  const int sent = sendmmsg(socket_, batch.data(), static_cast<unsigned>(count), 0);
  if (sent <= 0) return;
  next_ += static_cast<std::size_t>(sent);
  in_flight_ += static_cast<std::size_t>(sent);
  counts.sent += static_cast<std::uint64_t>(sent);
}

void Asker::listen(Counts& counts) {
  static std::array<std::array<std::uint8_t, kLongest>, kBatch> rooms;
  std::array<mmsghdr, kBatch> batch{};
  std::array<iovec, kBatch> parts{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {.iov_base = rooms[i].data(), .iov_len = kLongest};
    batch[i].msg_hdr.msg_iov = &parts[i];
    batch[i].msg_hdr.msg_iovlen = 1;
  }
  const int received = recvmmsg(socket_, batch.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (received <= 0) return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i)
    judge(std::span{rooms[i]}.first(batch[i].msg_len), counts);
  in_flight_ -= std::min(in_flight_, static_cast<std::size_t>(received));
  last_reply_ = Clock::now();
}

// RFC 5905 §7.3: mode 4, and a stratum: 0 is a kiss-o'-death.
void Asker::judge(std::span<const std::uint8_t> reply, Counts& counts) const {
  const bool good = reply.size() == messages_[0].size() && (reply[0] & 7U) == 4 && reply[1] != 0;
  ++(good ? counts.answered : counts.wrong);
}

std::vector<Octets> read_messages(const std::string& file) {
  std::vector<Octets> messages;
  for (const Octets& frame : pollux::test::read_pcap_file(file)) {
    if (frame.size() < kIpv4Payload + kNtpHeader)
      throw std::runtime_error(file + ": no IPv4 request");
    messages.push_back(pollux::test::slice(frame, kIpv4Payload, frame.size() - kIpv4Payload));
  }
  if (messages.empty()) throw std::runtime_error(file + ": no frames");
  return messages;
}

Counts run(std::vector<std::unique_ptr<Asker>>& askers, double seconds) {
  Counts counts;
  std::vector<pollfd> polled;
  for (const auto& asker : askers)
    polled.push_back({.fd = asker->descriptor(), .events = POLLIN, .revents = 0});
  const auto end = Clock::now() + std::chrono::duration<double>{seconds};
  while (Clock::now() < end) {
    for (const auto& asker : askers) asker->ask(counts);
    poll(polled.data(), polled.size(), 1);
    for (const auto& asker : askers) asker->listen(counts);
  }
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  std::string server;
  std::string file;
  double seconds = 3;
  std::size_t sockets = 4;
  std::size_t window = 64;
  CLI::App app{"asks a server as fast as it answers; one JSON object"};
  app.add_option("server", server, "IPv4 address; port 123")->required();
  app.add_option("file", file, "capture of IPv4 requests, all of one length")->required();
  app.add_option("--seconds", seconds)->check(CLI::Range(0.01, 3600.0));
  app.add_option("--sockets", sockets)->check(CLI::Range(1, 256));
  app.add_option("--window", window, "requests in flight for each socket")
      ->check(CLI::Range(1, 4096));
  CLI11_PARSE(app, argc, argv);
  try {
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(123), .sin_addr = {}, .sin_zero = {}};
    if (inet_pton(AF_INET, server.c_str(), &address.sin_addr) != 1)
      throw std::runtime_error(server + " is no IPv4 address");
    const auto messages = read_messages(file);
    std::vector<std::unique_ptr<Asker>> askers;
    for (std::size_t i = 0; i < sockets; ++i)
      askers.push_back(std::make_unique<Asker>(address, messages, window));
    const Counts counts = run(askers, seconds);
    std::puts(nlohmann::json({{"sent", counts.sent},
                              {"answered", counts.answered},
                              {"wrong", counts.wrong},
                              {"lost", counts.lost},
                              {"seconds", seconds}})
                  .dump()
                  .c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "udp_load: %s\n", error.what());
    return 1;
  }
  return 0;
}
