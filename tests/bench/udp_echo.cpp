// The least that a server by the kernel's sockets can do: one thread takes requests by recvmmsg(2),
// makes each look like a reply and sends them back by sendmmsg(2). It reads no clock and checks
// nothing; scripts/bench-interfaces measures what sockets cost by it.
//   udp_echo PORT
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kLongest = 2048;
constexpr std::size_t kHeader = 48;  // of NTP
constexpr std::size_t kOrigin = 24;  // in it, as kTransmit
constexpr std::size_t kTransmit = 40;
constexpr int kBuffer = 4 << 20;  // of the socket, where the system allows it

struct Slot {
  std::array<std::uint8_t, kLongest> octets;
  sockaddr_in6 client;
  iovec part;
};

int open_socket(std::uint16_t port) {
  const int socket = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 own{};
  own.sin6_family = AF_INET6;  // any address, of IPv4 too
  own.sin6_port = htons(port);
  if (socket < 0 || bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
    throw std::system_error(errno, std::system_category(), "a socket");
  setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer);
  setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &kBuffer, sizeof kBuffer);
  return socket;
}

// Mode 4 and the client's transmit time as origin, by which a client knows its reply: RFC 5905 §8.
void make_reply(std::array<std::uint8_t, kLongest>& octets) {
  constexpr unsigned kModeMask = 7;
  constexpr unsigned kServerMode = 4;
  octets[0] = static_cast<std::uint8_t>((octets[0] & ~kModeMask) | kServerMode);
  std::copy_n(octets.begin() + kTransmit, 8, octets.begin() + kOrigin);
}

[[noreturn]] void serve(int socket) {
  static std::array<Slot, kBatch> slots;
  std::array<mmsghdr, kBatch> messages{};
  for (;;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      slots[i].part = {.iov_base = slots[i].octets.data(), .iov_len = kLongest};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_name = &slots[i].client;
      messages[i].msg_hdr.msg_namelen = sizeof slots[i].client;
      messages[i].msg_hdr.msg_iov = &slots[i].part;
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int received = recvmmsg(socket, messages.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (received < 0 && errno != EINTR && errno != ECONNREFUSED)
      throw std::system_error(errno, std::system_category(), "recvmmsg");
    for (int i = 0; i < received; ++i) {
      Slot& slot = slots[static_cast<std::size_t>(i)];
      slot.part.iov_len = messages[static_cast<std::size_t>(i)].msg_len;
      if (slot.part.iov_len >= kHeader) make_reply(slot.octets);
    }
    // What the kernel does not take is lost, as in any server.
    if (received > 0) sendmmsg(socket, messages.data(), static_cast<unsigned>(received), 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::uint16_t port = 0;
    const std::string_view text{argc == 2 ? argv[1] : ""};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
      throw std::runtime_error("usage: udp_echo PORT");
    serve(open_socket(port));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "udp_echo: %s\n", error.what());
    return 1;
  }
}
