#include <string>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

std::string yes_or_no(std::optional<bool> value) { return !value ? "-" : *value ? "yes" : "NO"; }

}  // namespace

std::string render_workers(const nlohmann::json& document) {
  constexpr Align kRight = Align::kRight;
  Table table({{"Worker"},
               {"CPU", kRight},
               {"Idle"},
               {"Running"},
               {"Busy", kRight},
               {"Packets", kRight},
               {"Polls", kRight},
               {"Busy polls", kRight},
               {"Cycles/packet", kRight},
               {"Mean burst", kRight}});
  for (const nlohmann::json& worker : list_at(document, {"workers"})) {
    table.add({text_at(worker, {"id"}), text_at(worker, {"core"}), text_at(worker, {"idle"}),
               yes_or_no(flag_at(worker, {"running"})), number_text(worker, {"busy"}, percent_text),
               count_text(worker, {"packets"}), count_text(worker, {"polls"}),
               count_text(worker, {"busy_polls"}),
               number_text(worker, {"cycles_per_packet"}, rounded),
               number_text(worker, {"mean_burst"}, rounded)});
  }
  return table.text();
}

}  // namespace pollux::cli
