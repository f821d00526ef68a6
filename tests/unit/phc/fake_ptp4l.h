// A ptp4l on a Unix socket that answers when told to, and as badly as told to.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/service/unique_fd.h"
#include "tests/support/octets.h"
#include "tests/support/peer_messages.h"

namespace pollux::test {

class FakePtp4l {
 public:
  // As ptp4l does it: what was there is removed, and the socket goes away with the object.
  explicit FakePtp4l(std::filesystem::path path)
      : path_{std::move(path)}, socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)} {
    std::filesystem::remove(path_);
    const auto address = unix_address(path_);
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no socket for a fake ptp4l");
  }
  ~FakePtp4l() { std::filesystem::remove(path_); }
  FakePtp4l(const FakePtp4l&) = delete;
  FakePtp4l& operator=(const FakePtp4l&) = delete;

  static sockaddr_un unix_address(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path.string(), address.sun_path);
    return address;
  }

  std::vector<Octets> requests() {
    std::vector<Octets> all;
    while (true) {
      Octets octets(600);
      socklen_t length = sizeof client_;
      const auto count = recvfrom(socket_.get(), octets.data(), octets.size(), 0,
                                  reinterpret_cast<sockaddr*>(&client_), &length);
      if (count < 0) return all;
      octets.resize(static_cast<std::size_t>(count));
      if (count == 54) all.push_back(octets);
    }
  }

  [[nodiscard]] ManagementResponse response_to(const Octets& request) const {
    ManagementResponse response{.domain = static_cast<std::uint8_t>(get(request, 4, 1)),
                                .sequence = static_cast<std::uint16_t>(get(request, 30, 2)),
                                .target = slice(request, 20, 10),
                                .id = static_cast<std::uint16_t>(get(request, 52, 2))};
    switch (response.id) {
      case kTimeStatusId:
        response.data = status.data();
        break;
      case kCurrentId:
        response.data = current_data(1, -42 * 65'536, 1'000 * 65'536);
        break;
      case kParentId:
        response.data = parent.data();
        break;
      default:
        response.data = time_properties_data(37, 0x3c, 0x20);
    }
    return response;
  }

  void send(const Octets& octets) const { send_from(socket_.get(), octets); }

  // The kernel refuses this to a client that is connected.
  [[nodiscard]] bool send_as_stranger(const Octets& octets) const {
    const control::UniqueFd stranger{::socket(AF_UNIX, SOCK_DGRAM, 0)};
    return sendto(stranger.get(), octets.data(), octets.size(), 0,
                  reinterpret_cast<const sockaddr*>(&client_), sizeof client_) >= 0;
  }

  // Answers what has come in; `change` makes other messages of the good response, or none.
  using Change = std::function<std::vector<Octets>(const ManagementResponse&)>;
  std::size_t serve(const Change& change = {}) {
    const auto all = requests();
    for (const auto& request : all) {
      const auto good = response_to(request);
      for (const auto& octets : change ? change(good) : std::vector<Octets>{good.build()})
        send(octets);
    }
    return all.size();
  }

  TimeStatusFields status;
  ParentFields parent;

 private:
  void send_from(int socket, const Octets& octets) const {
    const auto sent = sendto(socket, octets.data(), octets.size(), 0,
                             reinterpret_cast<const sockaddr*>(&client_), sizeof client_);
    if (sent != static_cast<ssize_t>(octets.size()))
      throw std::runtime_error("a fake ptp4l cannot send");
  }

  std::filesystem::path path_;
  control::UniqueFd socket_;
  sockaddr_un client_{};
};

}  // namespace pollux::test
