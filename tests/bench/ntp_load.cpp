// A load of NTP requests through the kernel's sockets, for scripts/bench-interfaces and the smoke
// tests: sends at a rate or as fast as it can, counts the replies that belong to its requests, and
// the ICMP errors that its sockets are told. Shares nothing with the server.
//   ntp_load ADDRESS PORT REQUESTS_A_SECOND SECONDS      0 requests a second: as fast as it can
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSockets = 16;  // as many source ports
constexpr std::size_t kBatch = 32;
constexpr std::size_t kMessage = 48;
constexpr std::size_t kTransmit = 40;  // of an NTP header, as kOrigin
constexpr std::size_t kOrigin = 24;
constexpr std::chrono::seconds kPatience{2};
constexpr int kBuffer = 4 << 20;                        // of a socket, where the system allows it
constexpr std::uint64_t kMark = 0x504c'5800'0000'0000;  // first octets of each transmit time

struct Counts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t other = 0;    // what is no reply to a request of ours
  std::uint64_t refused = 0;  // ICMP errors
};

// As many messages as a system call takes, with their memory.
class Batch {
 public:
  Batch() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts_[i] = {.iov_base = octets_[i].data(), .iov_len = octets_[i].size()};
      messages_[i].msg_hdr = {};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  mmsghdr* messages() { return messages_.data(); }
  std::array<std::uint8_t, kMessage>& octets(std::size_t i) { return octets_[i]; }
  [[nodiscard]] unsigned length(std::size_t i) const { return messages_[i].msg_len; }

 private:
  std::array<std::array<std::uint8_t, kMessage>, kBatch> octets_{};
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> messages_{};
};

template <typename Number>
Number number(const char* text) {
  Number value{};
  const std::string_view view{text};
  const auto read = std::from_chars(view.data(), view.data() + view.size(), value);
  if (read.ec != std::errc{} || read.ptr != view.data() + view.size())
    throw std::runtime_error(std::string{text} + " is not a number");
  return value;
}

int connect_to(const char* address, std::uint16_t port) {
  sockaddr_in6 ipv6{};
  sockaddr_in ipv4{};
  const bool is_ipv6 = inet_pton(AF_INET6, address, &ipv6.sin6_addr) == 1;
  if (!is_ipv6 && inet_pton(AF_INET, address, &ipv4.sin_addr) != 1)
    throw std::runtime_error(std::string{address} + " is not an address");
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  const int socket = ::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const auto* to =
      is_ipv6 ? reinterpret_cast<const sockaddr*>(&ipv6) : reinterpret_cast<const sockaddr*>(&ipv4);
  if (socket < 0 || connect(socket, to, is_ipv6 ? sizeof ipv6 : sizeof ipv4) != 0)
    throw std::system_error(errno, std::system_category(), "a socket");
  setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer);
  setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &kBuffer, sizeof kBuffer);
  return socket;
}

class Load {
 public:
  Load(const char* address, std::uint16_t port) {
    for (int& socket : sockets_) socket = connect_to(address, port);
    for (std::size_t i = 0; i < kBatch; ++i) requests_.octets(i)[0] = 0x23;  // version 4, client
  }

  void run(double rate, std::chrono::duration<double> length) {
    const auto begin = Clock::now();
    for (std::size_t turn = 0;; ++turn) {
      const std::chrono::duration<double> passed = Clock::now() - begin;
      if (passed >= length) break;
      const int socket = sockets_[turn % sockets_.size()];
      const double due = rate * passed.count() - static_cast<double>(counts_.sent);
      if (rate > 0 && due < 1) {
        std::this_thread::sleep_for(std::chrono::microseconds{100});
      } else {
        send(socket, rate > 0 ? std::min(kBatch, static_cast<std::size_t>(due)) : kBatch);
      }
      receive(socket);
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
    drain();
  }

  void print() const {
    std::printf(
        "{\"sent\": %llu, \"answered\": %llu, \"other\": %llu, \"refused\": %llu, \"seconds\": "
        "%.3f}\n",
        static_cast<unsigned long long>(counts_.sent),
        static_cast<unsigned long long>(counts_.answered),
        static_cast<unsigned long long>(counts_.other),
        static_cast<unsigned long long>(counts_.refused), seconds_);
  }

 private:
  void send(int socket, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t stamp = kMark | ((counts_.sent + i) & 0xffff'ffffU);
      for (std::size_t octet = 0; octet < 8; ++octet) {
        requests_.octets(i)[kTransmit + octet] =
            static_cast<std::uint8_t>(stamp >> (56U - 8U * octet));
      }
    }
    const int sent = sendmmsg(socket, requests_.messages(), static_cast<unsigned>(count), 0);
    if (sent > 0) counts_.sent += static_cast<std::uint64_t>(sent);
    if (sent < 0) count_error();
  }

  // Late replies: until all are there, or none can be hoped for.
  void drain() {
    const auto end = Clock::now() + kPatience;
    while (counts_.answered < counts_.sent && Clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
      for (const int socket : sockets_) {
        while (receive(socket)) {
        }
      }
    }
  }

  // Returns false where there was nothing.
  bool receive(int socket) {
    const int received = recvmmsg(socket, replies_.messages(), kBatch, 0, nullptr);
    if (received < 0) return count_error();
    for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
      const auto& octets = replies_.octets(i);
      const bool is_reply = replies_.length(i) == kMessage && (octets[0] & 7U) == 4 &&
                            octets[kOrigin] == 'P' && octets[kOrigin + 1] == 'L';
      ++(is_reply ? counts_.answered : counts_.other);
    }
    return true;
  }

  bool count_error() {
    counts_.refused += errno == ECONNREFUSED;
    return errno == ECONNREFUSED;
  }

  std::array<int, kSockets> sockets_{};
  Batch requests_;
  Batch replies_;
  Counts counts_;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 5) throw std::runtime_error("usage: ntp_load ADDRESS PORT RATE SECONDS");
    Load load{argv[1], number<std::uint16_t>(argv[2])};
    load.run(number<double>(argv[3]), std::chrono::duration<double>{number<double>(argv[4])});
    load.print();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ntp_load: %s\n", error.what());
    return 1;
  }
}
