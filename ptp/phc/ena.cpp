#include "ptp/phc/ena.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "ptp/phc/small_file.h"

namespace pollux::phc {

namespace {

// False for a counter that is not one of these.
bool take(EnaCounters& counters, std::string_view name, std::uint64_t value) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t EnaCounters::*>, 6> kFields{
      {{"phc_cnt", &EnaCounters::retrieved},
       {"phc_exp", &EnaCounters::expired},
       {"phc_skp", &EnaCounters::skipped},
       {"phc_err_dv", &EnaCounters::device_errors},
       {"phc_err_ts", &EnaCounters::timestamp_errors},
       {"phc_err", &EnaCounters::errors}}};
  for (const auto& [field_name, field] : kFields) {
    if (field_name != name) continue;
    counters.*field = value;
    return true;
  }
  return false;
}

// Lines of the form "phc_cnt: 12".
std::optional<EnaCounters> parse_debugfs(std::string_view text) {
  EnaCounters counters;
  bool found = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const auto value = parse_number(line.substr(colon + 2));
    if (value && take(counters, line.substr(0, colon), *value)) found = true;
  }
  return found ? std::optional{counters} : std::nullopt;
}

std::optional<EnaCounters> from_interface(const std::string& interface, PhcKernel& kernel) {
  const auto all = kernel.interface_counters(interface);
  if (!all) return std::nullopt;
  EnaCounters counters;
  bool found = false;
  for (const auto& [name, value] : *all) found |= take(counters, name, value);
  return found ? std::optional{counters} : std::nullopt;
}

}  // namespace

bool is_ena(const PhcIdentity& identity) noexcept {
  return identity.clock_name.starts_with("ena-ptp-");
}

std::expected<std::chrono::nanoseconds, EnaBoundError> read_ena_error_bound(
    const PhcIdentity& identity) {
  const auto file = identity.parent / "phc_error_bound";
  std::error_code error;
  if (identity.parent.empty()) return std::unexpected{EnaBoundError::kAbsent};
  if (!std::filesystem::exists(file, error))
    return std::unexpected{error ? EnaBoundError::kInvalid : EnaBoundError::kAbsent};
  const auto text = read_small_file(file);
  const auto value = text ? parse_number(*text) : std::nullopt;
  // The device says "none" with all bits of its 32-bit word.
  constexpr std::uint64_t kNone = std::numeric_limits<std::uint32_t>::max();
  if (!value || *value == 0 || *value >= kNone) return std::unexpected{EnaBoundError::kInvalid};
  return std::chrono::nanoseconds{*value};
}

std::optional<EnaCounters> read_ena_counters(const PhcIdentity& identity, PhcKernel& kernel,
                                             const LookupRoots& roots) {
  if (identity.parent.empty()) return std::nullopt;
  const auto file = roots.sys / "kernel/debug" / identity.parent.filename() / "phc_stats";
  if (const auto text = read_small_file(file)) {
    if (const auto counters = parse_debugfs(*text)) return counters;
  }
  std::error_code error;
  auto it = std::filesystem::directory_iterator{identity.parent / "net", error};
  for (; !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
    if (auto counters = from_interface(it->path().filename(), kernel)) return counters;
  }
  return std::nullopt;
}

}  // namespace pollux::phc
