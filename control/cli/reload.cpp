#include "control/cli/verbs.h"

namespace pollux::cli {

int reload(const SocketPaths& sockets, Streams streams) {
  const auto message = send_request(sockets.control, {{"verb", "reload"}});
  if (!message) {
    streams.errors << "polluxctl: " << message.error() << '\n';
    return kError;
  }
  streams.output << *message << '\n';
  return kGood;
}

}  // namespace pollux::cli
