#include "control/cli/verbs.h"

namespace pollux::cli {

int request(const std::filesystem::path& control_socket, const std::string& verb, Streams streams) {
  const auto message = send_request(control_socket, {{"verb", verb}});
  if (!message) {
    streams.errors << "polluxctl: " << message.error() << '\n';
    return kError;
  }
  streams.output << *message << '\n';
  return kGood;
}

}  // namespace pollux::cli
