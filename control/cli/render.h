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

}  // namespace pollux::cli
