// A chronyd on a port of its own of 127.0.0.1 that answers when told to, and as badly as told to.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "control/service/unique_fd.h"
#include "tests/support/octets.h"
#include "tests/support/peer_messages.h"

namespace pollux::test {

struct ChronyRequest {
  std::uint16_t command = 0;
  std::uint32_t sequence = 0;
  std::uint32_t index = 0;
  std::size_t length = 0;
};

class FakeChronyd {
 public:
  static constexpr std::uint16_t kTracking = 33;
  static constexpr std::uint16_t kCount = 14;
  static constexpr std::uint16_t kSource = 15;

  // 0: any free port.
  explicit FakeChronyd(std::uint16_t port = 0)
      : socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address_), length) != 0 ||
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &length) != 0)
      throw std::runtime_error("no port for a fake chronyd");
  }

  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }

  // What has come in since the last call.
  std::vector<ChronyRequest> requests() {
    std::vector<ChronyRequest> all;
    while (true) {
      Octets octets(600);
      socklen_t length = sizeof client_;
      const auto count = recvfrom(socket_.get(), octets.data(), octets.size(), 0,
                                  reinterpret_cast<sockaddr*>(&client_), &length);
      if (count < 0) return all;
      octets.resize(static_cast<std::size_t>(count));
      if (count < 24) continue;
      all.push_back({.command = static_cast<std::uint16_t>(get(octets, 4, 2)),
                     .sequence = static_cast<std::uint32_t>(get(octets, 8, 4)),
                     .index = static_cast<std::uint32_t>(get(octets, 20, 4)),
                     .length = octets.size()});
    }
  }

  [[nodiscard]] ChronyReply reply_to(const ChronyRequest& request) const {
    switch (request.command) {
      case kTracking:
        return tracking.reply(request.sequence);
      case kCount:
        return source_count_reply(request.sequence, static_cast<std::uint32_t>(sources.size()));
      default:
        if (request.index < sources.size()) return sources[request.index].reply(request.sequence);
        return {.command = kSource, .type = 1, .status = 4, .sequence = request.sequence};
    }
  }

  void send(const Octets& octets) const { send_from(socket_.get(), octets); }

  // To the client, from somebody else.
  void send_as_stranger(const Octets& octets) const {
    const control::UniqueFd stranger{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    send_from(stranger.get(), octets);
  }

  // Answers what has come in; `change` makes another reply of the good one, or several, or none.
  using Change = std::function<std::vector<Octets>(const ChronyRequest&, const Octets&)>;
  std::vector<ChronyRequest> serve(const Change& change = {}) {
    auto all = requests();
    for (const auto& request : all) {
      const Octets good = reply_to(request).build();
      for (const auto& octets : change ? change(request, good) : std::vector<Octets>{good})
        send(octets);
    }
    return all;
  }

  TrackingFields tracking;
  std::vector<SourceFields> sources{SourceFields{}};

 private:
  void send_from(int socket, const Octets& octets) const {
    const auto sent = sendto(socket, octets.data(), octets.size(), 0,
                             reinterpret_cast<const sockaddr*>(&client_), sizeof client_);
    if (sent != static_cast<ssize_t>(octets.size()))
      throw std::runtime_error("a fake chronyd cannot send");
  }

  control::UniqueFd socket_;
  sockaddr_in address_{};
  sockaddr_in client_{};
};

}  // namespace pollux::test
