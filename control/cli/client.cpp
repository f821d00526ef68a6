#include "control/cli/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include "control/cli/document.h"
#include "control/service/text.h"
#include "control/service/unique_fd.h"

namespace pollux::cli {
namespace {

using Clock = std::chrono::steady_clock;
using control::UniqueFd;

constexpr std::size_t kLongestAnswer = 16U << 20U;

// Whose socket that is.
std::string_view program_of(const std::string& path) {
  return std::filesystem::path{path}.parent_path().filename() == "pollux-ke" ? "pollux-ke"
                                                                             : "polluxd";
}

std::string connect_error(const std::string& path, int error) {
  const std::string_view program = program_of(path);
  switch (error) {
    case ENOENT:
      return fmt::format("no socket at {}: is {} running? (systemctl status {})", path, program,
                         program);
    case ECONNREFUSED:
      return fmt::format(
          "nobody answers at {}: {} has ended without removing it, start it "
          "again (systemctl start {})",
          path, program, program);
    case EACCES:
    case EPERM:
      return fmt::format(
          "permission denied on {}: run this as root or as a member of the group "
          "that owns it",
          path);
    default:
      return fmt::format("cannot connect to {}: {}", path, control::error_text(error));
  }
}

std::string timeout_error(const std::string& path) {
  return fmt::format(
      "no answer from {} in time: {} is stuck or overloaded, see its log "
      "(journalctl -u {})",
      path, program_of(path), program_of(path));
}

std::expected<UniqueFd, std::string> connect_to(const std::string& path, Clock::time_point until) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return std::unexpected(fmt::format("{} is too long for the name of a socket", path));
  }
  std::ranges::copy(path, address.sun_path);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) {
    return std::unexpected(connect_error(path, errno));
  }
  while (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const bool queue_full = errno == EAGAIN;
    if (!queue_full) {
      return std::unexpected(connect_error(path, errno));
    }
    if (Clock::now() >= until) {
      return std::unexpected(timeout_error(path));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return socket;
}

bool wait_readable(int socket, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd wanted{socket, POLLIN, 0};
  return left > 0 && poll(&wanted, 1, static_cast<int>(left)) > 0;
}

// Until the peer closes.
std::expected<std::string, std::string> read_answer(int socket, const std::string& path,
                                                    Clock::time_point until) {
  std::string answer;
  std::array<char, 65536> buffer;
  while (answer.size() <= kLongestAnswer) {
    if (!wait_readable(socket, until)) {
      return std::unexpected(timeout_error(path));
    }
    const ssize_t count = recv(socket, buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) {
      return answer;
    }
    if (count > 0) {
      answer.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (errno != EAGAIN && errno != EINTR) {
      return std::unexpected(
          fmt::format("cannot read from {}: {}", path, control::error_text(errno)));
    }
  }
  return std::unexpected(
      fmt::format("the answer of {} does not end: is that {}?", path, program_of(path)));
}

// Sends `request`, if any, and gives the object that comes back.
std::expected<nlohmann::json, std::string> ask(const std::string& path, std::string_view request,
                                               std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  auto socket = connect_to(path, until);
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  // A request is shorter than any socket buffer; where the peer has gone, the answer tells why.
  if (!request.empty()) {
    static_cast<void>(send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL));
  }
  auto answer = read_answer(socket->get(), path, until);
  if (!answer) {
    return std::unexpected(std::move(answer.error()));
  }
  if (answer->empty()) {
    return std::unexpected(fmt::format(
        "{} was closed without an answer: {} has too many clients or is stopping, try again", path,
        program_of(path)));
  }
  auto document = nlohmann::json::parse(*answer, nullptr, false);
  if (!document.is_object()) {
    return std::unexpected(
        fmt::format("the answer of {} is not a JSON object: is that {}?", path, program_of(path)));
  }
  return document;
}

}  // namespace

SocketPaths socket_paths(const std::filesystem::path& option) {
  const bool is_socket = option.extension() == ".sock";
  const auto polluxd = is_socket ? option.parent_path() : option / "polluxd";
  const auto pollux_ke = polluxd.parent_path() / "pollux-ke";
  return {is_socket ? option : polluxd / "observe.sock", polluxd / "control.sock",
          pollux_ke / "observe.sock", pollux_ke / "control.sock"};
}

std::expected<nlohmann::json, std::string> fetch_document(
    const std::filesystem::path& observe_socket, std::chrono::milliseconds patience) {
  return ask(observe_socket.string(), "", patience);
}

std::expected<std::string, std::string> send_request(const std::filesystem::path& control_socket,
                                                     const nlohmann::json& request,
                                                     std::chrono::milliseconds patience) {
  const auto reply = ask(control_socket.string(), request.dump() + '\n', patience);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  const auto good = flag_at(*reply, {"ok"});
  if (!good) {
    return std::unexpected(
        fmt::format("the answer of {} does not say whether it is good: is that {}?",
                    control_socket.string(), program_of(control_socket.string())));
  }
  if (!*good) {
    return std::unexpected(text_at(*reply, {"error"}));
  }
  return text_at(*reply, {"message"});
}

}  // namespace pollux::cli
