// A text on its way to the peer of a non-blocking socket. Control thread; owns the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace pollux::control {

enum class SendState : std::uint8_t { kDone, kWaiting, kFailed };

class SocketOutput {
 public:
  explicit SocketOutput(std::string text) : text_(std::move(text)) {}

  // Sends what the socket takes now. kWaiting: again when it is writable; kFailed: the peer is
  // gone.
  [[nodiscard]] SendState send(int socket);

 private:
  std::string text_;
  std::size_t sent_ = 0;
};

}  // namespace pollux::control
