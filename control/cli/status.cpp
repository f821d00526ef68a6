#include <fmt/format.h>

#include <string>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

std::string source_text(const json& document) {
  std::string source = text_at(document, {"clock", "source"});
  if (source != "system") {
    return source.empty() || source == "-" ? "none yet" : fmt::format("hardware clock {}", source);
  }
  return flag_at(document, {"clock", "trusted"}).value_or(false)
             ? "system clock, trusted by configuration (trust = true)"
             : "system clock";
}

std::string clock_part(const json& document) {
  const auto seconds = [&](const char* key) {
    return number_text(document, {"clock", key}, seconds_text);
  };
  std::string text = labelled(
      "Clock", fmt::format("{}, {}", source_text(document), text_at(document, {"clock", "state"})));
  text += labelled("Stratum", text_at(document, {"clock", "stratum"}));
  text += labelled("Reference",
                   fmt::format("{}, updated {}", text_at(document, {"clock", "reference_id"}),
                               utc_text(text_at(document, {"clock", "reference_time"}))));
  text += labelled("Error bound", seconds("error_bound_s"));
  text += labelled("Root", fmt::format("delay {}, dispersion {}", seconds("root_delay_s"),
                                       seconds("root_dispersion_s")));
  text += labelled("Leap", text_at(document, {"clock", "leap"}));
  text += labelled("Offset", fmt::format("{} against the source, {} ago", seconds("offset_s"),
                                         seconds("age_s")));
  text += labelled("Frequency", number_text(document, {"clock", "frequency_ppm"}, [](double ppm) {
                     return fmt::format("{:+.3f} ppm", ppm);
                   }));
  return text;
}

std::string requests_part(const json& document) {
  const auto rate = [&](const char* key) {
    return number_text(document, {"requests", key}, rounded);
  };
  const auto count = [&](const char* key) { return count_text(document, {"requests", key}); };
  return labelled("Requests", fmt::format("{} /s received, {} /s answered", rate("received_per_s"),
                                          rate("answered_per_s"))) +
         labelled("Since start",
                  fmt::format("{} received, {} answered, {} dropped", count("received"),
                              count("answered"), count("dropped")));
}

// Nothing of a polluxd that takes no part in NTS.
std::string nts_part(const json& document) {
  if (!flag_at(document, {"nts", "enabled"}).value_or(false)) return "";
  const json* current = nts_key(list_at(document, {"nts", "keys"}), "current");
  return labelled("NTS", current == nullptr
                             ? "no keys"
                             : fmt::format("keys loaded {}, current {}",
                                           utc_text(text_at(document, {"nts", "loaded"})),
                                           text_at(*current, {"id"})));
}

std::string ports_part(const json& document) {
  Table table(
      {{"Port"}, {"Link"}, {"Received", Align::kRight}, {"Sent", Align::kRight}, {"Addresses"}});
  for (const json& port : list_at(document, {"ports"})) {
    table.add({text_at(port, {"name"}), link_text(port), count_text(port, {"rx_packets"}),
               count_text(port, {"tx_packets"}), joined_at(port, {"addresses"})});
  }
  return table.text();
}

std::string workers_part(const json& document) {
  Table table({{"Worker"},
               {"CPU", Align::kRight},
               {"State"},
               {"Busy", Align::kRight},
               {"Packets", Align::kRight}});
  for (const json& worker : list_at(document, {"workers"})) {
    const auto running = flag_at(worker, {"running"});
    table.add({text_at(worker, {"id"}), text_at(worker, {"core"}),
               !running   ? "-"
               : *running ? "running"
                          : "STOPPED",
               number_text(worker, {"busy"}, percent_text), count_text(worker, {"packets"})});
  }
  return table.text();
}

std::string warnings_part(const json& document) {
  std::string text;
  for (const json& warning : list_at(document, {"warnings"})) {
    text += fmt::format("{}  {}\n", text.empty() ? "\nWarnings\n" : "", text_at(warning, {}));
  }
  return text;
}

}  // namespace

std::string render_status(const json& document) {
  return fmt::format("pollux {}, pid {}, up {}\n\n", text_at(document, {"version"}),
                     text_at(document, {"pid"}),
                     number_text(document, {"uptime_s"}, duration_text)) +
         labelled("State", text_at(document, {"state"})) +
         labelled("", text_at(document, {"status"})) + clock_part(document) + '\n' +
         requests_part(document) + nts_part(document) + '\n' + ports_part(document) + '\n' +
         workers_part(document) + warnings_part(document);
}

}  // namespace pollux::cli
