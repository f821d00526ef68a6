#include "control/daemon/drift_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

#include "control/service/replace_file.h"
#include "control/service/text.h"
#include "control/service/unique_fd.h"

namespace pollux::control {
namespace {

constexpr std::string_view kFirstLine = "pollux drift 1\n";
constexpr double kLargestSigma = 1e6;
constexpr double kLargestHertz = 1e12;

std::string complaint(const std::filesystem::path& file, std::string_view what) {
  return fmt::format("{}: {}", file.string(), what);
}

std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::expected<Drift, std::string> parse_drift(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return std::unexpected{"is no drift file"};
  text.remove_prefix(kFirstLine.size());
  const auto hertz = take_number(text);
  if (!hertz || *hertz <= 0 || *hertz > kLargestHertz)
    return std::unexpected{"line 2 does not begin with the counter's rate in Hz"};
  if (!text.starts_with(' ')) return std::unexpected{"line 2 is not two numbers"};
  text.remove_prefix(1);
  const auto sigma = take_number(text);
  if (!sigma || *sigma < 0 || *sigma > kLargestSigma)
    return std::unexpected{"line 2 has no standard deviation in ppb"};
  if (text != "\n") return std::unexpected{"something stands behind the numbers"};
  return Drift{.hertz = *hertz, .sigma_ppb = *sigma};
}

std::string drift_text(const Drift& drift) {
  return fmt::format("{}{:.6f} {:.3f}\n", kFirstLine, drift.hertz, drift.sigma_ppb);
}

std::expected<std::optional<Drift>, std::string> read_drift(const std::filesystem::path& file) {
  // Opened without waiting: the name could be that of a pipe.
  const UniqueFd descriptor{open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!descriptor && errno == ENOENT) return std::nullopt;
  if (!descriptor) return std::unexpected{complaint(file, error_text(errno))};
  struct stat status{};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::unexpected{complaint(file, "is no regular file")};
  std::array<char, 256> text;
  const ssize_t length = read(descriptor.get(), text.data(), text.size());
  if (length < 0) return std::unexpected{complaint(file, error_text(errno))};
  const auto drift = parse_drift({text.data(), static_cast<std::size_t>(length)});
  if (!drift) return std::unexpected{complaint(file, drift.error())};
  return *drift;
}

std::expected<void, std::string> write_drift(const std::filesystem::path& file,
                                             const Drift& drift) {
  return replace_file(file, drift_text(drift));
}

}  // namespace pollux::control
