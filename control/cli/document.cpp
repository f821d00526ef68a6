#include "control/cli/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "control/cli/format.h"
#include "control/service/text.h"

namespace pollux::cli {
namespace {

constexpr std::size_t kLongestText = 400;
constexpr const char* kUnknown = "-";

std::string node_text(const nlohmann::json& node) {
  if (const auto* text = node.get_ptr<const nlohmann::json::string_t*>()) {
    return control::printable(*text, kLongestText);
  }
  return node.is_number() ? node.dump() : kUnknown;
}

}  // namespace

const nlohmann::json& node_at(const nlohmann::json& document, Path path) {
  static const nlohmann::json null;
  const nlohmann::json* node = &document;
  for (const char* name : path) {
    const auto found = node->find(name);  // end() where the node is no object
    if (found == node->end()) {
      return null;
    }
    node = &*found;
  }
  return *node;
}

const nlohmann::json::array_t& list_at(const nlohmann::json& document, Path path) {
  static const nlohmann::json::array_t empty;
  const auto* list = node_at(document, path).get_ptr<const nlohmann::json::array_t*>();
  return list == nullptr ? empty : *list;
}

std::optional<double> number_at(const nlohmann::json& document, Path path) {
  const nlohmann::json& node = node_at(document, path);
  return node.is_number() ? std::optional(node.get<double>()) : std::nullopt;
}

std::optional<std::uint64_t> count_at(const nlohmann::json& document, Path path) {
  const nlohmann::json& node = node_at(document, path);
  return node.is_number_unsigned() ? std::optional(node.get<std::uint64_t>()) : std::nullopt;
}

std::optional<bool> flag_at(const nlohmann::json& document, Path path) {
  const nlohmann::json& node = node_at(document, path);
  return node.is_boolean() ? std::optional(node.get<bool>()) : std::nullopt;
}

std::string text_at(const nlohmann::json& document, Path path) {
  return node_text(node_at(document, path));
}

std::string number_text(const nlohmann::json& document, Path path,
                        const std::function<std::string(double)>& format) {
  const auto number = number_at(document, path);
  return number ? format(*number) : kUnknown;
}

std::string count_text(const nlohmann::json& document, Path path) {
  const auto count = count_at(document, path);
  return count ? thousands(*count) : kUnknown;
}

std::string joined_at(const nlohmann::json& document, Path path) {
  std::vector<std::string> texts;
  for (const nlohmann::json& element : list_at(document, path)) {
    texts.push_back(node_text(element));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string link_text(const nlohmann::json& port) {
  const auto up = flag_at(port, {"link_up"});
  if (!up) {
    return kUnknown;
  }
  const std::string speed = link_speed_text(count_at(port, {"link_mbps"}).value_or(0));
  return !*up ? "DOWN" : speed.empty() ? "up" : "up, " + speed;
}

const nlohmann::json* nts_key(const nlohmann::json::array_t& keys, const char* use) {
  const auto found = std::ranges::find_if(
      keys, [use](const nlohmann::json& key) { return text_at(key, {"use"}) == use; });
  return found == keys.end() ? nullptr : &*found;
}

bool is_degraded(const nlohmann::json& document) {
  return text_at(document, {"state"}) != "synchronised" ||
         std::ranges::any_of(list_at(document, {"ports"}), [](const nlohmann::json& port) {
           return flag_at(port, {"link_up"}) == false;
         });
}

}  // namespace pollux::cli
