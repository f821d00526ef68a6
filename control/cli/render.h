// The tables of the verbs that show the observe document, one function each. Pure: document in,
// text out, whatever the document lacks.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pollux::cli {

[[nodiscard]] std::string render_status(const nlohmann::json& document);
[[nodiscard]] std::string render_serverstats(const nlohmann::json& document);
[[nodiscard]] std::string render_workers(const nlohmann::json& document);
[[nodiscard]] std::string render_tracking(const nlohmann::json& document);
[[nodiscard]] std::string render_sources(const nlohmann::json& document);
[[nodiscard]] std::string render_ports(const nlohmann::json& document);

// What the verbs of NTS show: pollux-ke's document, and what polluxd knows of the keys.
struct NtsDocuments {
  nlohmann::json ke;            // null: pollux-ke does not answer
  nlohmann::json polluxd;       // its "nts"; null: polluxd does not answer, or knows no NTS
  std::string polluxd_silence;  // why it does not answer
};
[[nodiscard]] std::string render_nts_status(const NtsDocuments& documents);
[[nodiscard]] std::string render_nts_keys(const NtsDocuments& documents);

// pollux-ke says so, or polluxd has trouble with the keys, none, or another current one.
[[nodiscard]] bool is_degraded(const NtsDocuments& documents);

}  // namespace pollux::cli
