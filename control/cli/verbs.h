// What the verbs do, given their arguments. Each gives the exit status of polluxctl.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "control/cli/client.h"

namespace pollux::cli {

inline constexpr int kGood = 0;
inline constexpr int kError = 1;
inline constexpr int kDegraded = 2;

struct Streams {
  std::ostream& output;
  std::ostream& errors;
};

enum class OutputFormat : std::uint8_t { kTable, kJson };

// The verbs that show something, once.
[[nodiscard]] int show(const std::string& verb, const SocketPaths& sockets, OutputFormat format,
                       Streams streams);

// The files are merged in their order as polluxd does it.
[[nodiscard]] int validate(const std::vector<std::filesystem::path>& files, Streams streams);

// Waits until polluxd answers and says that it is synchronised, at most that long: kGood, or
// kDegraded when it is not synchronised and kError when it is not there by then.
[[nodiscard]] int waitsync(const SocketPaths& sockets, std::chrono::duration<double> longest,
                           Streams streams);

// Has polluxd or pollux-ke do something that needs no more than a word.
[[nodiscard]] int request(const std::filesystem::path& control_socket, const std::string& verb,
                          Streams streams);

// `nts status` and `nts keys`, once.
[[nodiscard]] int show_nts(const std::string& verb, const SocketPaths& sockets, OutputFormat format,
                           Streams streams);

}  // namespace pollux::cli
