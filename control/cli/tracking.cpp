#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>
#include <string>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

std::string line(std::string_view label, std::string_view value) {
  return fmt::format("{:<18}: {}\n", label, value);
}

std::string signed_seconds(double seconds) { return fmt::format("{:+.9f} seconds", seconds); }
std::string plain_seconds(double seconds) { return fmt::format("{:.9f} seconds", seconds); }
std::string signed_ppm(double ppm) { return fmt::format("{:+.3f} ppm", ppm); }

// chronyc's way: a counter that gains is fast.
std::string frequency_text(double ppm) {
  return fmt::format("{:.3f} ppm {}", std::abs(ppm), ppm > 0 ? "slow" : "fast");
}

std::string system_text(double seconds) {
  return fmt::format("{:.9f} seconds {} of served time", std::abs(seconds),
                     seconds < 0 ? "slow" : "fast");
}

std::string leap_text(const json& clock) {
  const std::string leap = text_at(clock, {"leap"});
  if (leap == "none") return "Normal";
  if (leap == "insert") return "Insert second";
  if (leap == "delete") return "Delete second";
  return leap == "unsynchronised" ? "Not synchronised" : leap;
}

std::string reference_text(const json& clock) {
  const std::string text = text_at(clock, {"reference_id"});
  const std::string hex = text_at(clock, {"reference_id_hex"});
  return hex == "-" ? text : fmt::format("{} ({})", hex, text);
}

// "2026-11-22T10:00:00.123Z" -> "Sun Nov 22 10:00:00 2026"
std::string time_text(const std::string& iso) {
  std::tm time{};
  const char* end = strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (end == nullptr || *end != '.') return iso;
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Y", &time);
  return {text.data(), length};
}

std::string source_text(const json& clock) {
  const std::string source = text_at(clock, {"source"});
  return source.empty() ? "-" : source;
}

// The system clock is the last of the sources.
std::string system_offset(const json& clock) {
  const auto& sources = list_at(clock, {"sources"});
  return sources.empty() ? "-" : number_text(sources.back(), {"offset_s"}, system_text);
}

}  // namespace

std::string render_tracking(const json& document) {
  const json& clock = node_at(document, {"clock"});
  const auto number = [&clock](const char* key, std::string (*format)(double)) {
    return number_text(clock, {key}, format);
  };
  // In the order and by the names of chronyc, then what only Pollux has.
  return line("Reference ID", reference_text(clock)) +
         line("Stratum", text_at(clock, {"stratum"})) +
         line("Ref time (UTC)", time_text(text_at(clock, {"reference_time"}))) +
         line("System time", system_offset(clock)) +
         line("Last offset", number("offset_s", signed_seconds)) +
         line("RMS offset", number("rms_offset_s", plain_seconds)) +
         line("Frequency", number("frequency_ppm", frequency_text)) +
         line("Residual freq", number("residual_frequency_ppm", signed_ppm)) +
         line("Skew",
              number("skew_ppm", [](double ppm) { return fmt::format("{:.3f} ppm", ppm); })) +
         line("Root delay", number("root_delay_s", plain_seconds)) +
         line("Root dispersion", number("root_dispersion_s", plain_seconds)) +
         line("Update interval",
              number("update_interval_s",
                     [](double seconds) { return fmt::format("{:.3f} seconds", seconds); })) +
         line("Leap status", leap_text(clock)) + line("State", text_at(clock, {"state"})) +
         line("Source", source_text(clock)) +
         line("Error bound", number("error_bound_s", seconds_text)) +
         line("Unconfirmed step", number("doubt_s", seconds_text)) +
         line("Sigma", number("sigma_s", seconds_text)) +
         line("Read window", number("read_window_s", seconds_text)) +
         line("Holdover age", number("holdover_age_s", duration_text)) +
         line("TAI - UTC", number("tai_minus_utc_s",
                                  [](double seconds) { return fmt::format("{} s", seconds); }));
}

}  // namespace pollux::cli
