// Talks to polluxd and pollux-ke over their sockets. Errors are sentences that tell the operator
// what to do.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace pollux::cli {

struct SocketPaths {
  std::filesystem::path observe;
  std::filesystem::path control;
  std::filesystem::path ke_observe;
  std::filesystem::path ke_control;
};

// From what --socket says: the directory of all, or polluxd's observe socket itself.
[[nodiscard]] SocketPaths socket_paths(const std::filesystem::path& option);

inline constexpr std::chrono::milliseconds kPatience{5000};

// The whole document of the observe socket, a JSON object.
[[nodiscard]] std::expected<nlohmann::json, std::string> fetch_document(
    const std::filesystem::path& observe_socket, std::chrono::milliseconds patience = kPatience);

// The message of a reply that says ok; the error is that of the reply or of the connection.
[[nodiscard]] std::expected<std::string, std::string> send_request(
    const std::filesystem::path& control_socket, const nlohmann::json& request,
    std::chrono::milliseconds patience = kPatience);

}  // namespace pollux::cli
