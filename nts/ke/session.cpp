#include "nts/ke/session.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "nts/core/ke_response.h"
#include "nts/ke/answer.h"
#include "nts/ke/tls_context.h"

namespace pollux::nts {

namespace {

constexpr std::size_t kReadAtOnce = 4096;
constexpr std::size_t kErrorLength = 10;  // record and end of message, write_error()

bool try_again(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Session::Session(Descriptor socket, SslPtr connection, const SessionHost& host) noexcept
    : socket_{std::move(socket)}, connection_{std::move(connection)}, host_{host} {
  // TLS reads and writes memory: so the octets that leave together leave in one segment, and what
  // one call may read is bounded.
  input_ = BIO_new(BIO_s_mem());
  output_ = BIO_new(BIO_s_mem());
  if (connection_ == nullptr || input_ == nullptr || output_ == nullptr) {
    BIO_free(input_);
    BIO_free(output_);
    state_ = State::kOver;
    return;
  }
  SSL_set_bio(connection_.get(), input_, output_);
  SSL_set_accept_state(connection_.get());
}

Session::Wants Session::advance() noexcept {
  if (over()) return Wants::kNothing;
  // A client that does not take what it is told is not listened to.
  if (state_ != State::kDraining && !flush()) return wants();
  if (state_ == State::kDraining) {
    drain();
    return wants();
  }
  switch (receive()) {
    case Input::kNone:
      return wants();
    case Input::kFailed:
      state_ = State::kOver;
      return wants();
    case Input::kEnd:
      end_of_input();
      break;
    case Input::kSome:
      if (state_ == State::kHandshake) handshake();
      if (state_ == State::kRequest) read_request();
      break;
  }
  static_cast<void>(flush());
  return wants();
}

Session::Wants Session::expire() noexcept {
  if (state_ == State::kHandshake || state_ == State::kRequest)
    host_.counters.add(Count::kTimeouts);
  const bool tls_is_up = state_ == State::kRequest;
  if (!tls_is_up) {
    state_ = State::kOver;
    return wants();
  }
  send_error(KeError::kBadRequest);
  static_cast<void>(flush());
  return wants();
}

Session::Wants Session::wants() const noexcept {
  if (over()) return Wants::kNothing;
  if (state_ != State::kDraining && BIO_ctrl_pending(output_) > 0) return Wants::kToWrite;
  return Wants::kToRead;
}

Session::Input Session::receive() noexcept {
  std::array<char, kReadAtOnce> octets;
  const ssize_t count = ::recv(socket_.get(), octets.data(), octets.size(), 0);
  if (count < 0) return try_again(errno) ? Input::kNone : Input::kFailed;
  if (count == 0) return Input::kEnd;
  received_ += static_cast<std::size_t>(count);
  const std::size_t most = state_ == State::kHandshake ? kMostHandshakeOctets : kMostOctets;
  if (received_ > most) {
    host_.counters.add(state_ == State::kHandshake ? Count::kTlsFailures : Count::kBadRequests);
    return Input::kFailed;
  }
  const bool taken = BIO_write(input_, octets.data(), static_cast<int>(count)) == count;
  return taken ? Input::kSome : Input::kFailed;
}

void Session::handshake() noexcept {
  ERR_clear_error();
  const int result = SSL_do_handshake(connection_.get());
  if (result == 1) {
    if (speaks_ntske(*connection_)) {
      state_ = State::kRequest;
      return;
    }
    host_.counters.add(Count::kTlsFailures);
    say_last({});
    return;
  }
  if (SSL_get_error(connection_.get(), result) == SSL_ERROR_WANT_READ) return;
  ERR_clear_error();
  host_.counters.add(Count::kTlsFailures);
  state_ = State::kClosing;  // with the alert that OpenSSL has written
}

// Reads all that has come, so that octets behind the end of the message are seen where they come
// with it.
void Session::read_request() noexcept {
  std::array<std::byte, kReadAtOnce> octets;
  while (true) {
    ERR_clear_error();
    const int count = SSL_read(connection_.get(), octets.data(), octets.size());
    if (count > 0) {
      reader_.take(std::span{octets}.first(static_cast<std::size_t>(count)));
      continue;
    }
    const int error = SSL_get_error(connection_.get(), count);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      end_of_input();
      return;
    }
    ERR_clear_error();
    host_.counters.add(Count::kTlsFailures);
    state_ = State::kClosing;
    return;
  }
  if (reader_.state() == KeRequestReader::State::kComplete) answer();
  if (reader_.state() == KeRequestReader::State::kRefused) refuse_request(reader_.error());
}

// The client has closed its end. That is no fault where its request is whole.
void Session::end_of_input() noexcept {
  if (state_ == State::kHandshake) {
    host_.counters.add(Count::kTlsFailures);
    state_ = State::kOver;
    return;
  }
  if (state_ != State::kRequest) return;
  if (reader_.state() == KeRequestReader::State::kComplete) {
    answer();
    return;
  }
  const bool refused = reader_.state() == KeRequestReader::State::kRefused;
  refuse_request(refused ? reader_.error() : KeError::kBadRequest);
}

void Session::answer() noexcept {
  const auto context = host_.contexts.load();
  AnswerBuffer buffer;
  const auto made = make_answer(*connection_, reader_.request(), *context, host_.aead, buffer);
  if (!made) {
    send_error(KeError::kInternalServerError);
    return;
  }
  if (made->cookies == 0) {
    host_.counters.add(Count::kNoCommonAead);
  } else {
    host_.counters.add(Count::kEstablished);
    host_.counters.add(Count::kCookies, made->cookies);
  }
  say_last(made->octets);
}

void Session::refuse_request(KeError error) noexcept {
  host_.counters.add(Count::kBadRequests);
  send_error(error);
}

void Session::send_error(KeError error) noexcept {
  std::array<std::byte, kErrorLength> buffer;
  host_.counters.add(Count::kErrorsSent);
  say_last(write_error(error, buffer));
}

// Then close_notify (RFC 8915 §4), and both wait for flush().
void Session::say_last(std::span<const std::byte> octets) noexcept {
  ERR_clear_error();
  state_ = State::kClosing;
  if (!octets.empty() &&
      SSL_write(connection_.get(), octets.data(), static_cast<int>(octets.size())) <= 0)
    return;
  SSL_shutdown(connection_.get());
}

// Sends what TLS has written; true when nothing is left. Our end is closed behind the last octets:
// MSG_MORE holds them back until then, so that even the FIN leaves with them.
bool Session::flush() noexcept {
  const bool closing = state_ == State::kClosing;
  char* octets = nullptr;
  long pending = 0;
  while ((pending = BIO_get_mem_data(output_, &octets)) > 0) {
    const int flags = MSG_NOSIGNAL | (closing ? MSG_MORE : 0);
    const ssize_t count = ::send(socket_.get(), octets, static_cast<std::size_t>(pending), flags);
    if (count < 0) {
      if (!try_again(errno)) state_ = State::kOver;
      return false;
    }
    drop_sent(count);
  }
  if (closing) {
    ::shutdown(socket_.get(), SHUT_WR);
    state_ = State::kDraining;
  }
  return true;
}

void Session::drop_sent(ssize_t count) noexcept {
  std::array<char, kReadAtOnce> sent;
  while (count > 0) {
    const auto part = std::min<ssize_t>(count, sent.size());
    if (BIO_read(output_, sent.data(), static_cast<int>(part)) != part) return;
    count -= part;
  }
}

// Closing a socket with octets in it that nobody read makes a reset, which can destroy the answer
// on its way: so the client's end is waited for.
void Session::drain() noexcept {
  std::array<char, kReadAtOnce> octets;
  while (!over()) {
    const ssize_t count = ::recv(socket_.get(), octets.data(), octets.size(), 0);
    if (count < 0 && try_again(errno)) return;
    received_ += count > 0 ? static_cast<std::size_t>(count) : 0;
    if (count <= 0 || received_ > kMostOctets) state_ = State::kOver;
  }
}

}  // namespace pollux::nts
