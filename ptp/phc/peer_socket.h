// A datagram socket to one daemon of this host: connected, so that the kernel drops what others
// send, and never blocking. The clock thread owns it.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace pollux::phc {

// How the last round of questions to a daemon ended.
enum class PeerOutcome : std::uint8_t {
  kNone,      // no round has ended yet
  kAnswered,  // a whole report
  kAbsent,    // nobody listens, or our own socket could not be made
  kDenied,    // the socket is there, but not for this user
  kSilent,    // some answer did not come within a second
  kBad,       // an answer came that is none, a refusal, or answers that do not belong together
};

class PeerSocket {
 public:
  PeerSocket() = default;
  PeerSocket(PeerSocket&& other) noexcept;
  PeerSocket& operator=(PeerSocket&& other) noexcept;
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  ~PeerSocket();

  // `address` is an IPv4 or IPv6 address in text. The error is an errno.
  [[nodiscard]] static std::expected<PeerSocket, int> udp(const std::string& address,
                                                          std::uint16_t port);
  // Binds `own` so that the peer can answer and connects to `peer`; both are paths. A socket that
  // is left over at `own`, with nobody behind it, is replaced; anything else there is EADDRINUSE.
  // `own` is removed with the object.
  [[nodiscard]] static std::expected<PeerSocket, int> unix_datagram(const std::string& own,
                                                                    const std::string& peer);

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

  // 0, or the errno. A full queue is EAGAIN.
  [[nodiscard]] int send(std::span<const std::byte> message) const noexcept;
  // Length of one message, cut to `room`, or the errno; EAGAIN: none is there.
  [[nodiscard]] std::expected<std::size_t, int> receive(std::span<std::byte> room) const noexcept;

 private:
  [[nodiscard]] int bind_own(const std::string& own);
  [[nodiscard]] int connect_to(const sockaddr* address, socklen_t length) const noexcept;

  int fd_ = -1;
  std::string own_;  // path to remove; empty: none
};

// What a failed system call says of the peer.
[[nodiscard]] PeerOutcome outcome_of(int error) noexcept;

}  // namespace pollux::phc
