#include <fmt/format.h>

#include <string>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

std::string name_text(const json& source) {
  const std::string device = text_at(source, {"device"});
  const std::string name = text_at(source, {"name"});
  return device.empty() || device == "-" || device == name ? name
                                                           : fmt::format("{} ({})", name, device);
}

std::string clocks_table(const json& document) {
  constexpr Align kRight = Align::kRight;
  Table table({{""},
               {"Clock"},
               {"State"},
               {"Voters"},
               {"Scale"},
               {"Offset", kRight},
               {"Bound", kRight},
               {"Sigma", kRight},
               {"Window", kRight},
               {"Samples", kRight},
               {"Failures", kRight}});
  for (const json& source : list_at(document, {"clock", "sources"})) {
    const auto seconds = [&source](const char* key) {
      return number_text(source, {key}, seconds_text);
    };
    table.add({flag_at(source, {"followed"}).value_or(false) ? "*" : "", name_text(source),
               text_at(source, {"state"}), text_at(source, {"voters"}),
               text_at(source, {"timescale"}), seconds("offset_s"), seconds("bound_s"),
               seconds("sigma_s"), seconds("read_window_s"), count_text(source, {"samples"}),
               count_text(source, {"failures"})});
  }
  return table.text();
}

std::string troubles(const json& document) {
  std::string text;
  for (const json& source : list_at(document, {"clock", "sources"})) {
    const std::string trouble = text_at(source, {"trouble"});
    if (!trouble.empty() && trouble != "-")
      text +=
          fmt::format("{}{}: {}\n", text.empty() ? "\n" : "", text_at(source, {"name"}), trouble);
  }
  return text;
}

std::string_view judgement(const json& voter) {
  if (!flag_at(voter, {"usable"}).value_or(false)) return "not usable";
  return flag_at(voter, {"agrees"}).value_or(false) ? "agrees" : "FALSETICKER";
}

std::string voters_table(const json& document) {
  constexpr Align kRight = Align::kRight;
  Table table(
      {{"Voter"}, {"Stratum", kRight}, {"Offset", kRight}, {"Bound", kRight}, {"Judgement"}});
  for (const json& voter : list_at(document, {"clock", "voters"})) {
    table.add({text_at(voter, {"address"}), text_at(voter, {"stratum"}),
               number_text(voter, {"offset_s"}, seconds_text),
               number_text(voter, {"bound_s"}, seconds_text), std::string{judgement(voter)}});
  }
  return table.empty() ? "" : '\n' + table.text();
}

std::string peers(const json& document) {
  std::string text;
  for (const char* peer : {"chronyd", "ptp4l"}) {
    const json& node = node_at(document, {"clock", "peers", peer});
    if (node.is_null()) continue;
    const std::string verdict = text_at(node, {"verdict"});
    text += fmt::format("{}{}: {}{}\n", text.empty() ? "\n" : "", peer, text_at(node, {"outcome"}),
                        verdict == "-" ? "" : ", " + verdict);
  }
  return text;
}

}  // namespace

std::string render_sources(const json& document) {
  return clocks_table(document) + troubles(document) + voters_table(document) + peers(document);
}

}  // namespace pollux::cli
