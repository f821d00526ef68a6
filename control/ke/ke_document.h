// What pollux-ke tells whoever connects to its observe socket. Pure; control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/keys/key_keeper.h"
#include "nts/ke/certificate.h"
#include "nts/ke/counters.h"

namespace pollux::ke {

struct KeInput {
  std::chrono::sys_seconds now;
  std::chrono::sys_seconds started;
  double uptime_seconds = 0;
  const nts::Certificate& certificate;
  std::optional<std::string> certificate_trouble;  // why its files hold another one
  nts::CountValues counts{};
  std::size_t open_sessions = 0;
  std::size_t workers = 0;
  control::KeyReport keys;
  std::optional<std::string> filter_trouble;  // why system calls are not filtered
};

// A certificate with fewer days than this makes the state "degraded".
inline constexpr std::chrono::days kFewDays{7};

// What an operator has to do something about, and what he should know. The first kind makes the
// state "degraded".
struct KeWarnings {
  std::vector<std::string> troubles;
  std::vector<std::string> notes;
};
[[nodiscard]] KeWarnings ke_warnings(const KeInput& input);

// One line: the state, and why.
[[nodiscard]] std::string ke_status(const KeInput& input);

[[nodiscard]] nlohmann::json ke_document(const KeInput& input);

}  // namespace pollux::ke
