#include "control/service/socket_output.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>

namespace pollux::control {

SendState SocketOutput::send(int socket) {
  while (sent_ < text_.size()) {
    const ssize_t count =
        ::send(socket, text_.data() + sent_, text_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent_ += static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      return SendState::kWaiting;
    } else {
      return SendState::kFailed;
    }
  }
  return SendState::kDone;
}

}  // namespace pollux::control
