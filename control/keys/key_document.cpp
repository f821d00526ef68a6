#include "control/keys/key_document.h"

#include <fmt/format.h>

#include "control/config/duration_text.h"

namespace pollux::control {
namespace {

using nlohmann::json;

const char* use_name(nts::KeyUse use) {
  switch (use) {
    case nts::KeyUse::kOld:
      return "old";
    case nts::KeyUse::kCurrent:
      return "current";
    case nts::KeyUse::kNext:
      break;
  }
  return "next";
}

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

}  // namespace

json keys_document(const nts::KeyRing& ring, std::optional<double> current_age_seconds) {
  json list = json::array();
  for (const nts::CookieKey& key : ring.keys()) {
    const nts::KeyUse use = ring.use_of(key);
    const bool is_current = use == nts::KeyUse::kCurrent;
    list.push_back({{"id", fmt::format("{:08X}", key.id)},
                    {"use", use_name(use)},
                    {"age_s", is_current ? or_null(current_age_seconds) : json(nullptr)}});
  }
  return list;
}

json rotation_document(const KeyReport& report) {
  return {{"rotate", report.rotate ? duration_text(*report.rotate) : "never"},
          {"age_s", report.age_seconds},
          {"next_in_s", or_null(report.next_rotation_seconds)},
          {"owner", report.rotate.has_value()},
          {"file", report.file},
          {"trouble", or_null(report.trouble)}};
}

}  // namespace pollux::control
