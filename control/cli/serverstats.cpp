#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "control/cli/document.h"
#include "control/cli/format.h"
#include "control/cli/render.h"

namespace pollux::cli {
namespace {

using nlohmann::json;

struct Kind {
  std::string_view name;
  std::string_view title;
};

constexpr std::array<Kind, 3> kKinds = {{
    {"reply", "Answered"},
    {"kernel", "Left to the kernel"},
    {"drop", "Dropped"},
}};

// Those that never happened are left out; empty when none did.
std::string verdicts_of(const json& document, const Kind& kind) {
  Table table({{kind.title}, {"Count", Align::kRight}, {"Meaning"}});
  for (const json& verdict : list_at(document, {"serverstats", "verdicts"})) {
    if (text_at(verdict, {"kind"}) == kind.name && count_at(verdict, {"count"}) != 0) {
      table.add(
          {text_at(verdict, {"name"}), count_text(verdict, {"count"}), text_at(verdict, {"help"})});
    }
  }
  return table.empty() ? "" : table.text() + '\n';
}

}  // namespace

std::string render_serverstats(const json& document) {
  std::string text;
  for (const Kind& kind : kKinds) {
    text += verdicts_of(document, kind);
  }
  Table answered({{"Answered by"}, {"Count", Align::kRight}});
  answered.add({"IPv4", count_text(document, {"serverstats", "answered_by_family", "ipv4"})});
  answered.add({"IPv6", count_text(document, {"serverstats", "answered_by_family", "ipv6"})});
  for (const char* version : {"1", "2", "3", "4"}) {
    answered.add({fmt::format("NTP version {}", version),
                  count_text(document, {"serverstats", "answered_by_version", version})});
  }
  return text + answered.text();
}

}  // namespace pollux::cli
