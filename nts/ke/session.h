// One client's key establishment, RFC 8915 §4: handshake, request, answer, close. Driven by its
// worker whenever the socket is ready or its time is over; never waits. Owns the connection.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "nts/core/aead.h"
#include "nts/core/ke_request.h"
#include "nts/ke/context.h"
#include "nts/ke/counters.h"
#include "nts/ke/descriptor.h"
#include "nts/ke/openssl_ptr.h"

namespace pollux::nts {

// What a session uses of its worker.
struct SessionHost {
  const ContextSlot& contexts;
  Aead& aead;
  Counters& counters;
};

class Session {
 public:
  enum class Wants : std::uint8_t { kToRead, kToWrite, kNothing };  // kNothing: it is over

  // How much of a client is read at all: a request of the longest kind, a TLS record around each
  // of its octets, is 94 kB. A handshake comes to 2 kB.
  static constexpr std::size_t kMostHandshakeOctets = 16'384;
  static constexpr std::size_t kMostOctets = 131'072;

  // `socket` is connected and non-blocking. Without `connection` (memory is short) it is over.
  Session(Descriptor socket, SslPtr connection, const SessionHost& host) noexcept;

  // Goes on as far as the socket lets it.
  Wants advance() noexcept;

  // The deadline has passed. With TLS up, the client still learns that its request did not come
  // (RFC 8915 §4.1.3).
  Wants expire() noexcept;

  [[nodiscard]] int socket() const noexcept { return socket_.get(); }
  [[nodiscard]] bool over() const noexcept { return state_ == State::kOver; }
  // All is said, and only the client's end of the connection is waited for.
  [[nodiscard]] bool said_all() const noexcept {
    return state_ == State::kClosing || state_ == State::kDraining || over();
  }

 private:
  enum class State : std::uint8_t {
    kHandshake,
    kRequest,
    kClosing,   // the last octets are on their way
    kDraining,  // our end is closed
    kOver,
  };
  enum class Input : std::uint8_t { kSome, kNone, kEnd, kFailed };

  [[nodiscard]] Input receive() noexcept;
  void handshake() noexcept;
  void read_request() noexcept;
  void end_of_input() noexcept;
  void answer() noexcept;
  void refuse_request(KeError error) noexcept;
  void send_error(KeError error) noexcept;
  void say_last(std::span<const std::byte> octets) noexcept;
  void drain() noexcept;
  [[nodiscard]] bool flush() noexcept;
  void drop_sent(ssize_t count) noexcept;
  [[nodiscard]] Wants wants() const noexcept;

  Descriptor socket_;
  SslPtr connection_;
  BIO* input_ = nullptr;   // of the connection
  BIO* output_ = nullptr;  // of the connection
  const SessionHost& host_;
  KeRequestReader reader_;
  std::size_t received_ = 0;
  State state_ = State::kHandshake;
};

}  // namespace pollux::nts
