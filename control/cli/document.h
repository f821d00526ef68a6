// Careful reading of the observe document: it may come from another version of polluxd, so that any
// key may be missing or of another type. Such a value shows as "-". Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace pollux::cli {

using Path = std::initializer_list<const char*>;

// The node at `path`, or a null node.
[[nodiscard]] const nlohmann::json& node_at(const nlohmann::json& document, Path path);

// The elements of the list at `path`; none if it is no list.
[[nodiscard]] const nlohmann::json::array_t& list_at(const nlohmann::json& document, Path path);

[[nodiscard]] std::optional<double> number_at(const nlohmann::json& document, Path path);
[[nodiscard]] std::optional<std::uint64_t> count_at(const nlohmann::json& document, Path path);
[[nodiscard]] std::optional<bool> flag_at(const nlohmann::json& document, Path path);

// Printable text: a string as it is, a number in digits.
[[nodiscard]] std::string text_at(const nlohmann::json& document, Path path);

// The value written by `format`, or "-".
[[nodiscard]] std::string number_text(const nlohmann::json& document, Path path,
                                      const std::function<std::string(double)>& format);
[[nodiscard]] std::string count_text(const nlohmann::json& document, Path path);

// The elements of the list at `path` as texts, joined by ", ".
[[nodiscard]] std::string joined_at(const nlohmann::json& document, Path path);

// The link of an element of "ports": "up, 10 Gb/s", "DOWN".
[[nodiscard]] std::string link_text(const nlohmann::json& port);

// The first key of a list of NTS keys that has that use; nullptr: there is none.
[[nodiscard]] const nlohmann::json* nts_key(const nlohmann::json::array_t& keys, const char* use);

// Unsynchronised, or a port without link.
[[nodiscard]] bool is_degraded(const nlohmann::json& document);

}  // namespace pollux::cli
